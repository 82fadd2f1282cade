"""What the outbox holds of the time since a test began to listen."""

from collections.abc import Iterable

from django.db.models import Max

from notifications.models import Notification, Outbox
from notifications.testing.sending import Sending


def newest() -> int:
    """The highest primary key in the outbox."""
    found = Outbox.objects.aggregate(newest=Max("pk"))["newest"]
    return found or 0


def rows_after(pk: int) -> dict[int, Outbox]:
    """The rows written after this one, with what they are about, by primary key."""
    rows = Outbox.objects.filter(pk__gt=pk).select_related("notification", "topic")
    return {row.pk: row for row in rows.order_by("pk")}


def sendings(rows: Iterable[Outbox]) -> list[Sending]:
    """What these rows say, in the order in which it was said.

    Their notifications are looked up again: what is gone was rolled back.
    """
    listed = list(rows)
    now = Notification.objects.in_bulk({row.notification_id for row in listed})
    found: dict[tuple[str, int], Sending] = {}
    for row in listed:
        said = now.get(row.notification_id)
        # SQLite gives a key again that was rolled back.
        if said is None or said.created_at != row.notification.created_at:
            continue
        # Many people are many rows; anything else can be said again.
        whole = row.kind == Outbox.Kind.ITEMS
        key = (row.kind, row.notification_id if whole else -row.pk)
        if key not in found:
            topic = row.topic.key if row.topic else ""
            found[key] = Sending(Outbox.Kind(row.kind), said, topic=topic)
        found[key].user_keys.extend(row.recipients)
    return list(found.values())
