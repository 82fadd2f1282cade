"""What operators see: announcements, schedules, API keys, the outbox with its parked rows."""

from notifications.admin import names
from notifications.admin.announcements import AnnouncementAdmin
from notifications.admin.api_keys import ApiKeyAdmin
from notifications.admin.notifications import NotificationAdmin
from notifications.admin.outbox import OutboxAdmin
from notifications.admin.people import NotifyPeople
from notifications.admin.schedules import ScheduleAdmin

names.give()

__all__ = [
    "AnnouncementAdmin",
    "ApiKeyAdmin",
    "NotificationAdmin",
    "NotifyPeople",
    "OutboxAdmin",
    "ScheduleAdmin",
]
