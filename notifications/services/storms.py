"""Storm control: beyond so many of one type in a while, they become one row of the inbox.

Nothing is lost: those beyond are a thread of their own, whose newest item stands for the others.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence

from django.db import connection

from notifications.conf import settings
from notifications.models import Notification
from notifications.models.inbox import STORM_PREFIX
from notifications.services.statements import LockedInbox, NewItem


def storm_threads(
    inboxes: Collection[LockedInbox],
    planned: Sequence[NewItem],
    said: Mapping[int, Notification],
    now: int,
) -> dict[tuple[int, int], str]:
    """Threads for those of the planned items that are too many, by inbox and notification.

    What has a thread of its own collapses anyway. Costs a query where an inbox has had more items
    within `CLARION_STORM_SECONDS` than `CLARION_STORM_LIMIT`, and nothing elsewhere.
    """
    limit = settings.storm_limit
    if not limit:
        return {}
    coming: dict[int, list[NewItem]] = defaultdict(list)
    for item in planned:
        coming[item.inbox_id].append(item)
    began = {inbox.pk: _burst_since(inbox, now) for inbox in inboxes}
    stormy = [
        inbox
        for inbox in inboxes
        if (inbox.burst if began[inbox.pk] == inbox.burst_since else 0) + len(coming[inbox.pk])
        > limit
    ]
    if not stormy:
        return {}
    counts = _recent([(inbox.pk, began[inbox.pk]) for inbox in stormy], limit)
    threads = {}
    for inbox in stormy:
        for item in coming[inbox.pk]:
            notification = said[item.notification_id]
            if notification.thread:
                continue
            counts[inbox.pk][notification.type] += 1
            if counts[inbox.pk][notification.type] > limit:
                thread = f"{STORM_PREFIX}{notification.type}:{began[inbox.pk]}"
                threads[inbox.pk, item.notification_id] = thread
    return threads


def _burst_since(inbox: LockedInbox, now: int) -> int:
    """When the burst began to which an item of now belongs, in seconds; as `grow_inboxes`."""
    return inbox.burst_since if inbox.burst_since > now - settings.storm_seconds else now


# The newest items of an inbox, along clarion_item_once. Types that come by turns may each have as
# many; looking at more would cost more than a storm that is noticed a little late.
_SQL = (
    "SELECT said.type, COUNT(*) FROM (SELECT notification_id FROM clarion_item"
    " WHERE inbox_id = %s ORDER BY notification_id DESC LIMIT %s) newest"
    " JOIN clarion_notification said ON said.id = newest.notification_id"
    " WHERE said.thread = '' AND said.created_at >= {since} GROUP BY said.type"
)
_SINCE = {"postgresql": "to_timestamp(%s)", "sqlite": "datetime(%s, 'unixepoch')"}
TYPES = 4


def _recent(asked: Sequence[tuple[int, int]], limit: int) -> dict[int, "Counter[str]"]:
    """For each inbox how many items of each type were said since a moment (seconds)."""
    sql = _SQL.format(since=_SINCE[connection.vendor])
    found: dict[int, Counter[str]] = {}
    with connection.cursor() as cursor:
        for inbox_id, since in asked:
            cursor.execute(sql, [inbox_id, TYPES * limit, since])
            found[inbox_id] = Counter(dict(cursor.fetchall()))
    return found
