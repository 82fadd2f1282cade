"""SQL that runs for every notification, written out for both databases.

A batch of the relay is ten statements, however few people it is for, and composing one with the ORM
costs five to ten times what running it does. Keys travel as one parameter however many they are.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Notification, Outbox
from notifications.services.audience import UserKey, stored

DIALECTS = {
    "postgresql": {
        "among": "= ANY(%s)",
        "now": "STATEMENT_TIMESTAMP()",
        "skip_locked": "FOR UPDATE SKIP LOCKED",
        "no_key_update": "FOR NO KEY UPDATE",
        "share": "FOR SHARE",
    },
    # One writer, so nobody locks rows.
    "sqlite": {
        "among": "IN (SELECT value FROM json_each(%s))",
        # As Django's Now().
        "now": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
        "skip_locked": "",
        "no_key_update": "",
        "share": "",
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


class LockedInbox(NamedTuple):
    """An inbox, locked until the transaction ends."""

    pk: int
    user_id: UserKey
    seq: int
    unread: int
    unseen: int
    taken: int


class NewItem(NamedTuple):
    """A notification for an inbox, with the number that it takes there."""

    inbox_id: int
    notification_id: int
    seq: int


# Kinds of a newer version are left to its relays during a deploy.
KINDS = (Outbox.Kind.ITEMS, Outbox.Kind.LOG)
_DUE = f"due_at <= {{now}} AND kind IN ('{KINDS[0]}', '{KINDS[1]}')"
_CLAIM = "SELECT id, kind, notification_id, topic_id, recipients FROM clarion_outbox"


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
        "SELECT id, user_id, seq, unread, unseen, taken FROM clarion_inbox"
        " WHERE user_id {among} ORDER BY user_id {no_key_update}",
        _set(keys),
    )
    return [LockedInbox(pk, keys[user], *counters) for pk, user, *counters in rows]


def insert_items(items: Sequence[NewItem]) -> int:
    """Put items into those inboxes that do not have the notification yet; how many."""
    into = "INSERT INTO clarion_item (inbox_id, notification_id, seq, folded)"
    # (inbox, seq) is not named: a number given twice is an error.
    once = "ON CONFLICT (inbox_id, notification_id) DO NOTHING"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            columns = [_array(column) for column in zip(*items, strict=True)]
            unnest = "unnest(%s::bigint[], %s::bigint[], %s::bigint[])"
            cursor.execute(f"{into} SELECT *, false FROM {unnest} {once}", columns)  # noqa: S608
        else:
            cursor.executemany(f"{into} VALUES (%s, %s, %s, false) {once}", items)
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


def grow_inboxes(inbox_ids: Collection[int], seq: int, count: int) -> None:
    """Move locked inboxes on by so many numbers and new items."""
    _run(
        "UPDATE clarion_inbox SET seq = seq + %s, unread = unread + %s, unseen = unseen + %s"
        " WHERE id {among}",
        seq,
        count,
        count,
        _set(inbox_ids),
    )


def _claimed(sql: str, *parameters: Parameter) -> list[Claimed]:
    return [
        Claimed(pk, kind, notification_id, topic_id, json.loads(recipients))
        for pk, kind, notification_id, topic_id, recipients in _rows(sql, *parameters)
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
