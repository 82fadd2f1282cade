"""Threads in inboxes: the newest item stands for the others, which are folded.

A group is what is in the list of one thread, newest first, up to what was put away or snoozed: who
puts a thread away is told of what comes after that as of something new. What an item gathers is a
function of its group, so it is the same however it came about. Broadcasts take no part: in the log
each takes the place of the one before (`services.broadcast`).
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Item
from notifications.rendering import standing_for, timestamp
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
    apart: bool
    actor_type: str
    actor_id: str
    actor_label: str


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
            "seen_at": None if state.seen_at is None else timestamp(state.seen_at),
            "read_at": None if state.read_at is None else timestamp(state.read_at),
        }
        return standing_for(item, _read(state.gathered))


@dataclass(frozen=True)
class Left:
    """A head that is gone: whoever takes its place was seen and read when it was."""

    seen_at: datetime | None
    read_at: datetime | None


def fold(
    threads: Collection[Thread], seqs: dict[int, int], left: dict[Thread, Left] | None = None
) -> list[Fold]:
    """What has to change in these threads of locked inboxes, oldest item first.

    Each change takes the next number of its inbox, which `seqs` holds and which is moved on.
    `unread` and `unseen` say what each does to the counters. Writes nothing.
    """
    folds = []
    for (inbox_id, thread), group in _groups(sorted(threads)):
        gone = (left or {}).get((inbox_id, thread))
        for member, folded, gathered in _changes(group):
            seen_at, read_at = member.seen_at, member.read_at
            if gone is not None and member.folded and not folded:
                seen_at, read_at = seen_at or gone.seen_at, read_at or gone.read_at
            seqs[inbox_id] += 1
            folds.append(
                Fold(
                    inbox_id,
                    thread,
                    member.notification_id,
                    ItemState(member.pk, seqs[inbox_id], folded, False, gathered, seen_at, read_at),
                    unread=int(not folded and read_at is None)
                    - int(not member.folded and member.read_at is None),
                    unseen=int(not folded and seen_at is None)
                    - int(not member.folded and member.seen_at is None),
                )
            )
    return folds


def _changes(group: Sequence[Member]) -> Iterator[tuple[Member, bool, str | None]]:
    """Members that are not what they should be, and what that is."""
    for place in range(len(group) - 1, -1, -1):
        member = group[place]
        folded = place > 0
        gathered = None if folded else _gathered(group)
        if (member.folded, _read(member.gathered)) != (folded, _read(gathered)):
            yield member, folded, gathered


def _gathered(group: Sequence[Member]) -> str | None:
    if len(group) == 1:
        return None
    actors: dict[tuple[str, str, str], wire.Actor] = {}
    for member in group:
        if member.actor_label:
            actors.setdefault(
                (member.actor_type, member.actor_id, member.actor_label),
                {"type": member.actor_type, "id": member.actor_id, "label": member.actor_label},
            )
    named = list(actors.values())[:ACTORS_MAX]
    return json.dumps({"count": len(group), "actors": named, "actor_count": len(actors)})


def _read(gathered: str | None) -> Any:
    return None if gathered is None else json.loads(gathered)


def _groups(threads: Sequence[Thread]) -> Iterator[tuple[Thread, list[Member]]]:
    for ask, members in groupby(_members(threads), attrgetter("ask")):
        group = list(takewhile(lambda member: not member.apart, members))
        yield threads[ask], group


_COLUMNS = (
    "item.id, item.notification_id, item.folded, item.gathered, item.seen_at, item.read_at,"
    " item.archived_at IS NOT NULL OR item.snoozed_until IS NOT NULL,"
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
        for place in (5, 6):
            values[place] = convert(values[place], _MOMENT, connection)
    values[3] = bool(values[3])
    return tuple(values)
