"""What changed since a cursor, for one inbox or for many at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from notifications.conf import settings
from notifications.models import Inbox
from notifications.selectors.filling import Line, Reader, Texts, fill
from notifications.selectors.places import Place, places
from notifications.selectors.prepared import Prepared
from notifications.selectors.pulse import logins
from notifications.selectors.ranges import ENTRIES, ITEMS, RETRACTIONS, Range
from notifications.selectors.users import head
from notifications.wire.cursor import Cursor
from notifications.wire.standing import Page, Standing

FLOORS = Prepared(
    lambda ids: Inbox.objects.filter(pk__in=ids).values_list("pk", "floor", head("floor")), -2
)


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
    `CLARION_SOCKET_BUDGET` bytes, but at least one. The number of queries does not depend on that
    of the requests. Items share what they have in common, so nobody may change them.
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
            going.append(_going(request, place))
    # One more than a page has, to know whether there is more.
    lines = list(zip(_changed(going, limit + 1), _coming(going, limit + 1), strict=True))
    pruned = _pruned(going)
    long = [i for i, (changed, coming) in enumerate(lines) if len(changed) + len(coming) > limit]
    bound = settings.resume_limit
    counts = _counts([going[i] for i in long], bound + 1)
    too_far = {i for i, count in zip(long, counts, strict=True) if count > bound}
    shown = [parts for i, parts in enumerate(lines) if i not in too_far]
    texts = Texts({line.notification_id for parts in shown for part in parts for line in part})
    for i, one in enumerate(going):
        now = one.now
        if i in pruned:
            pages[one.request] = Page(now, now.seq, now.position, reset="pruned")
        elif i in too_far:
            pages[one.request] = Page(now, now.seq, now.position, reset="too_far")
        else:
            pages[one.request] = _page(one, *lines[i], texts, limit)
    return pages


@dataclass(frozen=True, slots=True)
class _Going:
    """A request that can be answered, and where its answer begins.

    `position` is what its cursor really knows, `entries` are the ranges of the log that are new to
    it, `retractions` those in which something may be retracted that it has.
    """

    request: Request
    now: Standing
    position: int
    entries: list[Range]
    retractions: list[Range]

    @property
    def items(self) -> Range:
        return Range(self.request.inbox_id, self.request.cursor.seq, self.now.seq)


def _going(request: Request, place: Place) -> _Going:
    now = place.standing
    position = place.known_position(request.cursor)
    taken = now.counters.taken
    after = max(position, taken)
    entries = [
        Range(topic, max(since, after), now.position, max(since, taken), position)
        for topic, since in now.topics.items()
        if max(since, after) < now.position
    ]
    # Also in topics that were left since: what was retracted before is still in the client's list.
    ends = dict.fromkeys(now.topics, now.position) | {
        stay.topic: stay.until for stay in place.stays if stay.until is not None
    }
    retractions = [
        Range(topic, position, up_to, 0, position)
        for topic, up_to in ends.items()
        if position < min(up_to, place.log_retracted)
    ]
    return _Going(request, now, position, entries, retractions)


def _pruned(going: Sequence[_Going]) -> set[int]:
    """Those whose rows may have been pruned between where their inbox was read and they were.

    Whoever deletes rows raises the floor in the same transaction; so read after them it tells.
    """
    if not going:
        return set()
    floors = {pk: rest for pk, *rest in FLOORS.rows({one.request.inbox_id for one in going})}
    pruned = set()
    for i, one in enumerate(going):
        floor, log_floor = floors.get(one.request.inbox_id, (0, 0))
        after = max(one.request.cursor.position, one.now.counters.taken)
        if one.request.cursor.seq < floor or after < log_floor:
            pruned.add(i)
    return pruned


def _page(one: _Going, changed: list[Line], coming: list[Line], texts: Texts, limit: int) -> Page:
    lines = [*changed, *coming]
    reader = Reader(one.request.language, one.now.choices)
    filled = fill(lines, texts, reader, limit, settings.socket_budget // 4)
    # By the rows that were read: one that has vanished since must not hide what comes after it.
    count = filled.used
    seq, position = one.now.seq, one.now.position
    if count < len(lines):
        position = one.position
        if count < len(changed):
            seq = changed[count - 1].number
        elif count > len(changed):
            position = coming[count - 1 - len(changed)].number
    more = count < len(lines)
    return Page(one.now, seq, position, filled.items, filled.removed, more)


def _changed(going: Sequence[_Going], limit: int) -> list[list[Line]]:
    """The first items that changed for each."""
    wanted = [one.items for one in going]
    asked = [one for one in dict.fromkeys(wanted) if one.after < one.up_to]
    found = dict(zip(asked, ITEMS.first(asked, limit), strict=True))
    return [[Line(*row) for row in found.get(one, ())] for one in wanted]


def _coming(going: Sequence[_Going], limit: int) -> list[list[Line]]:
    """The first log entries to come for each, of all its topics, retractions among them."""
    asked = list({each: None for one in going for each in one.entries})
    found = dict(zip(asked, ENTRIES.first(asked, limit), strict=True))
    looked = list({each: None for one in going for each in one.retractions})
    gone = dict(zip(looked, RETRACTIONS.first(looked, limit), strict=True))
    return [
        sorted(
            [Line(None, *row) for each in one.entries for row in found[each]]
            + [Line(None, *row) for each in one.retractions for row in gone[each]],
            key=attrgetter("position"),
        )[:limit]
        for one in going
    ]


def _counts(going: Sequence[_Going], limit: int) -> list[int]:
    """How much each has to come, items and entries each counted up to `limit`."""
    items = ITEMS.counts([one.items for one in going], limit)
    asked = list({each: None for one in going for each in one.entries})
    entries = dict(zip(asked, ENTRIES.counts(asked, limit), strict=True))
    looked = list({each: None for one in going for each in one.retractions})
    gone = dict(zip(looked, RETRACTIONS.counts(looked, limit), strict=True))
    return [
        count
        + sum(entries[each] for each in one.entries)
        + sum(gone[each] for each in one.retractions)
        for one, count in zip(going, items, strict=True)
    ]
