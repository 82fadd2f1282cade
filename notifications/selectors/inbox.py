"""What the owner of an inbox lists."""

from dataclasses import dataclass

from notifications.models import Inbox, Item
from notifications.rendering import wire_item
from notifications.selectors.places import standing
from notifications.wire import frames
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Counters


def inbox_of(user_id: str | int) -> int | None:
    """The id of a person's inbox; None if it was not made yet."""
    return Inbox.objects.filter(user_id=user_id).values_list("pk", flat=True).first()


@dataclass(frozen=True)
class ListPage:
    """A page of an inbox, newest notification first; `next` continues it (None: the end)."""

    items: list[frames.Item]
    next: str | None
    counters: Counters
    cursor: Cursor


def list_page(inbox_id: int, before: int | None, limit: int) -> ListPage:
    """The items listed before a notification id (None: from the top).

    The first page is only whole for an inbox that has taken the log in, and only consistent with
    its cursor while the inbox is locked: see `services.inbox.list_items`.
    """
    now = standing(inbox_id)
    listed = Item.objects.filter(inbox=inbox_id, notification__retracted_at=None).listed()
    if before is not None:
        listed = listed.filter(notification__lt=before)
    rows = list(listed.select_related("notification").order_by("-notification")[: limit + 1])
    page = rows[:limit]
    return ListPage(
        items=[wire_item(row.notification, row) for row in page],
        next=str(page[-1].notification_id) if len(rows) > limit else None,
        counters=now.counters,
        cursor=Cursor(now.epoch, now.seq, now.position),
    )
