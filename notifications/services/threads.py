"""Threads in inboxes: the newest item stands for the others, which are folded.

A group is what is in the list of one thread, down to the first row that was put away or snoozed:
who puts a thread away is told of what comes after that as of something new. What an item gathers is
a function of its group, so it is the same however it came about. Broadcasts take no part: in the
log each takes the place of the one before (`services.broadcast`).
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Item
from notifications.rendering import optional_timestamp, standing_for
from notifications.services.statements import ItemState
from notifications.wire import frames as wire

# Items that are looked at: a group of more counts as so many.
GROUP_MAX = 100
# Actors that are named.
ACTORS_MAX = 3

# A thread of an inbox.
Thread = tuple[int, str]


class Member(NamedTuple):
    """An item of a thread, as far as folding is concerned."""

    ask: int
    pk: int
    notification_id: int
    folded: bool
    gathered: str | None
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    snoozed_until: datetime | None
    actor_type: str
    actor_id: str
    actor_label: str

    @property
    def is_apart(self) -> bool:
        """Whether it was put away or snoozed."""
        return self.archived_at is not None or self.snoozed_until is not None

    @property
    def is_listed(self) -> bool:
        """Whether it is in the list, and counts."""
        return not (self.folded or self.is_apart)


@dataclass(frozen=True)
class Fold:
    """What became of an item: it is folded, or at the head of its group."""

    inbox_id: int
    thread: str
    notification_id: int
    state: ItemState
    unread: int
    unseen: int

    def shown(self, item: wire.Item) -> wire.Item:
        """The item as its reader sees it now."""
        state = self.state
        item = {
            **item,
            "seq": state.seq,
            "thread": self.thread,
            "seen_at": optional_timestamp(state.seen_at),
            "read_at": optional_timestamp(state.read_at),
            "archived_at": optional_timestamp(state.archived_at),
            "snoozed_until": optional_timestamp(state.snoozed_until),
        }
        return standing_for(item, _read(state.gathered))


@dataclass(frozen=True)
class Left:
    """A head that is gone: whoever takes its place is seen, read and put away as it was."""

    notification_id: int
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    snoozed_until: datetime | None

    @classmethod
    def of(cls, item: Item) -> "Left":
        """What an item that goes leaves behind."""
        states = item.seen_at, item.read_at, item.archived_at, item.snoozed_until
        return cls(item.notification_id, *states)

    @property
    def is_apart(self) -> bool:
        """Whether it was put away or snoozed."""
        return self.archived_at is not None or self.snoozed_until is not None


def fold(
    touched: Mapping[Thread, Collection[int]],
    seqs: dict[int, int],
    left: Mapping[Thread, Sequence[Left]] | None = None,
) -> list[Fold]:
    """What has to change in these threads of locked inboxes, oldest item first.

    They are given with the notifications that are new or in another state there. Each change takes
    the next number of its inbox, which `seqs` holds and which is moved on. `unread` and `unseen`
    say what each does to the counters. Writes nothing.
    """
    threads = sorted(touched)
    folds = []
    for ask, found in groupby(_members(threads), attrgetter("ask")):
        inbox_id, thread = threads[ask]
        members, gone = list(found), (left or {}).get(threads[ask], ())
        for before, after in _changes(inbox_id, members, gone, touched[threads[ask]]):
            seqs[inbox_id] += 1
            state = ItemState(
                after.pk,
                seqs[inbox_id],
                after.folded,
                False,
                after.gathered,
                after.seen_at,
                after.read_at,
                after.archived_at,
                after.snoozed_until,
            )
            folds.append(
                Fold(
                    inbox_id,
                    thread,
                    after.notification_id,
                    state,
                    unread=_counts(after, after.read_at) - _counts(before, before.read_at),
                    unseen=_counts(after, after.seen_at) - _counts(before, before.seen_at),
                )
            )
    return folds


def _counts(member: Member, done_at: datetime | None) -> int:
    return int(member.is_listed and done_at is None)


Changes = Iterator[tuple[Member, Member]]


def _changes(
    inbox_id: int, members: Sequence[Member], gone: Sequence[Left], touched: Collection[int]
) -> Changes:
    """Members that are not what they should be, and what that is."""
    put_away = [one for one in gone if one.is_apart]
    bound = max((one.notification_id for one in put_away), default=0)
    reached = list(
        takewhile(
            lambda member: (
                member.notification_id > bound and (member.folded or not member.is_apart)
            ),
            members,
        )
    )
    if len(reached) == GROUP_MAX:
        # What came late, or with very many others, lies below those that were looked at.
        late = set(touched) - {member.notification_id for member in members}
        yield from _below(inbox_id, late)
    # One that is folded and was put away by itself is none of what is in the list.
    group = [member for member in reached if not member.is_apart]
    yield from _as_one(group, next((one for one in gone if not one.is_apart), None))
    for one in put_away:
        below = (member for member in members if member.notification_id < one.notification_id)
        yield from _as_one(list(takewhile(attrgetter("folded"), below)), one)


def _as_one(group: Sequence[Member], left: Left | None) -> Changes:
    """Have the first one stand for all; in the place of one that is gone, if there was."""
    for place in range(len(group) - 1, -1, -1):
        member = group[place]
        gathered = None if place else _gathered(group)
        after = member._replace(folded=place > 0, gathered=gathered)
        if left is not None and member.folded and not after.folded:
            after = after._replace(
                seen_at=member.seen_at or left.seen_at,
                read_at=member.read_at or left.read_at,
                archived_at=left.archived_at,
                snoozed_until=left.snoozed_until,
            )
        if (member.folded, _read(member.gathered)) != (after.folded, _read(gathered)):
            yield member, after


def _below(inbox_id: int, notification_ids: Collection[int]) -> Changes:
    if not notification_ids:
        return
    items = Item.objects.filter(inbox=inbox_id, notification__in=notification_ids).listed()
    for item in items.order_by("notification"):
        states = (item.seen_at, item.read_at, item.archived_at, item.snoozed_until)
        member = Member(0, item.pk, item.notification_id, False, None, *states, "", "", "")
        yield member, member._replace(folded=True)


def _gathered(group: Sequence[Member]) -> str | None:
    if len(group) == 1:
        return None
    actors: dict[tuple[str, ...], wire.Actor] = {}
    for member in group:
        if member.actor_label:
            # Who is known by a key is the same under another name.
            by_key = (member.actor_type, member.actor_id) if member.actor_id else ()
            actors.setdefault(
                by_key or (member.actor_label,),
                {"type": member.actor_type, "id": member.actor_id, "label": member.actor_label},
            )
    named = list(actors.values())[:ACTORS_MAX]
    return json.dumps({"count": len(group), "actors": named, "actor_count": len(actors)})


def _read(gathered: str | None) -> Any:
    return None if gathered is None else json.loads(gathered)


_COLUMNS = (
    "item.id, item.notification_id, item.folded, item.gathered, item.seen_at, item.read_at,"
    " item.archived_at, item.snoozed_until,"
    " said.actor_type, said.actor_id, said.actor_label"
)
# Along clarion_item_thread.
_NEWEST = (
    "FROM clarion_item item JOIN clarion_notification said ON said.id = item.notification_id"
    " WHERE item.inbox_id = {inbox} AND item.thread = {thread} AND item.thread <> ''"
    " AND NOT item.gone AND item.position IS NULL ORDER BY item.notification_id DESC LIMIT %s"
)
_OF_MANY = (
    f"SELECT ask, found.* FROM (SELECT (value->>0)::int AS ask, (value->>1)::bigint AS inbox,"  # noqa: S608
    " value->>2 AS thread FROM jsonb_array_elements(%s::jsonb)) wanted CROSS JOIN LATERAL"
    f" (SELECT {_COLUMNS} {_NEWEST.format(inbox='wanted.inbox', thread='wanted.thread')}) found"
    " ORDER BY ask, found.notification_id DESC"
)
_OF_ONE = f"SELECT %s, {_COLUMNS} {_NEWEST.format(inbox='%s', thread='%s')}"


def _members(threads: Sequence[Thread]) -> list[Member]:
    """The newest items of each, thread by thread."""
    if not threads:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            asked = [(ask, *thread) for ask, thread in enumerate(threads)]
            cursor.execute(_OF_MANY, [json.dumps(asked), GROUP_MAX])
            return [Member(*row) for row in cursor.fetchall()]
        rows: list[Member] = []
        for ask, thread in enumerate(threads):
            cursor.execute(_OF_ONE, [ask, *thread, GROUP_MAX])
            rows += [Member(*_moments(row)) for row in cursor.fetchall()]
        return rows


_MOMENT = Item._meta.get_field("seen_at").get_col("clarion_item")


def _moments(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of SQLite, whose moments are texts and whose truths are numbers."""
    values = list(row)
    for convert in connection.ops.get_db_converters(_MOMENT):
        for place in (5, 6, 7, 8):
            values[place] = convert(values[place], _MOMENT, connection)
    values[3] = bool(values[3])
    return tuple(values)
