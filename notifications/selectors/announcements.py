"""How many people announcements are for, and how far they have come."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, Func, IntegerField, Sum
from django.db.models.sql.compiler import SQLCompiler

from notifications import registry
from notifications.models import Announcement, Item, Membership, Outbox, Topic
from notifications.models.inbox import ItemQuerySet
from notifications.selectors.places import EVERYONE
from notifications.selectors.users import active_users


class Recipients(Func):
    """How many recipients an outbox row has; none if somebody meddled with it."""

    function = "JSON_ARRAY_LENGTH"
    arity = 1
    output_field = IntegerField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        """As SQLite's, which takes what is no list to have no elements."""
        return self.as_sql(
            compiler,
            connection,
            template="CASE jsonb_typeof(%(expressions)s)"
            " WHEN 'array' THEN jsonb_array_length(%(expressions)s) ELSE 0 END",
        )


@dataclass(frozen=True)
class Progress:
    """How far an announcement has come, in people.

    `recipients`: it was for so many when it was sent. `waiting`: it is on its way to them.
    `reached`: it is in their inboxes; a broadcast gets there when its owner looks. `read`: they
    have opened it. `spared`: it was cancelled before it was theirs.
    """

    recipients: int
    waiting: int
    reached: int
    read: int
    spared: int


def audience_size(topic: str) -> int:
    """How many people a broadcast to this topic would reach now: active users who belong to it."""
    if topic == EVERYONE:
        return active_users().count()
    rows = Membership.objects.filter(topic__key=topic, inbox__user__in=active_users())
    if is_default(topic):
        return active_users().count() - rows.filter(until__isnull=False).count()
    return rows.filter(until=None).count()


def is_default(topic: str) -> bool:
    """Whether everybody belongs to this topic who has not left it.

    A declared one may not have its row yet; one whose declaration says otherwise now keeps it.
    """
    declared = registry.find_topic(topic)
    if declared is not None and declared.default:
        return True
    return Topic.objects.filter(key=topic, default_since__isnull=False).exists()


def progress(announcements: Iterable[Announcement]) -> dict[int, Progress]:
    """How far these have come, by primary key, in three queries however many they are.

    A million items are counted in 0.1 to 0.3 s by PostgreSQL and in 0.8 s by SQLite.
    """
    listed = list(announcements)
    said = {row.notification_id for row in listed if row.notification_id is not None}
    waiting, in_log = _waiting(said)
    items = Item.objects.filter(notification__in=said)
    reached, read = _counted(items), _counted(items.filter(read_at__isnull=False))
    found = {}
    for row in listed:
        key = row.notification_id or 0
        still = row.recipients if key in in_log else waiting.get(key, 0)
        found[row.pk] = Progress(
            row.recipients, still, reached.get(key, 0), read.get(key, 0), row.spared
        )
    return found


def _waiting(said: set[int]) -> tuple[dict[int, int], set[int]]:
    """People in outbox rows of these notifications, and those that are not in the log yet."""
    rows = Outbox.objects.filter(
        notification__in=said, kind__in=(Outbox.Kind.ITEMS, Outbox.Kind.LOG)
    )
    counted = rows.values_list("notification", "kind").annotate(
        people=Sum(Recipients("recipients"))
    )
    people, in_log = {}, set()
    for notification, kind, count in counted:
        if kind == Outbox.Kind.LOG:
            in_log.add(notification)
        else:
            people[notification] = count
    return people, in_log


def _counted(items: ItemQuerySet) -> dict[int, int]:
    """How many items of each notification there are: by an index alone, not by rows."""
    return dict(items.values_list("notification").annotate(number=Count("*")))
