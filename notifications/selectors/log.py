"""The broadcast log."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db.models import Exists, OuterRef, Q, QuerySet

from notifications.models import LogEntry, LogHead, Membership, Topic
from notifications.rendering import wire_item
from notifications.selectors.clock import current
from notifications.wire.events import LogRecord
from notifications.wire.frames import Item


def pending(
    spans: Iterable[tuple[int, int, int | None]], after: int, up_to: int
) -> QuerySet[LogEntry]:
    """What was said in the range (after, up_to] that concerns an inbox with these spans.

    Without what the log says was retracted; what was retracted, or has expired, and the log does
    not say so yet, is among it.
    """
    concerned = Q(pk__in=[])
    for topic, since, until in spans:
        end = up_to if until is None else min(until, up_to)
        if max(since, after) < end:
            concerned |= Q(topic=topic, position__gt=max(since, after), position__lte=end)
    retracted = LogEntry.objects.filter(
        notification=OuterRef("notification"), kind=LogEntry.Kind.RETRACT, position__lte=up_to
    )
    entries = LogEntry.objects.filter(~Exists(retracted), concerned, kind=LogEntry.Kind.NEW)
    return entries.order_by("position")


@dataclass(frozen=True)
class LogTail:
    """Entries after a position, all there are up to `up_to`; `head` is where the log ends."""

    records: list[LogRecord]
    up_to: int
    head: int


def log_after(position: int, limit: int) -> LogTail:
    """The next `limit` entries of any topic."""
    # The head first: entries up to it are committed, as it is written in their transaction.
    head = LogHead.objects.values_list("position", flat=True).get()
    entries = LogEntry.objects.filter(position__gt=position, position__lte=head)
    told = Q(kind=LogEntry.Kind.RETRACT) | current()
    entries = entries.filter(told).select_related("notification", "topic").order_by("position")
    rows = list(entries[:limit])
    return LogTail(
        records=[
            LogRecord(
                row.position,
                row.topic_id,
                row.kind,
                entry_item(row),
                row.topic.version,
                row.origin or 0,
            )
            for row in rows
        ],
        up_to=rows[-1].position if len(rows) == limit else head,
        head=head,
    )


def topic_versions() -> dict[int, int]:
    """Versions by topic, of the topics that somebody has left."""
    return dict(Topic.objects.filter(version__gt=0).values_list("pk", "version"))


def leavers(topic: int, version: int) -> list[tuple[int, int]]:
    """Inboxes that left the topic since this version, and their seq when they last did.

    Those who have come back meanwhile are among them, with the seq of that.
    """
    left = Membership.objects.filter(topic=topic, version__gt=version)
    return list(left.values_list("inbox_id", "seq"))


def began(topic: int, version: int) -> bool:
    """Whether everybody has come to belong to the topic since this version."""
    return Topic.objects.filter(pk=topic, default_version__gt=version).exists()


def entry_item(entry: LogEntry) -> Item:
    """What an entry tells of: an item that bears the position at which it was said.

    A retraction has nothing but the id.
    """
    if entry.kind == LogEntry.Kind.RETRACT:
        return cast("Item", {"id": str(entry.notification_id)})
    return wire_item(entry.notification, position=entry.origin or entry.position)
