"""From outbox rows to items and log entries: what one relay transaction does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import cast

from django.utils import timezone

from notifications.conf import settings
from notifications.models import LogEntry, LogHead, Notification, Outbox, Topic
from notifications.rendering import wire_item
from notifications.services.audience import UserKey, keys_written
from notifications.services.inboxes import ensure_locked
from notifications.services.locks import lock_head
from notifications.services.statements import (
    Claimed,
    LockedInbox,
    NewItem,
    grow_inboxes,
    insert_items,
    item_seqs,
    lock_notifications,
)
from notifications.services.taking import INSERT_ROWS
from notifications.wire.events import (
    LOG_GROUP,
    InboxEvent,
    LogEvent,
    LogRecord,
    Message,
    user_group,
)
from notifications.wire.frames import Counters, Item

Publications = list[tuple[str, Message]]


def fan_out(rows: Sequence[Claimed]) -> Publications:
    """Do what claimed outbox rows say; what to publish once that has committed.

    Locks in the order: (outbox,) notifications, log head, inboxes, items. A row done before
    changes nothing, because an inbox takes each notification once.
    """
    speakable = _lock_speakable(rows)
    direct = [row for row in rows if row.kind == Outbox.Kind.ITEMS]
    entries = [row for row in rows if row.kind == Outbox.Kind.LOG]
    # The head before inboxes, as where people leave topics; see the lock order.
    head = lock_head() if entries else None
    publications = _to_inboxes(direct, speakable)
    return publications + _to_log(entries, speakable, head) if head else publications


def _lock_speakable(rows: Sequence[Claimed]) -> dict[int, Notification]:
    """The rows' notifications, less those retracted or expired before they went out."""
    locked = lock_notifications({row.notification_id for row in rows})
    now = timezone.now()
    return {
        notification.pk: notification
        for notification in locked
        if notification.retracted_at is None
        and (notification.expires_at is None or notification.expires_at > now)
    }


def _to_inboxes(rows: Iterable[Claimed], speakable: dict[int, Notification]) -> Publications:
    wanted: dict[UserKey, dict[int, None]] = defaultdict(dict)
    for row in rows:
        if row.notification_id in speakable:
            for key in keys_written(row.recipients):
                wanted[key][row.notification_id] = None
    inboxes = ensure_locked(wanted) if wanted else []
    new = _insert(
        [
            NewItem(inbox.pk, notification_id, seq)
            for inbox in inboxes
            for seq, notification_id in enumerate(wanted[inbox.user_id], start=inbox.seq + 1)
        ]
    )

    items = {pk: wire_item(notification) for pk, notification in speakable.items()}
    publications: Publications = []
    grown: dict[tuple[int, int], list[int]] = defaultdict(list)
    for inbox in inboxes:
        if added := new.get(inbox.pk):
            event = _arrived(inbox, [{**items[pk], "seq": seq} for pk, seq in added])
            grown[event.seq - inbox.seq, len(added)].append(inbox.pk)
            publications.append((user_group(inbox.pk), event.message()))
    # A statement for each distinct growth, nearly always one.
    for (seq, count), inbox_ids in grown.items():
        grow_inboxes(inbox_ids, seq, count)
    return publications


def _insert(planned: list[NewItem]) -> dict[int, list[tuple[int, int]]]:
    """Insert items; for each inbox the notifications that it did not have yet, with their seqs."""
    if planned and insert_items(planned) < len(planned):
        # Some were there, so their numbers stay unused. Theirs are older, and not these.
        here = item_seqs({inbox for inbox, _, _ in planned}, {pk for _, pk, _ in planned})
        planned = [item for item in planned if (item.inbox_id, item.seq) in here]
    new: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for inbox_id, notification_id, seq in planned:
        new[inbox_id].append((notification_id, seq))
    return new


def _arrived(inbox: LockedInbox, items: list[Item]) -> InboxEvent:
    """What sockets are told of new items. Too many for one frame are left to be fetched."""
    count, seq = len(items), cast("int", items[-1]["seq"])
    fits = count <= settings.page_size
    return InboxEvent(
        frame="notifications",
        since=inbox.seq if fits else seq,
        seq=seq,
        counters=Counters(inbox.unread + count, inbox.unseen + count, inbox.taken),
        items=items if fits else [],
        removed=[],
    )


def _to_log(
    rows: Iterable[Claimed], speakable: dict[int, Notification], head: LogHead
) -> Publications:
    said = [
        (row.topic_id, speakable[row.notification_id])
        for row in rows
        if row.topic_id is not None and row.notification_id in speakable
    ]
    if not said:
        return []
    entries = [
        LogEntry(
            position=position,
            topic_id=topic_id,
            kind=LogEntry.Kind.NEW,
            notification=notification,
        )
        for position, (topic_id, notification) in enumerate(said, start=head.position + 1)
    ]
    LogEntry.objects.bulk_create(entries, batch_size=INSERT_ROWS)
    head.position = entries[-1].position
    head.save(update_fields=["position"])
    # They grow under the head's lock, so each says exactly who left before these entries.
    topics = Topic.objects.filter(pk__in={topic_id for topic_id, _ in said})
    versions = dict(topics.values_list("pk", "version"))
    return [(LOG_GROUP, _log_event(entry, versions).message()) for entry in entries]


def _log_event(entry: LogEntry, versions: dict[int, int]) -> LogEvent:
    item = wire_item(entry.notification, position=entry.position)
    version = versions[entry.topic_id]
    return LogEvent([LogRecord(entry.position, entry.topic_id, entry.kind, item, version)])
