"""What the owner of an inbox lists."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, When

from notifications.models import Inbox, Item
from notifications.models.inbox import ItemQuerySet
from notifications.rendering import wire_item
from notifications.selectors.clock import current
from notifications.selectors.places import standing
from notifications.wire import frames
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Counters


def inbox_of(user_id: str | int) -> int | None:
    """The id of a person's inbox; None if it was not made yet."""
    return Inbox.objects.filter(user_id=user_id).values_list("pk", flat=True).first()


@dataclass(frozen=True)
class ListFilter:
    """Which items: those in the list, or those that were put away, or are snoozed.

    Of a thread also those that are superseded in it, wherever they are.
    """

    unread: bool = False
    archived: bool = False
    snoozed: bool = False
    category: str = ""
    thread: str = ""

    @property
    def is_told(self) -> bool:
        """Whether each change of such a list has a seq of its own.

        What was put away, is snoozed or superseded is updated and pruned without a word.
        """
        return not (self.archived or self.snoozed or self.thread)


@dataclass(frozen=True)
class ListPage:
    """A page of an inbox, newest notification first; `next` continues it (None: the end)."""

    items: list[frames.Item]
    next: str | None
    counters: Counters
    cursor: Cursor


def list_page(inbox_id: int, before: int | None, limit: int, wanted: ListFilter) -> ListPage:
    """The items listed before a notification id (None: from the top).

    The first page is only whole for an inbox that has taken the log in, and only consistent with
    its cursor while the inbox is locked: see `services.inbox.list_items`.
    """
    now = standing(inbox_id)
    listed = _filtered(Item.objects.filter(inbox=inbox_id), wanted)
    if before is not None:
        listed = listed.filter(notification__lt=before)
    rows = _newest(listed, limit + 1)
    page = rows[:limit]
    return ListPage(
        items=[wire_item(row.notification, row) for row in page],
        next=str(page[-1].notification_id) if len(rows) > limit else None,
        counters=now.counters,
        # What has come into the log since it was taken in is still to be told.
        cursor=Cursor(now.epoch, now.seq, min(now.counters.taken, now.position)),
    )


def _newest(listed: ItemQuerySet, count: int) -> list[Item]:
    """The newest so many, without those that are about to be retracted or to expire.

    By their own index first: joined before they are cut off, PostgreSQL may go through the newest
    notifications of everybody until it comes to a page from further down.
    """
    found: list[Item] = []
    while len(found) < count:
        missing = count - len(found)
        top = listed.order_by("-notification_id").values("pk")[:missing]
        rows: list[Any] = list(
            Item.objects.filter(pk__in=top)
            .annotate(current=Case(When(current(), then=True), default=False))
            .select_related("notification")
            .order_by("-notification_id")
        )
        found += [row for row in rows if row.current]
        if len(rows) < missing:
            break
        listed = listed.filter(notification__lt=rows[-1].notification_id)
    return found


def item(inbox_id: int, notification_id: int) -> frames.Item | None:
    """One item of the inbox, in any state but gone."""
    rows = Item.objects.filter(current(), inbox=inbox_id, notification=notification_id, gone=False)
    found = rows.select_related("notification").first()
    return None if found is None else wire_item(found.notification, found)


def _filtered(items: ItemQuerySet, wanted: ListFilter) -> ItemQuerySet:
    if wanted.archived:
        items = items.filter(archived_at__isnull=False, folded=False, gone=False)
    elif wanted.snoozed:
        items = items.filter(snoozed_until__isnull=False, gone=False)
    elif wanted.thread:
        items = items.filter(gone=False)
    else:
        items = items.listed()
    if wanted.unread:
        items = items.filter(read_at=None)
    if wanted.category:
        items = items.filter(category=wanted.category)
    if wanted.thread:
        items = items.filter(thread=wanted.thread).exclude(thread="")
    return items
