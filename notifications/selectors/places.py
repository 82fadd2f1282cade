"""Where inboxes and the log are."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BigIntegerField, BooleanField, QuerySet, Value

from notifications import registry
from notifications.models import Inbox, Membership, Topic
from notifications.selectors.prepared import Prepared
from notifications.selectors.pulse import NO_INBOX
from notifications.selectors.users import active, head, password
from notifications.wire.choices import Choices
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Counters
from notifications.wire.standing import Standing

EVERYONE = registry.EVERYONE


def topics_of(inbox_id: int) -> dict[int, int]:
    """The inbox's topics: id to the position since which their entries concern it."""
    return {topic: since for topic, since, until in spans_of(inbox_id) if until is None}


def spans_of(inbox_id: int) -> list[tuple[int, int, int | None]]:
    """What of the log concerns an inbox: topics, each after a position, perhaps up to another."""
    columns = ("inbox_id", "topic_id", "since", "until")
    own = Membership.objects.filter(inbox=inbox_id).values_list(*columns)
    rows = list(own.union(_everybodys().values_list(*_NOBODYS, _NEVER), all=True))
    spans = {topic: (since, until) for inbox, topic, since, until in rows if inbox != NO_INBOX}
    for inbox, topic, since, _ in rows:
        if inbox == NO_INBOX:
            spans.setdefault(topic, (since, None))
    return [(topic, since, until) for topic, (since, until) in spans.items()]


def standing(inbox_id: int) -> Standing:
    """Where the inbox and the log are. Raises `Inbox.DoesNotExist`."""
    place = places([inbox_id]).get(inbox_id)
    if place is None:
        raise Inbox.DoesNotExist(f"There is no inbox {inbox_id}.")
    return place.standing


@dataclass(frozen=True)
class Stay:
    """A membership: from `since` to `until` in the log, `seq` being that of its last change."""

    topic: int
    since: int
    until: int | None
    seq: int
    rejoined: bool

    def may_mislead(self, cursor: Cursor) -> bool:
        """Whether a client at this cursor may show entries that were said while it was left."""
        unheard = self.seq > cursor.seq
        left = self.until is not None and self.until < cursor.position
        return unheard and (left or self.rejoined)


@dataclass(frozen=True)
class Place:
    """A standing, and what decides from which cursors it can be reached."""

    standing: Standing
    floor: int
    log_floor: int
    log_retracted: int
    password: str
    stays: list[Stay] = field(default_factory=list)
    choices: Choices | None = None

    @property
    def cursor(self) -> Cursor:
        """The cursor of a client that has seen everything."""
        return Cursor(self.standing.epoch, self.standing.seq, self.standing.position)

    def why_reset(self, cursor: Cursor) -> str:
        """Why this cursor cannot be resumed from; empty if it can."""
        now = self.standing
        if cursor.epoch != now.epoch:
            return "epoch"
        if cursor.seq > now.seq or cursor.position > now.position:
            return "ahead"
        after = max(cursor.position, now.counters.taken)
        # The client may have what was retracted, also where the inbox has taken all of it in.
        unheard = cursor.position < min(self.log_floor, self.log_retracted)
        if cursor.seq < self.floor or after < self.log_floor or unheard:
            return "pruned"
        if any(stay.may_mislead(cursor) for stay in self.stays):
            return "left"
        if self.choices is not None and self._may_differ(self.choices, cursor):
            return "choices"
        return ""

    def _may_differ(self, choices: Choices, cursor: Cursor) -> bool:
        """Whether a client was given entries by other choices, not having heard of these."""
        return choices.seq > cursor.seq and choices.since < cursor.position

    def known_position(self, cursor: Cursor) -> int:
        """The position up to which a cursor really knows the log.

        Entries of a topic that was joined after the cursor's seq passed it by, so it goes back to
        where the earliest such membership began. Entries of other topics then come twice.
        """
        joined = (stay for stay in self.stays if stay.until is None and stay.seq > cursor.seq)
        return min((stay.since for stay in joined), default=cursor.position)


def _inboxes(ids: list[int]) -> QuerySet[Any, Any]:
    columns = ("pk", "seq", "unread", "unseen", "taken", "floor", "choices")
    log = (head("epoch"), head("position"), head("floor"), head("retracted"))
    inboxes = active(Inbox.objects.filter(pk__in=ids))
    return inboxes.values_list(*columns, *log, password())


def _memberships(ids: list[int]) -> QuerySet[Any, Any]:
    """Topics to which everybody belongs come in the same columns, as those of no inbox."""
    columns = ("inbox_id", "topic_id", "since", "until", "seq", "rejoined")
    memberships = Membership.objects.filter(inbox__in=ids).values_list(*columns)
    nothing = (_NEVER, Value(0, BigIntegerField()), Value(False, BooleanField()))
    return memberships.union(_everybodys().values_list(*_NOBODYS, *nothing), all=True)


def _everybodys() -> QuerySet[Topic]:
    return Topic.objects.filter(default_since__isnull=False)


_NEVER = Value(None, BigIntegerField())
_NOBODYS = (Value(NO_INBOX, BigIntegerField()), "pk", "default_since")
INBOXES = Prepared(_inboxes, -2)
MEMBERSHIPS = Prepared(_memberships, -2)


def places(inbox_ids: Iterable[int]) -> dict[int, Place]:
    """Where many inboxes are, in two queries; without those of deleted or inactive users."""
    ids = set(inbox_ids)
    rows = INBOXES.rows(ids)
    # The topics are read after the inbox: a membership that came between bears a later seq, so
    # the session hears of it twice rather than not at all.
    stays: dict[int, list[Stay]] = {}
    everybodys: dict[int, int] = {}
    for inbox_id, *stay in MEMBERSHIPS.rows(ids):
        if inbox_id == NO_INBOX:
            everybodys[stay[0]] = stay[1]
        else:
            stays.setdefault(inbox_id, []).append(Stay(*stay))
    shared: dict[tuple[tuple[int, int], ...], Mapping[int, int]] = {}
    found = {}
    for pk, seq, unread, unseen, taken, floor, chosen, *rest in rows:
        epoch, position, log_floor, log_retracted, secret = rest
        mine = stays.get(pk, [])
        belongs = _belongs_to(everybodys, [(s.topic, s.since, s.until) for s in mine])
        # Sorted, as rows come in any order.
        topics = tuple(sorted(belongs.items()))
        now = Standing(
            epoch,
            seq,
            position,
            Counters(unread, unseen, taken),
            # Sessions keep this for as long as they live, and most people have the same topics.
            shared.setdefault(topics, dict(topics)),
            choices_of(chosen),
        )
        found[pk] = Place(now, floor, log_floor, log_retracted, secret, mine, now.choices)
    return found


def choices_of(stored: str | Mapping[str, Any] | None) -> Choices | None:
    """Choices from the column of an inbox, as JSON text or read; None for whoever made none."""
    if stored is None:
        return None
    chosen = json.loads(stored) if isinstance(stored, str) else stored
    return Choices.read(chosen, registry.mandatory_categories())


def _belongs_to(
    everybodys: Mapping[int, int], stays: Iterable[tuple[int, int, int | None]]
) -> dict[int, int]:
    """The topics of one of everybody who has these stays (topic, since, until) of their own."""
    topics = dict(everybodys)
    for topic, since, until in stays:
        if until is None:
            topics[topic] = since
        else:
            topics.pop(topic, None)
    return topics
