"""Taking the broadcast log into an inbox."""

from collections.abc import Sequence
from itertools import takewhile

from django.utils import timezone

from notifications import selectors
from notifications.models import Inbox, Item, LogEntry, LogHead, Notification
from notifications.selectors.choices import verdict_on
from notifications.selectors.places import choices_of
from notifications.services.changes import announce, event_of
from notifications.services.statements import hold_notifications
from notifications.wire.choices import Verdict

# Rows per statement, far below SQLite's and psycopg's limits on parameters.
INSERT_ROWS = 1000


def take_in(inbox: Inbox) -> list[Item]:
    """Make items of the log entries that concern a locked inbox; those items.

    The head is read before the rows up to it, and `taken` set last; whatever comes after the
    head is taken in next time. So is what somebody is just changing or retracting, with all that
    comes after it. Saves the inbox and announces the change.
    """
    head = LogHead.objects.values_list("position", flat=True).get()
    if head <= inbox.taken:
        return []
    entries = list(selectors.pending(selectors.spans_of(inbox.pk), inbox.taken, head))
    # Whoever changes one of them waits for us, and then finds the item; or we come later.
    held = hold_notifications({entry.notification_id for entry in entries})
    ready = list(takewhile(lambda entry: entry.notification_id in held, entries))
    if len(ready) < len(entries):
        head = entries[len(ready)].position - 1
    since = inbox.seq
    items = _items(inbox, ready, held)
    inbox.taken = max(inbox.taken, head)
    Item.objects.bulk_create(items, batch_size=INSERT_ROWS)
    inbox.save(update_fields=["seq", "unread", "unseen", "taken"])
    gone = [item.notification_id for item in items if item.gone]
    items = [item for item in items if not item.gone]
    if inbox.seq > since:
        announce(inbox, event_of(inbox, since, items, removed=gone))
    return items


def _items(inbox: Inbox, entries: Sequence[LogEntry], held: dict[int, Notification]) -> list[Item]:
    """Unsaved items for what is heard of the entries, counted in the inbox's fields.

    One of what is over already is gone from the beginning: sockets may have been given the entry.
    """
    here = Item.objects.filter(inbox=inbox, notification__in=list(held))
    known = set(here.values_list("notification_id", flat=True))
    choices = choices_of(inbox.choices)
    now = timezone.now()
    items: list[Item] = []
    for entry in entries:
        notification = held[entry.notification_id]
        if notification.pk in known:
            continue
        known.add(notification.pk)
        verdict = verdict_on(notification, choices)
        if verdict is Verdict.DROP:
            continue
        inbox.seq += 1
        item = Item(
            inbox=inbox,
            notification=notification,
            seq=inbox.seq,
            position=entry.position,
            category=notification.category,
            thread=notification.thread,
        )
        if verdict is Verdict.QUIET:
            item.seen_at = item.read_at = notification.created_at
        # The log will say so, but perhaps after this person has left the topic.
        item.gone = notification.is_over(now)
        if not item.gone:
            inbox.unread += item.read_at is None
            inbox.unseen += item.seen_at is None
        items.append(item)
    return items
