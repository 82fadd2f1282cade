"""Row locks that Django has no spelling for."""

import hashlib

from django.db import connection

from notifications.models import Inbox, LogHead, Schedule


def wait_at_most(seconds: float) -> None:
    """Have this transaction fail when it waits longer for a lock (on PostgreSQL).

    Raises nothing itself; the statement that waits raises `OperationalError`.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true)", [f"{int(seconds * 1000)}ms"]
            )


def lock_name(name: str, seconds: float) -> None:
    """Have this transaction be the only one under a name; wait at most so long for another.

    Raises `OperationalError` when the other one is not done by then. On SQLite every transaction
    that writes is the only one.
    """
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (usual,) = cursor.fetchone()
        wait_at_most(seconds)
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])


def lock_inbox(inbox_id: int) -> Inbox:
    """The inbox, locked until the transaction ends. Raises `Inbox.DoesNotExist`."""
    return Inbox.objects.select_for_update(no_key=True).get(pk=inbox_id)


def lock_head() -> LogHead:
    """The log's head, locked until the transaction ends; before inboxes, where both are needed."""
    return LogHead.objects.select_for_update().get()


def lock_schedule(pk: int, *, waiting: bool = True) -> Schedule | None:
    """The schedule with its periodic task, locked until the transaction ends.

    None if it is gone, or, without `waiting`, if somebody else has it (on PostgreSQL).
    """
    skip = not waiting and connection.features.has_select_for_update_skip_locked
    rows = Schedule.objects.select_for_update(no_key=True, skip_locked=skip).filter(pk=pk)
    if not rows.values_list("pk"):
        return None
    # Only now: PostgreSQL reads again what it waited for, but not what that is joined with.
    related = ("periodic_task__crontab", "periodic_task__interval")
    return Schedule.objects.select_related(*related).filter(pk=pk).first()
