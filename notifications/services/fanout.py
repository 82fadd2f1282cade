"""From outbox rows to items and log entries: what one relay transaction does."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import F
from django.utils import timezone

from notifications.exceptions import InvalidNotification
from notifications.models import Inbox, Item, LogEntry, LogHead, Notification, Outbox
from notifications.rendering import wire_item
from notifications.services.audience import UserKey, primary_key
from notifications.services.changes import event_of, new_items
from notifications.services.inboxes import ensure_locked
from notifications.services.locks import lock_for_share
from notifications.services.taking import INSERT_ROWS
from notifications.wire.events import LOG_GROUP, LogEvent, LogRecord, Message, user_group

Publications = list[tuple[str, Message]]


def fan_out(rows: Sequence[Outbox]) -> Publications:
    """Do what claimed outbox rows say; what to publish once that has committed.

    Locks in the order: (outbox,) notifications, inboxes, log head, items. A row done before
    changes nothing, because an inbox takes each notification once.
    """
    speakable = _lock_speakable(rows)
    direct = [row for row in rows if row.kind == Outbox.Kind.ITEMS]
    entries = [row for row in rows if row.kind == Outbox.Kind.LOG]
    return [*_to_inboxes(direct, speakable), *_to_log(entries, speakable)]


def _lock_speakable(rows: Sequence[Outbox]) -> dict[int, Notification]:
    """The rows' notifications, less those retracted or expired before they went out."""
    ids = {row.notification_id for row in rows}
    locked = lock_for_share(Notification.objects.filter(pk__in=ids).order_by("pk"))
    now = timezone.now()
    return {
        notification.pk: notification
        for notification in locked
        if notification.retracted_at is None
        and (notification.expires_at is None or notification.expires_at > now)
    }


def _to_inboxes(rows: Iterable[Outbox], speakable: dict[int, Notification]) -> Publications:
    wanted: dict[UserKey, dict[Notification, None]] = defaultdict(dict)
    for row in rows:
        notification = speakable.get(row.notification_id)
        if notification is not None:
            for key in _keys(row.recipients):
                wanted[key][notification] = None
    if not wanted:
        return []
    inboxes = ensure_locked(wanted)
    said = {n.pk for notifications in wanted.values() for n in notifications}
    here = set(
        Item.objects.filter(
            notification__in=said, inbox__in=[inbox.pk for inbox in inboxes.values()]
        ).values_list("inbox_id", "notification_id")
    )

    items: list[Item] = []
    publications: Publications = []
    grown: Counter[int] = Counter()
    for key, inbox in inboxes.items():
        since = inbox.seq
        new = [n for n in wanted[key] if (inbox.pk, n.pk) not in here]
        added = new_items(inbox, ((notification, None) for notification in new))
        if added:
            items += added
            grown[inbox.pk] = len(added)
            event = event_of(inbox, since, added, frame="notifications")
            publications.append((user_group(inbox.pk), event.message()))
    Item.objects.bulk_create(items, batch_size=INSERT_ROWS)
    _grow(grown)
    return publications


def _grow(grown: Counter[int]) -> None:
    """Count new items into locked inboxes: a statement per distinct number, nearly always one."""
    by_number: dict[int, list[int]] = defaultdict(list)
    for inbox_id, number in grown.items():
        by_number[number].append(inbox_id)
    for number, inbox_ids in by_number.items():
        Inbox.objects.filter(pk__in=inbox_ids).update(
            seq=F("seq") + number, unread=F("unread") + number, unseen=F("unseen") + number
        )


def _to_log(rows: Iterable[Outbox], speakable: dict[int, Notification]) -> Publications:
    said = [
        (row.topic_id, speakable[row.notification_id])
        for row in rows
        if row.topic_id is not None and row.notification_id in speakable
    ]
    if not said:
        return []
    head = LogHead.objects.select_for_update().get()
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
    return [(LOG_GROUP, _log_event(entry).message()) for entry in entries]


def _log_event(entry: LogEntry) -> LogEvent:
    item = wire_item(entry.notification, position=entry.position)
    return LogEvent([LogRecord(entry.position, entry.topic_id, entry.kind, item)])


def _keys(recipients: Iterable[str]) -> Iterable[UserKey]:
    for text in recipients:
        try:
            yield primary_key(text)
        except InvalidNotification:
            # Checked when it was written; the user model's key has changed its type since.
            continue
