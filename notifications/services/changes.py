"""Putting new items into a locked inbox, and telling of changes after commit."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Literal

from django.db import transaction

from notifications.conf import settings
from notifications.models import Inbox, Item, Notification
from notifications.rendering import wire_item
from notifications.signals import inbox_changed
from notifications.wire.events import InboxEvent
from notifications.wire.frames import AllUpTo, Counters


def new_items(inbox: Inbox, said: Iterable[tuple[Notification, int | None]]) -> list[Item]:
    """Unsaved items for notifications (and log positions), counted in the inbox's fields.

    The inbox must be locked and must not have them yet.
    """
    items = []
    for notification, position in said:
        inbox.seq += 1
        inbox.unread += 1
        inbox.unseen += 1
        items.append(Item(inbox=inbox, notification=notification, seq=inbox.seq, position=position))
    return items


def event_of(
    inbox: Inbox,
    since: int,
    items: Sequence[Item],
    *,
    frame: Literal["notifications", "change"] = "change",
    all_up_to: AllUpTo | None = None,
    topics: Mapping[int, int] | None = None,
) -> InboxEvent:
    """What sockets are told: the inbox went from `since` to where it is now.

    Too many items for one frame become an event that only says how far the inbox is; sockets
    that are behind then fetch page by page.
    """
    if len(items) > settings.page_size:
        items, since, all_up_to = [], inbox.seq, None
    return InboxEvent(
        frame=frame,
        since=since,
        seq=inbox.seq,
        counters=Counters(inbox.unread, inbox.unseen, inbox.taken),
        items=[wire_item(item.notification, item) for item in items],
        removed=[],
        all_up_to=all_up_to,
        topics=None if topics is None else dict(topics),
    )


def announce(inbox: Inbox, event: InboxEvent) -> None:
    """Send `inbox_changed` once this transaction has committed."""
    send = partial(inbox_changed.send_robust, sender=Inbox, inbox_id=inbox.pk, event=event)
    transaction.on_commit(send, robust=True)
