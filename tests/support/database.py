"""Cleaning the database after tests that commit."""

from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import IntegrityError, OperationalError, connection, transaction

# Made by migrating, changed by no test; left alone because emptying them is what makes
# Django's own flush slow.
LEFT_ALONE = {"django_content_type", "auth_permission", "django_migrations"}

ATTEMPTS = 5


class Baseline:
    """The rows that migrations made, and the way back to them.

    Django's flush would empty tables such as the log head, which must never be empty, and takes
    some hundred times as long.
    """

    def __init__(self) -> None:
        """Remember what is in every table now."""
        models = apps.get_models(include_auto_created=True)
        self.tables = sorted(
            {m._meta.db_table for m in models if m._meta.managed and not m._meta.proxy} - LEFT_ALONE
        )
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        with connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                if rows := cursor.fetchall():
                    self.rows[table] = rows
        # A flush has numbers begin anew, below those of these rows.
        kept = [model for model in models if model._meta.db_table in self.rows]
        self.numbers = connection.ops.sequence_reset_sql(no_style(), kept)

    def restore(self) -> None:
        """Go back to the remembered rows, while processes of the test may still be at work.

        They lock rows in an order of their own, so whoever of us is chosen as the victim of a
        deadlock tries again, as who meets a row that has just been added. Foreign keys are checked
        at the end, so our order is free.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._restore()
            except (OperationalError, IntegrityError):
                continue
        return self._restore()

    def _restore(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in self.tables:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")
            for table, rows in self.rows.items():
                marks = ", ".join(["%s"] * len(rows[0]))
                cursor.executemany(
                    f"INSERT INTO {connection.ops.quote_name(table)} VALUES ({marks})", rows
                )
            for statement in self.numbers:
                cursor.execute(statement)
