"""From outbox rows to items and log entries: what one relay transaction does."""

from collections.abc import Sequence

from django.utils import timezone

from notifications.models import LogEntry, LogHead, Notification, Outbox, Topic
from notifications.selectors.log import entry_item
from notifications.services.arrivals import Publications, to_inboxes
from notifications.services.locks import lock_head
from notifications.services.statements import Claimed, lock_notifications
from notifications.services.taking import INSERT_ROWS
from notifications.wire.events import LOG_GROUP, LogEvent, LogRecord


def fan_out(rows: Sequence[Claimed]) -> Publications:
    """Do what claimed outbox rows say; what to publish once that has committed.

    Locks in the order: (outbox,) notifications, log head, inboxes, items. A row done before
    changes nothing, because an inbox takes each notification once.
    """
    speakable = _lock_speakable(rows)
    direct = [row for row in rows if row.kind == Outbox.Kind.ITEMS]
    said = [
        (row.topic_id, speakable[row.notification_id])
        for row in rows
        if row.kind == Outbox.Kind.LOG
        and row.topic_id is not None
        and row.notification_id in speakable
    ]
    # The head before inboxes, as where people leave topics; see the lock order.
    head = lock_head() if said else None
    publications = to_inboxes(direct, speakable)
    if head is None:
        return publications
    entries = [
        LogEntry(topic_id=topic_id, kind=LogEntry.Kind.NEW, notification=notification)
        for topic_id, notification in said
    ]
    return publications + append(head, entries)


def _lock_speakable(rows: Sequence[Claimed]) -> dict[int, Notification]:
    """The rows' notifications, less those retracted or expired before they went out."""
    locked = lock_notifications({row.notification_id for row in rows})
    now = timezone.now()
    return {said.pk: said for said in locked if not said.is_over(now)}


def append(head: LogHead, entries: Sequence[LogEntry]) -> Publications:
    """Give entries their positions in the log, whose head is locked; what to publish."""
    for position, entry in enumerate(entries, start=head.position + 1):
        entry.position = position
    LogEntry.objects.bulk_create(entries, batch_size=INSERT_ROWS)
    head.position = entries[-1].position
    retracted = [e.position for e in entries if e.kind == LogEntry.Kind.RETRACT]
    head.retracted = max(retracted, default=head.retracted)
    head.save(update_fields=["position", "retracted"])
    # They grow under the head's lock, so each says exactly who left before these entries.
    topics = Topic.objects.filter(pk__in={entry.topic_id for entry in entries})
    versions = dict(topics.values_list("pk", "version"))
    records = [
        LogRecord(
            entry.position,
            entry.topic_id,
            entry.kind,
            entry_item(entry),
            versions[entry.topic_id],
            entry.origin or 0,
        )
        for entry in entries
    ]
    return [(LOG_GROUP, LogEvent([record]).message()) for record in records]
