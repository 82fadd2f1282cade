"""SQL that runs for every notification, written out for both databases.

A batch of the relay is ten statements, however few people it is for, and composing one with the ORM
costs five to ten times what running it does. Keys travel as one parameter however many they are.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Window
from django.db.models.functions import RowNumber

from notifications.models import Notification, Outbox
from notifications.models.inbox import ItemQuerySet
from notifications.services.audience import UserKey, stored

DIALECTS = {
    "postgresql": {
        "among": "= ANY(%s)",
        "names": "recipients @> jsonb_build_array(%s::text)",
        "now": "STATEMENT_TIMESTAMP()",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
        "no_key_update": "FOR NO KEY UPDATE",
        "share": "FOR SHARE",
        "share_skip": "FOR SHARE SKIP LOCKED",
    },
    # One writer, so nobody locks rows.
    "sqlite": {
        "among": "IN (SELECT value FROM json_each(%s))",
        "names": "%s IN (SELECT value FROM json_each(recipients))",
        # As Django's Now().
        "now": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
        "skip_locked": "",
        "no_key_update": "",
        "share": "",
        "share_skip": "",
    },
}

Row = tuple[Any, ...]
Parameter = str | int | list[object]


class Claimed(NamedTuple):
    """An outbox row, locked until the transaction ends."""

    pk: int
    kind: str
    notification_id: int
    topic_id: int | None
    # What is in the column; a list of keys as JSON strings unless somebody meddled with it.
    recipients: Any
    done_up_to: int


class LockedInbox(NamedTuple):
    """An inbox, locked until the transaction ends."""

    pk: int
    user_id: UserKey
    seq: int
    unread: int
    unseen: int
    taken: int
    # As JSON.
    choices: str | None
    burst: int
    burst_since: int


class Growth(NamedTuple):
    """By how much an inbox grows: numbers taken, unread, unseen, and items that arrived."""

    seq: int
    unread: int
    unseen: int
    arrived: int


class ItemState(NamedTuple):
    """What an item of a locked inbox becomes; `gathered` is JSON, moments are aware."""

    pk: int
    seq: int
    folded: bool
    gone: bool
    gathered: str | None
    seen_at: datetime | None
    read_at: datetime | None
    archived_at: datetime | None
    snoozed_until: datetime | None


class NewItem(NamedTuple):
    """A notification for an inbox, with the number that it takes there."""

    inbox_id: int
    notification_id: int
    seq: int


# Kinds of a newer version are left to its relays during a deploy.
KINDS = (Outbox.Kind.ITEMS, Outbox.Kind.LOG, Outbox.Kind.UPDATE, Outbox.Kind.RETRACT)
_KINDS = ", ".join(f"'{kind.value}'" for kind in KINDS)
_DUE = f"due_at <= {{now}} AND kind IN ({_KINDS})"
_CLAIM = "SELECT id, kind, notification_id, topic_id, recipients, done_up_to FROM clarion_outbox"


def due_lanes() -> list[Outbox.Lane]:
    """The lanes that have rows that are due, locked or not."""
    looks = ", ".join(
        f"EXISTS(SELECT 1 FROM clarion_outbox WHERE lane = '{lane.value}' AND {_DUE})"  # noqa: S608
        for lane in Outbox.Lane
    )
    (found,) = _rows(f"SELECT {looks}")
    return [lane for lane, has in zip(Outbox.Lane, found, strict=True) if has]


def claim(lane: Outbox.Lane, limit: int) -> list[Claimed]:
    """Lock rows of a lane that are due and that nobody else has locked, oldest first."""
    due = f"WHERE lane = %s AND {_DUE} ORDER BY due_at, id LIMIT %s"
    return _claimed(f"{_CLAIM} {due} {{skip_locked}}", lane.value, limit)


def claim_row(pk: int) -> list[Claimed]:
    """Lock one row, if it is due and nobody else has locked it."""
    return _claimed(f"{_CLAIM} WHERE id = %s AND {_DUE} {{skip_locked}}", pk)


def delete_outbox(pks: Collection[int]) -> None:
    """Delete rows whose work is done."""
    _run("DELETE FROM clarion_outbox WHERE id {among}", _set(pks))


def delete_notifications(pks: Collection[int]) -> int:
    """Delete notifications that nothing refers to; how many."""
    with connection.cursor() as cursor:
        sql = _spelled("DELETE FROM clarion_notification WHERE id {among}", connection.vendor)
        cursor.execute(sql, [_set(pks)])
        return int(cursor.rowcount)


def is_waiting(notification_id: int, user: UserKey) -> bool:
    """Whether a notification is still to be put into this person's inbox."""
    ((found,),) = _rows(
        f"SELECT EXISTS(SELECT 1 FROM clarion_outbox WHERE kind = '{Outbox.Kind.ITEMS.value}'"  # noqa: S608
        " AND notification_id = %s AND {names})",
        notification_id,
        str(user),
    )
    return bool(found)


def find_key(key: str) -> tuple[int, str] | None:
    """The notification and fingerprint that an idempotency key stands for."""
    sql = "SELECT notification_id, fingerprint FROM clarion_idempotencykey WHERE key = %s"
    for notification_id, fingerprint in _rows(sql, key):
        return notification_id, fingerprint
    return None


def lock_notifications(pks: Collection[int]) -> list[Notification]:
    """These notifications, which nobody can change or delete until this transaction ends.

    Others may read them and take the same lock.
    """
    sql = "SELECT * FROM clarion_notification WHERE id {among} ORDER BY id {share}"
    return list(Notification.objects.raw(_spelled(sql, connection.vendor), [_set(pks)]))


def hold_notifications(pks: Collection[int]) -> dict[int, Notification]:
    """As `lock_notifications`, by key, without those that somebody else is changing.

    Waits for nobody, so it may come after any other lock.
    """
    sql = "SELECT * FROM clarion_notification WHERE id {among} ORDER BY id {share_skip}"
    spelled = _spelled(sql, connection.vendor)
    return {n.pk: n for n in Notification.objects.raw(spelled, [_set(pks)])} if pks else {}


def count_inboxes(users: Collection[UserKey]) -> int:
    """How many of these people have an inbox."""
    ((count,),) = _rows(
        "SELECT COUNT(*) FROM clarion_inbox WHERE user_id {among}", _set(map(stored, users))
    )
    return int(count)


def lock_inboxes(users: Collection[UserKey]) -> list[LockedInbox]:
    """Lock the inboxes of these people, in order of person."""
    keys = {stored(user): user for user in users}
    # By person, not by id: whoever deletes users, or changes their groups, goes in that order.
    rows = _rows(
        "SELECT id, user_id, seq, unread, unseen, taken, choices, burst, burst_since"
        " FROM clarion_inbox WHERE user_id {among} ORDER BY user_id {no_key_update}",
        _set(keys),
    )
    return [LockedInbox(pk, keys[user], *rest) for pk, user, *rest in rows]


def insert_items(items: Sequence[NewItem]) -> int:
    """Put items into those inboxes that do not have the notification yet; how many."""
    columns = "inbox_id, notification_id, seq, folded, gone, category, thread"
    into = f"INSERT INTO clarion_item ({columns})"
    said = "false, false, said.category, said.thread FROM"
    # (inbox, seq) is not named: a number given twice is an error.
    once = "ON CONFLICT (inbox_id, notification_id) DO NOTHING"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = [_array(column) for column in zip(*items, strict=True)]
            unnest = "unnest(%s::bigint[], %s::bigint[], %s::bigint[]) new(inbox, id, seq)"
            joined = f"{unnest} JOIN clarion_notification said USING (id)"
            cursor.execute(
                f"{into} SELECT inbox, id, seq, {said} {joined} {once}",
                arrays,
            )
        else:
            # Read once: SQLite would look it up for each item, which costs as much as inserting it.
            copied = {
                pk: (category, thread)
                for pk, category, thread in _rows(
                    "SELECT id, category, thread FROM clarion_notification WHERE id {among}",
                    _set({item.notification_id for item in items}),
                )
            }
            cursor.executemany(
                f"{into} VALUES (%s, %s, %s, false, false, %s, %s) {once}",
                [(*item, *copied[item.notification_id]) for item in items],
            )
        return int(cursor.rowcount)


def item_seqs(inbox_ids: Collection[int], notification_ids: Collection[int]) -> set[Row]:
    """Pairs of inbox and seq: the items of these notifications in these inboxes."""
    return set(
        _rows(
            "SELECT inbox_id, seq FROM clarion_item"
            " WHERE notification_id {among} AND inbox_id {among}",
            _set(notification_ids),
            _set(inbox_ids),
        )
    )


def grow_inboxes(inbox_ids: Collection[int], growth: Growth, now: int, window: int) -> None:
    """Move locked inboxes on; `now`, in seconds, begins another burst after `window`."""
    _run(
        "UPDATE clarion_inbox SET seq = seq + %s, unread = unread + %s, unseen = unseen + %s,"
        " burst = %s + CASE WHEN burst_since > %s THEN burst ELSE 0 END,"
        " burst_since = CASE WHEN burst_since > %s THEN burst_since ELSE %s END"
        " WHERE id {among}",
        *growth,
        now - window,
        now - window,
        now,
        _set(inbox_ids),
    )


def delete_items(pks: Collection[int]) -> None:
    """Delete items of locked inboxes; the ORM would read them first, for whoever hears of it."""
    _run("DELETE FROM clarion_item WHERE id {among}", _set(pks))


def renumber(items: ItemQuerySet, seq: int, columns: Sequence[str], now: datetime) -> int:
    """Set moments of many items where they have none, each with a number after `seq`; how many.

    UPDATE ... FROM, which the ORM cannot say: PostgreSQL, and SQLite from 3.33.
    """
    numbered = items.annotate(number=Window(RowNumber(), order_by="seq")).values("pk", "number")
    sql, params = numbered.query.sql_with_params()
    moment = connection.ops.adapt_datetimefield_value(now)
    sets = "".join(f", {column} = COALESCE({column}, %s)" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE clarion_item SET seq = %s + numbered.number{sets}"  # noqa: S608
            f" FROM ({sql}) AS numbered WHERE clarion_item.id = numbered.pk",
            [seq, *[moment for _ in columns], *params],
        )
        return int(cursor.rowcount)


def write_items(states: Iterable[ItemState]) -> None:
    """Give items of locked inboxes their new state."""
    moment = connection.ops.adapt_datetimefield_value
    rows = [
        (seq, folded, gone, gathered, *map(moment, moments), pk)
        for pk, seq, folded, gone, gathered, *moments in states
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE clarion_item SET seq = %s, folded = %s, gone = %s, gathered = %s, seen_at = %s,"
            " read_at = %s, archived_at = %s, snoozed_until = %s WHERE id = %s",
            rows,
        )


def write_threads(threads: Mapping[tuple[int, int], str]) -> None:
    """Give items, by inbox and notification, another thread than their notification has."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE clarion_item SET thread = %s WHERE inbox_id = %s AND notification_id = %s",
            [(thread, *key) for key, thread in threads.items()],
        )


def write_quiet(items: Iterable[tuple[int, int]]) -> None:
    """Have items, by inbox and notification, be seen and read since they were said."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE clarion_item SET seen_at = said.created_at, read_at = said.created_at"
            " FROM clarion_notification said"
            " WHERE said.id = notification_id AND inbox_id = %s AND notification_id = %s",
            list(items),
        )


def _claimed(sql: str, *parameters: Parameter) -> list[Claimed]:
    return [
        Claimed(pk, kind, notification_id, topic_id, json.loads(recipients), done_up_to)
        for pk, kind, notification_id, topic_id, recipients, done_up_to in _rows(sql, *parameters)
    ]


def _rows(sql: str, *parameters: Parameter) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_spelled(sql, connection.vendor), parameters)
        rows: list[Row] = cursor.fetchall()
        return rows


def _run(sql: str, *parameters: Parameter) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_spelled(sql, connection.vendor), parameters)


@cache
def _spelled(sql: str, vendor: str) -> str:
    return sql.format(**DIALECTS[vendor])


def _set(keys: Iterable[object]) -> Parameter:
    """Keys as the one parameter that `among` looks into."""
    values = list(keys)
    if connection.vendor != "postgresql":
        return json.dumps(values)
    return values if values and not isinstance(values[0], int) else _array(values)


def _array(numbers: Iterable[object]) -> str:
    """Numbers as PostgreSQL writes an array; psycopg takes ten times as long for a list."""
    return f"{{{','.join(map(str, numbers))}}}"
