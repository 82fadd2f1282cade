"""What a person does with their inbox: list it, and mark items seen, read, unread, archived."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from django.db import connection, transaction
from django.db.models import Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from notifications import selectors
from notifications.exceptions import InvalidCursor
from notifications.models import Inbox, Item
from notifications.models.inbox import ItemQuerySet
from notifications.rendering import timestamp
from notifications.selectors import ListPage
from notifications.services.changes import announce, event_of
from notifications.services.locks import lock_inbox
from notifications.services.taking import take_in
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent
from notifications.wire.frames import AllUpTo

State = Literal["seen", "read", "unread", "archived"]
AllState = Literal["seen", "read"]


def list_items(inbox_id: int, before: int | None, limit: int) -> ListPage:
    """A page of the list; the first one (`before` None) takes in the log.

    The lock makes the first page, its counters and its cursor one moment.
    """
    if before is not None:
        return selectors.list_page(inbox_id, before, limit)
    with transaction.atomic():
        take_in(lock_inbox(inbox_id))
        return selectors.list_page(inbox_id, None, limit)


def mark(inbox_id: int, state: State, notification_ids: Sequence[int]) -> InboxEvent:
    """Give these items a state; what changed. Ids that are not in the inbox are passed over.

    Reading is seeing; unread items stay seen; archived items no longer count and are not listed.
    """
    with transaction.atomic():
        inbox = lock_inbox(inbox_id)
        items = _items(inbox, notification_ids)
        if len(items) < len(set(notification_ids)) and take_in(inbox):
            items = _items(inbox, notification_ids)
        since, now = inbox.seq, timezone.now()
        changed = [item for item in items if _set(inbox, item, _STATES[state], now)]
        if changed:
            fields = ["seq", "seen_at", "read_at", "archived_at"]
            Item.objects.bulk_update(changed, fields)
            inbox.save(update_fields=["seq", "unread", "unseen"])
        event = event_of(inbox, since, changed)
        if changed:
            announce(inbox, event)
        return event


def mark_all(inbox_id: int, state: AllState, cursor: Cursor) -> InboxEvent:
    """Mark as seen or read all that a client at `cursor` knows, and nothing newer.

    Raises `InvalidCursor` for a cursor that this database did not give out.
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
        items = items.filter(read_at=None) if state == "read" else items.filter(seen_at=None)
        unseen = items.filter(seen_at=None).count()
        count = _renumber(items, inbox.seq, state, now)
        if not count:
            return event_of(inbox, since, [])
        inbox.seq += count
        inbox.unseen -= unseen
        if state == "read":
            inbox.unread -= count
        inbox.save(update_fields=["seq", "unread", "unseen"])
        event = event_of(inbox, since, [], all_up_to=_all_up_to(state, cursor, now))
        announce(inbox, event)
        return event


def _items(inbox: Inbox, notification_ids: Sequence[int]) -> list[Item]:
    rows = Item.objects.filter(inbox=inbox, notification__in=notification_ids)
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


_STATES: dict[State, Callable[[Item, datetime], None]] = {
    "seen": _seen,
    "read": _read,
    "unread": _unread,
    "archived": _archived,
}


def _set(inbox: Inbox, item: Item, change: Callable[[Item, datetime], None], now: datetime) -> bool:
    """Apply a change to an item and count it; whether anything changed."""
    before = (item.seen_at, item.read_at, item.archived_at)
    inbox.unread -= _counts(item, item.read_at)
    inbox.unseen -= _counts(item, item.seen_at)
    change(item, now)
    inbox.unread += _counts(item, item.read_at)
    inbox.unseen += _counts(item, item.seen_at)
    if before == (item.seen_at, item.read_at, item.archived_at):
        return False
    inbox.seq += 1
    item.seq = inbox.seq
    return True


def _counts(item: Item, done_at: datetime | None) -> int:
    return int(done_at is None and item.archived_at is None and not item.folded)


def _renumber(items: ItemQuerySet, seq: int, state: AllState, now: datetime) -> int:
    """Set the state of many items at once, each with a seq of its own after `seq`; how many.

    UPDATE ... FROM, which the ORM cannot say: PostgreSQL, and SQLite from 3.33.
    """
    numbered = items.annotate(number=Window(RowNumber(), order_by="seq")).values("pk", "number")
    sql, params = numbered.query.sql_with_params()
    table = Item._meta.db_table
    read = ", read_at = %s" if state == "read" else ""
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET seq = %s + numbered.number,"  # noqa: S608 (no outside text)
            f" seen_at = COALESCE(seen_at, %s){read}"
            f" FROM ({sql}) AS numbered WHERE {table}.id = numbered.pk",
            [seq, moment, *([moment] if read else []), *params],
        )
        return int(cursor.rowcount)


def _all_up_to(state: AllState, cursor: Cursor, now: datetime) -> AllUpTo:
    bound: AllUpTo = {
        "seq": cursor.seq,
        "position": cursor.position,
        "seen_at": timestamp(now),
    }
    if state == "read":
        bound["read_at"] = timestamp(now)
    return bound
