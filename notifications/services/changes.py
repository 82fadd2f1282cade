"""Telling of changes after commit."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Literal

from django.db import transaction

from notifications.conf import settings
from notifications.models import Inbox, Item
from notifications.rendering import wire_item
from notifications.signals import inbox_changed
from notifications.wire.choices import Choices
from notifications.wire.events import InboxEvent
from notifications.wire.frames import AllUpTo, Counters

# An id takes a fraction of what an item does.
IDS_PER_ITEM = 20


def event_of(
    inbox: Inbox,
    since: int,
    items: Sequence[Item],
    *,
    frame: Literal["notifications", "change"] = "change",
    removed: Collection[int] = (),
    all_up_to: AllUpTo | None = None,
    topics: Mapping[int, int] | None = None,
    choices: Choices | None = None,
) -> InboxEvent:
    """What sockets are told: the inbox went from `since` to where it is now.

    Too many items for one frame become an event that only says how far the inbox is; sockets
    that are behind then fetch page by page.
    """
    if len(items) + len(removed) / IDS_PER_ITEM > settings.page_size:
        items, removed, since, all_up_to = [], [], inbox.seq, None
    return InboxEvent(
        frame=frame,
        since=since,
        seq=inbox.seq,
        counters=Counters(inbox.unread, inbox.unseen, inbox.taken),
        items=[wire_item(item.notification, item) for item in items],
        removed=[str(notification_id) for notification_id in removed],
        all_up_to=all_up_to,
        topics=None if topics is None else dict(topics),
        choices=None if choices is None else choices.sent(),
    )


def announce(inbox: Inbox, event: InboxEvent) -> None:
    """Send `inbox_changed` once this transaction has committed."""
    send = partial(inbox_changed.send_robust, sender=Inbox, inbox_id=inbox.pk, event=event)
    transaction.on_commit(send, robust=True)
