"""Storm control: beyond so many of one type in a while, they become one row of the inbox.

Nothing is lost: those beyond are a thread of their own, whose newest item stands for the others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from notifications.conf import settings
from notifications.models import Notification
from notifications.models.inbox import STORM_PREFIX
from notifications.services.statements import LockedInbox, NewItem


def storm_threads(
    inboxes: Iterable[LockedInbox],
    planned: Sequence[NewItem],
    said: Mapping[int, Notification],
    now: int,
) -> dict[tuple[int, int], str]:
    """Threads for those of the planned items that are too many, by inbox and notification.

    What has a thread of its own collapses anyway. Costs a query where more items have arrived in an
    inbox within `CLARION_STORM_SECONDS` than `CLARION_STORM_LIMIT`, and nothing elsewhere.
    """
    limit = settings.storm_limit
    if not limit:
        return {}
    coming = Counter(item.inbox_id for item in planned)
    threads = {}
    window = settings.storm_seconds
    for inbox in inboxes:
        goes_on = inbox.burst_since > now - window
        began, burst = (inbox.burst_since, inbox.burst) if goes_on else (now, 0)
        if not coming[inbox.pk] or burst + coming[inbox.pk] <= limit:
            continue
        counts = _arrived(inbox, burst, limit)
        for item in (item for item in planned if item.inbox_id == inbox.pk):
            notification = said[item.notification_id]
            if notification.thread:
                continue
            counts[notification.type] += 1
            if counts[notification.type] > limit:
                thread = f"{STORM_PREFIX}{notification.type}:{began}"
                threads[inbox.pk, item.notification_id] = thread
    return threads


# The newest items that an inbox had before those of now, along clarion_item_once. Types that come
# by turns may each have as many as the limit; looking at more would cost more than a storm that is
# noticed a little late.
_SQL = (
    "SELECT said.type, COUNT(*) FROM (SELECT notification_id FROM clarion_item"
    " WHERE inbox_id = %s AND seq <= %s ORDER BY notification_id DESC LIMIT %s) newest"
    " JOIN clarion_notification said ON said.id = newest.notification_id"
    " WHERE said.thread = '' GROUP BY said.type"
)
TYPES = 4


def _arrived(inbox: LockedInbox, burst: int, limit: int) -> "Counter[str]":
    """How many items of each type are among those that have arrived in this burst."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, [inbox.pk, inbox.seq, min(burst, TYPES * limit)])
        return Counter(dict(cursor.fetchall()))
