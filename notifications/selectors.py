"""Every read: where inboxes stand, what changed since a cursor, pages of the list."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from django.contrib.auth import get_user_model
from django.db.models import Min, Q, QuerySet, Subquery, Value
from django.db.models.functions import Now

from notifications.conf import settings
from notifications.models import Inbox, Item, LogEntry, LogHead, Membership, Topic
from notifications.rendering import wire_item
from notifications.wire import frames
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Counters
from notifications.wire.standing import Page, Standing

EVERYONE = "everyone"


def inbox_of(user_id: str | int) -> int | None:
    """The id of a person's inbox; None if it was not made yet."""
    return Inbox.objects.filter(user_id=user_id).values_list("pk", flat=True).first()


def topics_of(inbox_id: int) -> dict[int, int]:
    """The inbox's topics: id to the position since which their entries concern it."""
    everyone = Topic.objects.filter(key=EVERYONE).values_list("pk", Value(0))
    joined = Membership.objects.filter(inbox=inbox_id, until=None).values_list("topic_id", "since")
    return dict(everyone.union(joined, all=True))


def standing(inbox_id: int) -> Standing:
    """Where the inbox and the log are. Raises `Inbox.DoesNotExist`."""
    return _place(inbox_id).standing


@dataclass(frozen=True)
class Positions:
    """What the heartbeat compares: seqs by inbox, and the log's position."""

    seqs: Mapping[int, int]
    position: int


def positions(inbox_ids: Iterable[int]) -> Positions:
    """Where many inboxes are, in one query; without those of deleted or inactive users."""
    inboxes = Inbox.objects.filter(pk__in=inbox_ids)
    if any(field.name == "is_active" for field in get_user_model()._meta.fields):
        inboxes = inboxes.filter(user__is_active=True)
    rows = inboxes.values_list("pk", "seq", _head("position"))
    seqs: dict[int, int] = {}
    position = 0
    for inbox_id, seq, log_position in rows:
        seqs[inbox_id] = seq
        position = log_position
    return Positions(seqs, position)


def changes(inbox_id: int, cursor: Cursor, limit: int | None = None) -> Page:
    """A page of what changed after `cursor`: newest states of items, then log entries to come.

    The cost depends on what changed, not on how long ago the cursor was: past
    `CLARION_RESUME_LIMIT` rows the page is a reset. Raises `Inbox.DoesNotExist`.
    """
    limit = limit or settings.page_size
    place = _place(inbox_id)
    now = place.standing
    reset = place.why_reset(cursor) or _why_membership_resets(inbox_id, cursor)
    if reset:
        return Page(now, now.seq, now.position, reset=reset)

    cursor = replace(cursor, position=_known_position(inbox_id, cursor))
    changed = list(
        Item.objects.filter(inbox=inbox_id)
        .changed(cursor.seq, now.seq)
        .select_related("notification")[: limit + 1]
    )
    after = max(cursor.position, now.counters.taken)
    entries = list(pending(now.topics, after, now.position)[: limit + 1])
    if len(changed) + len(entries) > limit and _is_too_far(inbox_id, now, cursor, after):
        return Page(now, now.seq, now.position, reset="too_far")

    shown, coming = changed[:limit], entries[: max(0, limit - len(changed))]
    items_done = len(changed) <= limit
    log_done = items_done and len(coming) == len(entries)
    return Page(
        standing=now,
        seq=now.seq if items_done else shown[-1].seq,
        position=now.position if log_done else _last_position(coming, cursor.position),
        items=[
            *(wire_item(row.notification, row) for row in shown if not _is_gone(row)),
            *(wire_item(row.notification, position=row.position) for row in coming),
        ],
        removed=[str(row.notification_id) for row in shown if _is_gone(row)],
        more=not log_done,
    )


def pending(topics: Mapping[int, int], after: int, up_to: int) -> QuerySet[LogEntry]:
    """Log entries in the range (after, up_to] that concern an inbox with these topics.

    Without what was retracted or has expired before the inbox took it in.
    """
    concerned = Q(pk__in=[])
    for topic, since in topics.items():
        concerned |= Q(topic=topic, position__gt=max(since, after))
    current = Q(notification__expires_at=None) | Q(notification__expires_at__gt=Now())
    return (
        LogEntry.objects.filter(concerned, position__lte=up_to, kind=LogEntry.Kind.NEW)
        .filter(current, notification__retracted_at=None)
        .select_related("notification")
        .order_by("position")
    )


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
    listed = Item.objects.filter(inbox=inbox_id, notification__retracted_at=None).counted()
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


def _head(column: str) -> Subquery:
    return Subquery(LogHead.objects.filter(pk=LogHead.ROW).values(column))


@dataclass(frozen=True)
class _Place:
    """A standing, and the floors below which inbox and log were pruned."""

    standing: Standing
    floor: int
    log_floor: int

    def why_reset(self, cursor: Cursor) -> str:
        now = self.standing
        if cursor.epoch != now.epoch:
            return "epoch"
        if cursor.seq > now.seq or cursor.position > now.position:
            return "ahead"
        after = max(cursor.position, now.counters.taken)
        if cursor.seq < self.floor or after < self.log_floor:
            return "pruned"
        return ""


def _place(inbox_id: int) -> _Place:
    columns = ("seq", "unread", "unseen", "taken", "floor")
    head = (_head("epoch"), _head("position"), _head("floor"))
    row = Inbox.objects.filter(pk=inbox_id).values_list(*columns, *head).first()
    if row is None:
        raise Inbox.DoesNotExist(f"There is no inbox {inbox_id}.")
    seq, unread, unseen, taken, floor, epoch, position, log_floor = row
    # The topics are read after the inbox: a membership that came between bears a later seq, so
    # the session hears of it twice rather than not at all.
    now = Standing(epoch, seq, position, Counters(unread, unseen, taken), topics_of(inbox_id))
    return _Place(now, floor, log_floor)


def _known_position(inbox_id: int, cursor: Cursor) -> int:
    """The position up to which a cursor really knows the log.

    Entries of a topic that was joined after the cursor's seq passed it by, so it goes back to
    where the earliest such membership began. Entries of other topics then come twice.
    """
    joined = Membership.objects.filter(
        inbox=inbox_id, until=None, seq__gt=cursor.seq, since__lt=cursor.position
    )
    since: int | None = joined.aggregate(since=Min("since"))["since"]
    return cursor.position if since is None else since


def _why_membership_resets(inbox_id: int, cursor: Cursor) -> str:
    """A client that had not heard of leaving a topic may show entries from after that."""
    left = Membership.objects.filter(inbox=inbox_id, seq__gt=cursor.seq, until__lt=cursor.position)
    return "left" if left.exists() else ""


def _is_too_far(inbox_id: int, now: Standing, cursor: Cursor, after: int) -> bool:
    bound = settings.resume_limit + 1
    changed = Item.objects.filter(inbox=inbox_id).changed(cursor.seq, now.seq)[:bound].count()
    coming = pending(now.topics, after, now.position)[:bound].count()
    return changed + coming >= bound


def _is_gone(item: Item) -> bool:
    return item.notification.retracted_at is not None


def _last_position(entries: list[LogEntry], otherwise: int) -> int:
    return entries[-1].position if entries else otherwise
