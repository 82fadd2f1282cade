"""The first rows of many ranges in one statement, however many ranges there are.

Composing a query for each takes a hundred times as long as running it; and one query over several
ranges (OR) is sorted before its LIMIT applies, so that its cost has no bound.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import connection

Row = tuple[Any, ...]


class Range(NamedTuple):
    """What belongs to `key` (an inbox, a topic) and has a number in (after, up_to].

    Of updates and retractions only those of what was said in (said_after, said_up_to].
    """

    key: int
    after: int
    up_to: int
    said_after: int = 0
    said_up_to: int = 0


# A row for each range, out of one parameter: the ranges as JSON. The LIMIT keeps SQLite from
# looking into the JSON anew for each row that it compares.
_WANTED = {
    "postgresql": "(SELECT (value->>0)::int AS ask, (value->>1)::bigint AS key,"
    " (value->>2)::bigint AS after, (value->>3)::bigint AS up_to,"
    " (value->>4)::bigint AS said_after, (value->>5)::bigint AS said_up_to"
    " FROM jsonb_array_elements(%s::jsonb)) wanted",
    "sqlite": "(SELECT json_extract(value, '$[0]') AS ask, json_extract(value, '$[1]') AS key,"
    " json_extract(value, '$[2]') AS after, json_extract(value, '$[3]') AS up_to,"
    " json_extract(value, '$[4]') AS said_after, json_extract(value, '$[5]') AS said_up_to"
    " FROM json_each(%s) LIMIT -1) wanted",
}
# SQLite has no LATERAL; but a subquery after IN may have a LIMIT.
_FIRST = {
    "postgresql": "SELECT wanted.ask, found.* FROM {wanted} CROSS JOIN LATERAL"
    " (SELECT {columns} FROM {rows} ORDER BY {order} LIMIT %s) found",
    "sqlite": "SELECT wanted.ask, {columns} FROM {wanted} CROSS JOIN {table} ON {table}.{pk} IN"
    " (SELECT {table}.{pk} FROM {rows} ORDER BY {order} LIMIT %s)",
}
_COUNTS = (
    "SELECT wanted.ask, (SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT %s) AS bounded)"
    " FROM {wanted}"
)
# As Django's Now().
_NOW = {
    "postgresql": "STATEMENT_TIMESTAMP()",
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')",
}


class Ranges:
    """Ranges of one table, which has an index on key and number."""

    def __init__(self, **names: str) -> None:
        """Name `table`, `pk`, `order`, `columns`, and `rows`: FROM and WHERE of a range."""
        self._names = names

    def first(self, ranges: Sequence[Range], limit: int) -> list[list[Row]]:
        """For each range its first rows, oldest first: number, then columns."""
        found: list[list[Row]] = [[] for _ in ranges]
        # Number is the first column, so rows of a range are never compared beyond it.
        for row in sorted(self._run(_FIRST[connection.vendor], ranges, limit)):
            found[row[0]].append(row[1:])
        return found

    def counts(self, ranges: Sequence[Range], limit: int) -> list[int]:
        """For each range how many rows it has, counted up to `limit`."""
        found = [0] * len(ranges)
        for ask, count in self._run(_COUNTS, ranges, limit):
            found[ask] = count
        return found

    def _run(self, sql: str, ranges: Sequence[Range], limit: int) -> list[Row]:
        if not ranges:
            return []
        vendor = connection.vendor
        names = {name: text.format(now=_NOW[vendor]) for name, text in self._names.items()}
        parameters: list[str | int] = [json.dumps([(i, *each) for i, each in enumerate(ranges)])]
        # In the order of the statement.
        parameters.insert(0 if sql is _COUNTS else 1, limit)
        with connection.cursor() as cursor:
            cursor.execute(sql.format(wanted=_WANTED[vendor], **names), parameters)
            rows: list[Row] = cursor.fetchall()
        return rows


# Items of inboxes by seq, along the index of clarion_item_seq.
ITEMS = Ranges(
    table="clarion_item",
    pk="id",
    order="clarion_item.seq",
    columns="clarion_item.seq, clarion_item.position, clarion_item.notification_id,"
    " clarion_item.gone OR clarion_item.folded, NULL, clarion_item.thread, clarion_item.gathered,"
    " clarion_item.seen_at, clarion_item.read_at, clarion_item.archived_at,"
    " clarion_item.snoozed_until",
    rows="clarion_item WHERE clarion_item.inbox_id = wanted.key"
    " AND clarion_item.seq > wanted.after AND clarion_item.seq <= wanted.up_to",
)
# Entries of topics by position, along clarion_logentry_pending, without what was retracted or has
# expired before it was taken in: what is new, and updates of what the client has in its list and
# the inbox has not taken in. (What it has taken in was updated as an item.) Topic and position are
# compared as a pair, which no other index can serve: PostgreSQL would go through the entries of all
# topics along the primary key.
ENTRIES = Ranges(
    table="clarion_logentry",
    pk="position",
    order="clarion_logentry.topic_id, clarion_logentry.position",
    columns="clarion_logentry.position, clarion_logentry.notification_id, false,"
    " clarion_logentry.origin",
    rows="clarion_logentry CROSS JOIN clarion_notification said"
    " WHERE said.id = clarion_logentry.notification_id AND (clarion_logentry.kind = 'new'"
    " OR clarion_logentry.kind = 'update' AND clarion_logentry.origin > wanted.said_after"
    " AND clarion_logentry.origin <= wanted.said_up_to)"
    " AND (clarion_logentry.topic_id, clarion_logentry.position) > (wanted.key, wanted.after)"
    " AND (clarion_logentry.topic_id, clarion_logentry.position) <= (wanted.key, wanted.up_to)"
    " AND said.retracted_at IS NULL AND (said.expires_at IS NULL OR said.expires_at > {now})",
)
# Retractions of what a client has in its list, along clarion_logentry_retracted.
RETRACTIONS = Ranges(
    table="clarion_logentry",
    pk="position",
    order="clarion_logentry.position",
    columns="clarion_logentry.position, clarion_logentry.notification_id, true",
    rows="clarion_logentry WHERE clarion_logentry.kind = 'retract'"
    " AND clarion_logentry.topic_id = wanted.key"
    " AND clarion_logentry.position > wanted.after AND clarion_logentry.position <= wanted.up_to"
    " AND clarion_logentry.origin <= wanted.said_up_to",
)
