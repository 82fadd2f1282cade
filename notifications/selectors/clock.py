"""The one clock by which schedules go."""

from datetime import datetime

from django.db.models.functions import Now

from notifications.models import LogHead


def database_now() -> datetime:
    """The time by the database's clock, which all hosts share."""
    now: datetime = LogHead.objects.filter(pk=LogHead.ROW).values_list(Now(), flat=True).get()
    return now
