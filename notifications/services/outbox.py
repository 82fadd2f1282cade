"""Writing outbox rows in the caller's transaction, and waking the relay after it."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from notifications.models import Notification, Outbox, Topic
from notifications.services.insert import insert
from notifications.services.wake import wake_relay

# Recipients of one row: what a relay puts into inboxes between two looks at the clock. SQLite
# has one writer, so its transactions are kept shorter.
ROW_RECIPIENTS = {"sqlite": 500}
ROW_RECIPIENTS_DEFAULT = 1000
# Up to so many recipients go in the lane for persons, ahead of any campaign.
DIRECT_RECIPIENTS = 10
# Rows per INSERT, so that an audience of millions is never in memory.
INSERT_ROWS = 20


def add_items(notification: Notification, user_keys: Iterable[str]) -> None:
    """Have the relay put the notification into these inboxes."""
    keys = iter(user_keys)
    first = list(islice(keys, DIRECT_RECIPIENTS + 1))
    if len(first) <= DIRECT_RECIPIENTS:
        insert(_row(notification, Outbox.Lane.DIRECT, first))
    else:
        _add_bulk(notification, chain(first, keys))
    wake_after_commit()


def _add_bulk(notification: Notification, keys: Iterator[str]) -> None:
    size = ROW_RECIPIENTS.get(connection.vendor, ROW_RECIPIENTS_DEFAULT)
    rows = (_row(notification, Outbox.Lane.BULK, chunk) for chunk in _chunks(keys, size))
    while batch := list(islice(rows, INSERT_ROWS)):
        Outbox.objects.bulk_create(batch)


def add_entry(notification: Notification, topic: Topic) -> None:
    """Have the relay append the notification to the broadcast log."""
    kind, lane = Outbox.Kind.LOG, Outbox.Lane.DIRECT
    insert(Outbox(kind=kind, lane=lane, notification=notification, topic=topic))
    wake_after_commit()


def wake_after_commit() -> None:
    """Wake the relay once this transaction has committed, once per transaction."""
    # A savepoint that is rolled back takes its hook away, and the next call adds it again.
    if not any(hook is wake_relay for _, hook, *_ in connection.run_on_commit):
        transaction.on_commit(wake_relay, robust=True)


def _row(notification: Notification, lane: Outbox.Lane, keys: list[str]) -> Outbox:
    return Outbox(kind=Outbox.Kind.ITEMS, lane=lane, notification=notification, recipients=keys)


def _chunks(keys: Iterator[str], size: int) -> Iterator[list[str]]:
    while chunk := list(islice(keys, size)):
        yield chunk


def retry(rows: QuerySet[Outbox]) -> int:
    """Make rows due now, with all their attempts before them; how many."""
    with transaction.atomic():
        count = rows.update(due_at=Now(), attempts=0, error="")
        wake_after_commit()
    return count
