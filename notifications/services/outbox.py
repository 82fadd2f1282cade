"""Writing outbox rows in the caller's transaction, and waking the relay after it."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from notifications.models import Notification, Outbox, Topic
from notifications.selectors.announcements import Recipients
from notifications.services.insert import insert
from notifications.services.locks import wait_at_most
from notifications.services.statements import delete_outbox
from notifications.services.wake import wake_relay

logger = logging.getLogger(__name__)

# Recipients of one row: what a relay puts into inboxes between two looks at the clock. SQLite
# has one writer, so its transactions are kept shorter.
ROW_RECIPIENTS = {"sqlite": 500}
ROW_RECIPIENTS_DEFAULT = 1000
# Up to so many recipients go in the lane for persons, ahead of any campaign.
DIRECT_RECIPIENTS = 10
# Rows per INSERT, so that an audience of millions is never in memory.
INSERT_ROWS = 20
# Seconds that taking rows back waits for those that a relay has in hand; its batches take a
# fraction of one.
IN_HAND_SECONDS = 2.0


def add_items(notification: Notification, user_keys: Iterable[str]) -> int:
    """Have the relay put the notification into these inboxes; how many they are."""
    keys = iter(user_keys)
    first = list(islice(keys, DIRECT_RECIPIENTS + 1))
    count = len(first)
    if count <= DIRECT_RECIPIENTS:
        insert(_row(notification, Outbox.Lane.DIRECT, first))
    else:
        count = _add_bulk(notification, chain(first, keys))
    wake_after_commit()
    return count


def _add_bulk(notification: Notification, keys: Iterator[str]) -> int:
    size = ROW_RECIPIENTS.get(connection.vendor, ROW_RECIPIENTS_DEFAULT)
    rows = (_row(notification, Outbox.Lane.BULK, chunk) for chunk in _chunks(keys, size))
    count = 0
    while batch := list(islice(rows, INSERT_ROWS)):
        Outbox.objects.bulk_create(batch)
        count += sum(len(row.recipients) for row in batch)
    return count


def add_entry(notification: Notification, topic: Topic) -> None:
    """Have the relay append the notification to the broadcast log."""
    kind, lane = Outbox.Kind.LOG, Outbox.Lane.DIRECT
    insert(Outbox(kind=kind, lane=lane, notification=notification, topic=topic))
    wake_after_commit()


def add_change(
    kind: Outbox.Kind, notifications: Sequence[Notification], user_keys: Sequence[str] = ()
) -> None:
    """Have the relay update or retract these wherever they are, or with these people only."""
    lane = Outbox.Lane.CHANGE
    for notification in notifications:
        row = Outbox(kind=kind, lane=lane, notification=notification, recipients=list(user_keys))
        insert(row)
    if notifications:
        wake_after_commit()


def can_skip() -> bool:
    """Whether the database can pass over rows that somebody else has locked."""
    return bool(connection.features.has_select_for_update_skip_locked)


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


@dataclass(frozen=True)
class TakenBack:
    """What was kept from the relay: people in rows, and whether from the log altogether."""

    people: int
    from_log: bool


def take_back(notification_id: int) -> TakenBack | None:
    """Delete what has not been put into inboxes or the log, parked rows among it; None: nothing.

    First the rows that nobody has in hand, so that no relay goes on to them; then those whose
    relay rolled back. What a relay holds for longer than `IN_HAND_SECONDS` stays.
    """
    waiting = Outbox.objects.filter(
        notification=notification_id, kind__in=(Outbox.Kind.ITEMS, Outbox.Kind.LOG)
    )
    with transaction.atomic():
        taken = _take(waiting.select_for_update(skip_locked=True))
        try:
            with transaction.atomic():
                wait_at_most(IN_HAND_SECONDS)
                taken += _take(waiting.select_for_update())
        except OperationalError:
            logger.warning("A relay holds rows of notification %d; they stay", notification_id)
    if not taken:
        return None
    return TakenBack(sum(people for _, people in taken), any(log for log, _ in taken))


def _take(rows: QuerySet[Outbox]) -> list[tuple[bool, int]]:
    """Lock and delete rows; for each whether it was for the log, and for how many people."""
    locked = list(rows.order_by("pk").values_list("pk", "kind", Recipients("recipients")))
    # Not by the ORM, which would fetch them, a million recipients and all.
    delete_outbox([pk for pk, _, _ in locked])
    return [(kind == Outbox.Kind.LOG, people) for _, kind, people in locked]
