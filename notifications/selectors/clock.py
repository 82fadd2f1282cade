"""The one clock by which schedules go and notifications expire: the database's."""

from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

from notifications.models import LogHead


def database_now() -> datetime:
    """The time by the database's clock, which all hosts share."""
    now: datetime = LogHead.objects.filter(pk=LogHead.ROW).values_list(Now(), flat=True).get()
    return now


def current() -> Q:
    """Items or entries whose notification was neither retracted nor has expired, told or not."""
    unexpired = Q(notification__expires_at=None) | Q(notification__expires_at__gt=Now())
    return unexpired & Q(notification__retracted_at=None)
