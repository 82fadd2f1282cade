"""Connections to the database that fail on the way."""

from django.db import connection


def leave_broken() -> None:
    """Have what comes next begin with a connection that works, where the last error broke it."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
