"""What operators see: notifications, and the outbox with its parked rows."""

from notifications.admin.notifications import NotificationAdmin
from notifications.admin.outbox import OutboxAdmin

__all__ = ["NotificationAdmin", "OutboxAdmin"]
