"""Row locks that Django has no spelling for."""

from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet

from notifications.models import Inbox

M = TypeVar("M", bound=Model)


def lock_for_share(rows: QuerySet[M]) -> list[M]:
    """The rows, which nobody can change or delete until this transaction ends.

    Others may read them and take the same lock. PostgreSQL: FOR SHARE; SQLite has one writer.
    """
    if connection.vendor != "postgresql":
        return list(rows)
    sql, params = rows.query.sql_with_params()
    return list(rows.model._default_manager.raw(f"{sql} FOR SHARE", params))


def wait_at_most(seconds: float) -> None:
    """Have this transaction fail when it waits longer for a lock (on PostgreSQL).

    Raises nothing itself; the statement that waits raises `OperationalError`.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{int(seconds * 1000)}ms"]
            )


def lock_inbox(inbox_id: int) -> Inbox:
    """The inbox, locked until the transaction ends. Raises `Inbox.DoesNotExist`."""
    return Inbox.objects.select_for_update(no_key=True).get(pk=inbox_id)
