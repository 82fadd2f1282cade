"""What changed since a cursor, for one inbox or for many at once."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter

from django.db import connection

from notifications.conf import settings
from notifications.models import Inbox, Item, LogEntry, Notification
from notifications.rendering import rendered, wire_item
from notifications.selectors.log import pending
from notifications.selectors.places import Place, places
from notifications.selectors.pulse import logins
from notifications.wire import frames
from notifications.wire.cursor import Cursor
from notifications.wire.standing import Page, Standing


@dataclass(frozen=True)
class Request:
    """What changed in an inbox after `cursor`, in a reader's language (None: not rendered)."""

    inbox_id: int
    cursor: Cursor
    language: str | None = None


@dataclass(frozen=True)
class Arriving:
    """A socket that is being opened; `cursor` is None for a client that has nothing yet."""

    inbox_id: int
    cursor: Cursor | None
    language: str
    session_key: str


@dataclass(frozen=True)
class Arrival:
    """What a new socket needs: where its inbox is, and what its client has not seen.

    `password` is the user's column; `logins` are the login sessions of the batch that still hold
    (None: nothing is kept of them). `page` is None for a client that has seen everything, or
    nothing.
    """

    standing: Standing
    password: str
    logins: Collection[str] | None
    page: Page | None


def changes(inbox_id: int, cursor: Cursor, limit: int | None = None) -> Page:
    """A page of what changed after `cursor`: newest states of items, then log entries to come.

    The cost depends on what changed, not on how long ago the cursor was: past
    `CLARION_RESUME_LIMIT` rows the page is a reset. Raises `Inbox.DoesNotExist`.
    """
    request = Request(inbox_id, cursor)
    page = resumes([request], limit).get(request)
    if page is None:
        raise Inbox.DoesNotExist(f"There is no inbox {inbox_id}.")
    return page


def resumes(requests: Sequence[Request], limit: int | None = None) -> dict[Request, Page]:
    """Pages for many requests, by request; without inboxes of deleted or inactive users.

    Each has at most `limit` items (`CLARION_PAGE_SIZE`) of together at most a quarter of
    `CLARION_SOCKET_BUDGET` bytes, but at least one.
    """
    here = places({request.inbox_id for request in requests})
    wanted = [(request, here[request.inbox_id]) for request in requests if request.inbox_id in here]
    return _pages(wanted, limit or settings.page_size)


def arrivals(arriving: Sequence[Arriving]) -> dict[Arriving, Arrival]:
    """What new sockets need; without those of deleted or inactive users."""
    here = places({one.inbox_id for one in arriving})
    held = logins(one.session_key for one in arriving)
    wanted = {}
    for one in arriving:
        place = here.get(one.inbox_id)
        if place is not None and one.cursor is not None and one.cursor != place.cursor:
            wanted[one] = Request(one.inbox_id, one.cursor, one.language)
    pages = _pages(
        [(request, here[request.inbox_id]) for request in set(wanted.values())], settings.page_size
    )
    return {
        one: Arrival(
            here[one.inbox_id].standing,
            here[one.inbox_id].password,
            held,
            pages[wanted[one]] if one in wanted else None,
        )
        for one in arriving
        if one.inbox_id in here
    }


def _pages(wanted: Sequence[tuple[Request, Place]], limit: int) -> dict[Request, Page]:
    pages: dict[Request, Page] = {}
    going: list[_Going] = []
    for request, place in wanted:
        now = place.standing
        reset = place.why_reset(request.cursor)
        if reset:
            pages[request] = Page(now, now.seq, now.position, reset=reset)
        else:
            cursor = replace(request.cursor, position=place.known_position(request.cursor))
            going.append(_Going(request, cursor, now))
    found = zip(going, _changed(going, limit + 1), _coming(going, limit + 1), strict=True)
    for one, changed, entries in found:
        pages[one.request] = one.page(changed, entries, limit)
    return pages


@dataclass(frozen=True)
class _Going:
    """A request that can be answered, with the position that its cursor really knows."""

    request: Request
    cursor: Cursor
    now: Standing

    @property
    def after(self) -> int:
        return max(self.cursor.position, self.now.counters.taken)

    @property
    def standpoint(self) -> tuple[int, int, int]:
        # `places` shares equal topics, so that their identity will do.
        return id(self.now.topics), self.after, self.now.position

    def page(self, changed: list[Item], entries: list[LogEntry], limit: int) -> Page:
        now = self.now
        if len(changed) + len(entries) > limit and self._is_too_far():
            return Page(now, now.seq, now.position, reset="too_far")
        fitting = _Fitting(limit, settings.socket_budget // 4, self._render)
        shown = [row for row in changed if fitting.take_item(row)]
        coming = [row for row in entries if fitting.take_entry(row)]
        items_done = len(shown) == len(changed)
        log_done = items_done and len(coming) == len(entries)
        return Page(
            standing=now,
            seq=now.seq if items_done else shown[-1].seq,
            position=now.position if log_done else _last_position(coming, self.cursor.position),
            items=fitting.items,
            removed=fitting.removed,
            more=not log_done,
        )

    def _render(self, item: frames.Item) -> frames.Item:
        language = self.request.language
        return item if language is None else rendered(item, language)

    def _is_too_far(self) -> bool:
        bound = settings.resume_limit + 1
        inbox = self.request.inbox_id
        changed = Item.objects.filter(inbox=inbox).changed(self.cursor.seq, self.now.seq)
        coming = pending(self.now.topics, self.after, self.now.position)
        return changed[:bound].count() + coming[:bound].count() >= bound


class _Fitting:
    """Items of a page, in order, for as long as they fit."""

    def __init__(
        self, limit: int, budget: int, render: Callable[[frames.Item], frames.Item]
    ) -> None:
        self.items: list[frames.Item] = []
        self.removed: list[str] = []
        self._limit = limit
        self._budget = budget
        self._render = render
        self._full = False

    def take_item(self, row: Item) -> bool:
        if row.notification.retracted_at is None:
            return self._take(wire_item(row.notification, row))
        if self._is_full():
            return False
        self.removed.append(str(row.notification_id))
        return True

    def take_entry(self, row: LogEntry) -> bool:
        return self._take(wire_item(row.notification, position=row.position))

    def _is_full(self) -> bool:
        self._full = self._full or len(self.items) + len(self.removed) >= self._limit
        return self._full

    def _take(self, item: frames.Item) -> bool:
        if self._is_full():
            return False
        item = self._render(item)
        size = len(json.dumps(item, ensure_ascii=False).encode())
        if size > self._budget and (self.items or self.removed):
            self._full = True
            return False
        self._budget -= size
        self.items.append(item)
        return True


# The first items that changed for each of many requests, along the index on (inbox, seq): one
# statement however many there are, as composing one for each takes a hundred times as long.
# Parameters: the requests as JSON, the limit.
_CHANGED = {
    "postgresql": """
        SELECT wanted.asked, item.*
        FROM jsonb_to_recordset(%s::jsonb)
            AS wanted(asked int, inbox bigint, after bigint, up_to bigint)
        CROSS JOIN LATERAL (
            SELECT * FROM clarion_item
            WHERE inbox_id = wanted.inbox AND seq > wanted.after AND seq <= wanted.up_to
            ORDER BY seq LIMIT %s
        ) item
    """,
    # Without LATERAL; but a subquery after IN may have a LIMIT.
    "sqlite": """
        SELECT wanted.value->>'asked' AS asked, item.*
        FROM json_each(%s) wanted JOIN clarion_item item ON item.id IN (
            SELECT id FROM clarion_item
            WHERE inbox_id = wanted.value->>'inbox'
                AND seq > wanted.value->>'after' AND seq <= wanted.value->>'up_to'
            ORDER BY seq LIMIT %s
        )
    """,
}


def _changed(going: Sequence[_Going], limit: int) -> list[list[Item]]:
    """The first items that changed for each, and in a second query their notifications.

    Not joined, as many people's items are often of few notifications.
    """
    wanted = [
        {
            "asked": index,
            "inbox": one.request.inbox_id,
            "after": one.cursor.seq,
            "up_to": one.now.seq,
        }
        for index, one in enumerate(going)
        if one.cursor.seq < one.now.seq
    ]
    found: list[list[Item]] = [[] for _ in going]
    if wanted:
        rows = list(Item.objects.raw(_CHANGED[connection.vendor], [json.dumps(wanted), limit]))
        said = Notification.objects.in_bulk({row.notification_id for row in rows})
        for row in sorted(rows, key=attrgetter("seq")):
            if row.notification_id in said:
                row.notification = said[row.notification_id]
                found[vars(row)["asked"]].append(row)
    return found


def _coming(going: Sequence[_Going], limit: int) -> list[list[LogEntry]]:
    """The first log entries to come for each: one query for all who stand at the same place."""
    found: dict[tuple[int, int, int], list[LogEntry]] = {}
    for one in going:
        if one.after < one.now.position and one.standpoint not in found:
            entries = pending(one.now.topics, one.after, one.now.position)
            found[one.standpoint] = list(entries[:limit])
    return [found.get(one.standpoint, []) for one in going]


def _last_position(entries: list[LogEntry], otherwise: int) -> int:
    return entries[-1].position if entries else otherwise
