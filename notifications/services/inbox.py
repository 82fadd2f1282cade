"""What a person does with their inbox: list it, and change the state of what is in it."""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from django.db import OperationalError, transaction
from django.db.models import Count, Q
from django.utils import timezone

from notifications import selectors
from notifications.exceptions import InvalidCursor, InvalidMoment
from notifications.models import Inbox, Item
from notifications.models.inbox import ItemQuerySet
from notifications.rendering import timestamp
from notifications.selectors import ListFilter, ListPage
from notifications.services import threads
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_inbox, wait_at_most
from notifications.services.statements import renumber, write_items
from notifications.services.taking import take_in
from notifications.wire import frames
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent
from notifications.wire.frames import AllUpTo, Counters

State = Literal["seen", "read", "unread", "archived", "unarchived", "unsnoozed"]
AllState = Literal["seen", "read", "archived"]

# What is in the list.
EVERYTHING = ListFilter()
# For at most so long something is snoozed.
SNOOZE_MAX = timedelta(days=366)
# Items that are looked for at a time.
WOKEN = 200
# Seconds that the sweep waits for the lock of one inbox.
LOCK_SECONDS = 0.5
FIELDS = ["seq", "seen_at", "read_at", "archived_at", "snoozed_until"]

Change = Callable[[Item, datetime], None]


def list_items(
    inbox_id: int, before: int | None, limit: int, wanted: ListFilter = EVERYTHING
) -> ListPage:
    """A page of the list; the first one (`before` None) takes in the log.

    The lock makes the first page, its counters and its cursor one moment.
    """
    if before is not None:
        return selectors.list_page(inbox_id, before, limit, wanted)
    with transaction.atomic():
        take_in(lock_inbox(inbox_id))
        return selectors.list_page(inbox_id, None, limit, wanted)


def get_item(inbox_id: int, notification_id: int) -> frames.Item | None:
    """One item, wherever it was put; None for what is not in the inbox, or not any more."""
    _catch_up(inbox_id)
    return selectors.item(inbox_id, notification_id)


def counters(inbox_id: int) -> Counters:
    """The counters, with the log taken in."""
    _catch_up(inbox_id)
    return selectors.standing(inbox_id).counters


def _catch_up(inbox_id: int) -> None:
    """Take the log in, without a lock where there is nothing to take in."""
    place = selectors.standing(inbox_id)
    if place.counters.taken < place.position:
        with transaction.atomic():
            take_in(lock_inbox(inbox_id))


def mark(inbox_id: int, state: State, notification_ids: Sequence[int]) -> InboxEvent:
    """Give these items a state; what changed. Ids that are not in the inbox are passed over.

    Reading is seeing; unread items stay seen; archived items no longer count and are not listed,
    nor is what they stand for in their thread. What was unarchived or is snoozed no longer is as it
    was before.
    """
    return _change(inbox_id, notification_ids, _STATES[state])


def snooze(inbox_id: int, notification_ids: Sequence[int], until: datetime) -> InboxEvent:
    """Put these items away until a moment, when they come back unread; what changed.

    Raises `InvalidMoment` for one that has passed or is more than a year away.
    """
    now = timezone.now()
    if timezone.is_naive(until) or not now < until <= now + SNOOZE_MAX:
        raise InvalidMoment("until must be a moment with a time zone within a year from now.")

    def put_off(item: Item, now: datetime) -> None:
        item.seen_at = item.seen_at or now
        item.archived_at = None
        item.snoozed_until = until

    return _change(inbox_id, notification_ids, put_off)


def mark_all(
    inbox_id: int, state: AllState, cursor: Cursor, category: str = "", thread: str = ""
) -> InboxEvent:
    """Give a state to all that a client at `cursor` knows, and nothing newer; what changed.

    To that of one category or thread alone where one is named; `archived` only to what has been
    read. Raises `InvalidCursor` for a cursor that this database did not give out.
    """
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        place = selectors.standing(inbox_id)
        ahead = cursor.seq > place.seq or cursor.position > place.position
        if cursor.epoch != place.epoch or ahead:
            raise InvalidCursor(f"{cursor} is not a cursor of this inbox.")
        take_in(inbox)
        since, now = inbox.seq, timezone.now()
        known = Q(seq__lte=cursor.seq) | Q(position__lte=cursor.position)
        items = Item.objects.filter(known, inbox=inbox).listed()
        if category:
            items = items.filter(category=category)
        if thread:
            items = items.filter(thread=thread)
        items = items.filter(_MISSING[state])
        counted = items.aggregate(
            unread=Count("pk", filter=Q(read_at=None)), unseen=Count("pk", filter=Q(seen_at=None))
        )
        if state == "archived":
            _archive_folded(inbox, items, now)
        count = renumber(items, inbox.seq, _COLUMNS[state], now)
        if not count:
            return event_of(inbox, since, [])
        inbox.seq += count
        inbox.unseen -= counted["unseen"]
        if state == "read":
            inbox.unread -= counted["unread"]
        inbox.save(update_fields=["seq", "unread", "unseen"])
        # Of the log what has been taken in: the rest is not marked.
        up_to = replace(cursor, position=min(cursor.position, inbox.taken))
        bound = _all_up_to(state, up_to, now, category, thread)
        event = event_of(inbox, since, [], all_up_to=bound)
        announce(inbox, event)
        return event


def wake(seconds: float) -> int:
    """Bring back what was snoozed until now, unread, for so many seconds; of how many people.

    Somebody whose inbox is held for long comes with the next sweep, and keeps nobody waiting.
    """
    stop_at = time.monotonic() + seconds
    # Along clarion_item_wakes, earliest first.
    due = Item.objects.filter(snoozed_until__lte=timezone.now(), gone=False)
    looked_at: set[int] = set()
    count = 0
    while True:
        waiting = due.exclude(inbox__in=looked_at).order_by("snoozed_until")
        page = sorted(set(waiting.values_list("inbox", flat=True)[:WOKEN]))
        for inbox_id in page:
            count += _wake_one(inbox_id, due)
            if time.monotonic() >= stop_at:
                return count
        if not page:
            return count
        looked_at.update(page)


def _wake_one(inbox_id: int, due: ItemQuerySet) -> bool:
    try:
        with transaction.atomic():
            wait_at_most(LOCK_SECONDS)
            inbox = lock_inbox(inbox_id)
            # Again under the lock.
            rows = due.filter(inbox=inbox).select_related("notification").order_by("seq")
            _apply(inbox, list(rows), _woken)
    except (OperationalError, Inbox.DoesNotExist):
        return False
    return True


def _change(inbox_id: int, notification_ids: Sequence[int], change: Change) -> InboxEvent:
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        items = _items(inbox, notification_ids)
        if len(items) < len(set(notification_ids)) and take_in(inbox):
            items = _items(inbox, notification_ids)
        return _apply(inbox, items, change)


def _apply(inbox: Inbox, items: Sequence[Item], change: Change) -> InboxEvent:
    """Change items of a locked inbox, and what follows for their threads; announces it."""
    since, now = inbox.seq, timezone.now()
    before = {item.pk: item.archived_at for item in items}
    changed = [item for item in items if _set(inbox, item, change, now)]
    if not changed:
        return event_of(inbox, since, [])
    Item.objects.bulk_update(changed, FIELDS)
    shown = {item.notification_id: item for item in changed if not item.folded}
    removed = {item.notification_id for item in changed if item.folded}
    for item in changed:
        if _is_head(item) and item.archived_at != before[item.pk]:
            _archive_below(item, before[item.pk])
    touched: dict[str, set[int]] = defaultdict(set)
    for item in changed:
        if item.thread and item.position is None:
            touched[item.thread].add(item.notification_id)
    for fold in _refold(inbox, touched):
        shown.pop(fold.notification_id, None)
        if fold.state.folded:
            removed.add(fold.notification_id)
        else:
            shown |= {item.notification_id: item for item in _items(inbox, [fold.notification_id])}
    inbox.save(update_fields=["seq", "unread", "unseen"])
    event = event_of(inbox, since, list(shown.values()), removed=sorted(removed))
    announce(inbox, event)
    return event


def _is_head(item: Item) -> bool:
    """Whether it may stand for others of its thread."""
    return bool(item.thread) and item.position is None and not item.folded


def _refold(inbox: Inbox, touched: Mapping[str, Collection[int]]) -> list[threads.Fold]:
    if not touched:
        return []
    seqs = {inbox.pk: inbox.seq}
    folds = threads.fold({(inbox.pk, thread): ids for thread, ids in touched.items()}, seqs)
    write_items(fold.state for fold in folds)
    inbox.seq = seqs[inbox.pk]
    inbox.unread += sum(fold.unread for fold in folds)
    inbox.unseen += sum(fold.unseen for fold in folds)
    return folds


def _archive_below(head: Item, before: datetime | None) -> None:
    """Have what a head stands for be archived with it, or no longer."""
    folded = Item.objects.filter(
        inbox=head.inbox_id,
        thread=head.thread,
        folded=True,
        archived_at=before,
        notification__lt=head.notification_id,
    )
    folded.update(archived_at=head.archived_at)


def _archive_folded(inbox: Inbox, heads: ItemQuerySet, now: datetime) -> None:
    """The same for many heads that are about to be archived."""
    named = heads.filter(position=None).exclude(thread="").values("thread")
    folded = Item.objects.filter(inbox=inbox, folded=True, archived_at=None, thread__in=named)
    folded.update(archived_at=now)


def _items(inbox: Inbox, notification_ids: Sequence[int]) -> list[Item]:
    rows = Item.objects.filter(inbox=inbox, notification__in=notification_ids, gone=False)
    return list(rows.select_related("notification").order_by("seq"))


def _seen(item: Item, now: datetime) -> None:
    item.seen_at = item.seen_at or now


def _read(item: Item, now: datetime) -> None:
    item.seen_at = item.seen_at or now
    item.read_at = item.read_at or now


def _unread(item: Item, now: datetime) -> None:
    item.read_at = None


def _archived(item: Item, now: datetime) -> None:
    item.archived_at = item.archived_at or now
    item.snoozed_until = None


def _unarchived(item: Item, now: datetime) -> None:
    item.archived_at = None


def _unsnoozed(item: Item, now: datetime) -> None:
    item.snoozed_until = None


def _woken(item: Item, now: datetime) -> None:
    item.snoozed_until = item.read_at = item.seen_at = None


_STATES: dict[State, Change] = {
    "seen": _seen,
    "read": _read,
    "unread": _unread,
    "archived": _archived,
    "unarchived": _unarchived,
    "unsnoozed": _unsnoozed,
}
# For "all": whom it concerns, and the columns that it sets where they are empty.
_MISSING: dict[AllState, Q] = {
    # What is not seen is not read either, and few items are unread: along clarion_item_unread.
    "seen": Q(seen_at=None, read_at=None),
    "read": Q(read_at=None),
    "archived": Q(read_at__isnull=False),
}
_COLUMNS: dict[AllState, tuple[str, ...]] = {
    "seen": ("seen_at",),
    "read": ("seen_at", "read_at"),
    "archived": ("archived_at",),
}


def _set(inbox: Inbox, item: Item, change: Change, now: datetime) -> bool:
    """Apply a change to an item and count it; whether anything changed."""
    before = _state(item)
    inbox.unread -= item.is_listed and item.read_at is None
    inbox.unseen -= item.is_listed and item.seen_at is None
    change(item, now)
    inbox.unread += item.is_listed and item.read_at is None
    inbox.unseen += item.is_listed and item.seen_at is None
    if before == _state(item):
        return False
    inbox.seq += 1
    item.seq = inbox.seq
    return True


def _state(item: Item) -> tuple[datetime | None, ...]:
    return (item.seen_at, item.read_at, item.archived_at, item.snoozed_until)


def _all_up_to(
    state: AllState, cursor: Cursor, now: datetime, category: str, thread: str
) -> AllUpTo:
    bound: AllUpTo = {"seq": cursor.seq, "position": cursor.position}
    moment = timestamp(now)
    if state == "archived":
        bound |= {"archived_at": moment, "only_read": True}
    else:
        bound["seen_at"] = moment
    if state == "read":
        bound["read_at"] = moment
    if category:
        bound["category"] = category
    if thread:
        bound["thread"] = thread
    return bound
