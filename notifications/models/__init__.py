from notifications.models.idempotency import IdempotencyKey
from notifications.models.inbox import Inbox, Item
from notifications.models.log import LogEntry, LogHead, Membership, Topic
from notifications.models.notification import Level, Notification, Priority
from notifications.models.outbox import Outbox
from notifications.models.publishing import ApiKey, Publication
from notifications.models.schedule import Announcement, Heard, Schedule
from notifications.models.upkeep import Pass

__all__ = [
    "Announcement",
    "ApiKey",
    "Heard",
    "IdempotencyKey",
    "Inbox",
    "Item",
    "Level",
    "LogEntry",
    "LogHead",
    "Membership",
    "Notification",
    "Outbox",
    "Pass",
    "Priority",
    "Publication",
    "Schedule",
    "Topic",
]
