"""What inboxes keep no longer: found without counting what they keep."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from notifications.conf import settings
from notifications.models import Inbox, Item, LogEntry, Notification, Outbox
from notifications.models.inbox import ItemQuerySet
from notifications.selectors.clock import database_now

# Days after which nobody needs to be told any more that something was retracted or has expired.
GONE_DAYS = 7


@dataclass(frozen=True)
class Limit:
    """What is kept of a category (empty: of everything).

    The newest `items`, and what was said `since`; None where that does not matter. `newest` is the
    last notification before that moment.
    """

    category: str = ""
    items: int | None = None
    since: datetime | None = None
    newest: int = 0


@dataclass(frozen=True)
class Limits:
    """All limits of a moment; what is gone stays for those who come back until `gone_since`."""

    limits: list[Limit]
    gone_since: datetime


def limits() -> Limits:
    """What is kept by the settings, as of now."""
    now = database_now()
    rules = {"": {"items": settings.keep_items, "days": settings.keep_days}, **settings.keep}
    found: list[Limit] = []
    for category, rule in rules.items():
        since = now - timedelta(days=rule["days"]) if "days" in rule else None
        newest = 0 if since is None else _last_before(since)
        found.append(Limit(category, rule.get("items"), since, newest))
    return Limits(found, now - timedelta(days=GONE_DAYS))


def crowded(kept: Limits, after: int, up_to: int) -> QuerySet[Inbox, int]:
    """Inboxes in the range (after, up_to] of ids that may have something to lose, in order.

    An inbox whose seq is not beyond a number cannot have more items; others are looked at along
    `clarion_item_once` and `clarion_item_category`, and no further than where there is one too
    many. What is gone is found along `clarion_item_gone`.
    """
    mine = Item.objects.filter(inbox=OuterRef("pk"))
    has = Q(Exists(_gone(mine, kept)))
    for limit in kept.limits:
        items = mine.filter(category=limit.category) if limit.category else mine
        if limit.items is not None:
            more = Exists(items[limit.items : limit.items + 1])
            has |= Q(seq__gt=limit.items) & Q(more)
        if limit.newest:
            has |= Q(Exists(items.filter(notification__lte=limit.newest)))
    inboxes = Inbox.objects.filter(has, pk__gt=after, pk__lte=up_to, seq__gt=0)
    return inboxes.order_by("pk").values_list("pk", flat=True)


def outlived(kept: Limits, inbox_id: int) -> list[ItemQuerySet]:
    """The items of an inbox that it keeps no longer, oldest notification first, by rule.

    What is snoozed stays until it has woken. So does what keeps a notification away that one
    person's thread was rid of before it arrived.
    """
    mine = Item.objects.filter(inbox=inbox_id)
    found = [_gone(mine, kept)]
    for limit in kept.limits:
        items = mine.filter(category=limit.category) if limit.category else mine
        if limit.items is not None:
            newest = items.order_by("-notification").values_list("notification", flat=True)
            last = list(newest[limit.items - 1 : limit.items])
            found += [items.filter(notification__lt=kept_from) for kept_from in last]
        if limit.since is not None and limit.newest:
            found.append(
                items.filter(
                    notification__lte=limit.newest, notification__created_at__lt=limit.since
                )
            )
    awake = Q(snoozed_until=None) | Q(gone=True)
    return [items.filter(awake, _not_awaited()).order_by("notification") for items in found]


def _gone(items: ItemQuerySet, kept: Limits) -> ItemQuerySet:
    """What is gone for a while. When somebody was rid of a thread alone is not known."""
    since = Coalesce("notification__retracted_at", "notification__created_at")
    return items.alias(gone_at=since).filter(gone=True, gone_at__lt=kept.gone_since)


def _not_awaited() -> Q:
    """Not what is gone for one person alone, and is still to come to their inbox."""
    waiting = Outbox.objects.filter(
        notification=OuterRef("notification"), kind__in=(Outbox.Kind.ITEMS, Outbox.Kind.LOG)
    )
    coming = LogEntry.objects.filter(
        notification=OuterRef("notification"),
        kind=LogEntry.Kind.NEW,
        position__gt=OuterRef("inbox__taken"),
    )
    nowhere = ~Exists(waiting) & ~Exists(coming)
    return Q(gone=False) | Q(notification__retracted_at__isnull=False) | Q(nowhere)


def _last_before(moment: datetime) -> int:
    """The last notification said before a moment; 0: none.

    Numbers are given out in the order of time, but for moments, so halving finds it: there is no
    index on time, which would cost each notification and serve nobody else.
    """
    said = Notification.objects.order_by("-pk").values_list("pk", "created_at")
    first = Notification.objects.order_by("pk").values_list("pk", flat=True).first()
    last = said.first()
    if first is None or last is None:
        return 0
    # What was said before is at most `high`, and at least `low` if there is any.
    low, high = first - 1, last[0]
    while low < high:
        middle = (low + high + 1) // 2
        pk, created_at = said.filter(pk__lte=middle)[0]
        if created_at < moment:
            low = middle
        else:
            high = pk - 1
    return max(low, 0)
