"""Row locks that Django has no spelling for."""

from django.db import connection

from notifications.models import Inbox, LogHead


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


def lock_head() -> LogHead:
    """The log's head, locked until the transaction ends; before inboxes, where both are needed."""
    return LogHead.objects.select_for_update().get()
