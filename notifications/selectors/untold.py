"""What has changed, and has yet to be carried on to the inboxes."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from notifications.models import Item, Notification, Outbox
from notifications.selectors.prepared import Prepared


def has_untold(inbox_id: int) -> bool:
    """Whether something in the inbox was updated or retracted, or expired, before its `seq` tells.

    Lists show it as it is now. Whoever goes by the seq asks this first, and then for the seq: the
    other way round it may be told in between.
    """
    return bool(_UNTOLD.rows([inbox_id]))


def _untold(inbox_ids: list[int]) -> QuerySet[Any, Any]:
    """From the few that are under way, along clarion_item_of_notification; not from the inbox."""
    items = Item.objects.filter(inbox__in=inbox_ids, gone=False)
    under_way = Outbox.objects.filter(
        Exists(items.filter(notification=OuterRef("notification"))), lane=Outbox.Lane.CHANGE
    )
    # Along clarion_notification_expires.
    expired = Notification.objects.filter(
        Exists(items.filter(notification=OuterRef("pk"))), expires_at__lte=Now(), retracted_at=None
    )
    return under_way.values_list("notification").union(expired.values_list("pk"), all=True)


_UNTOLD = Prepared(_untold, -2)
