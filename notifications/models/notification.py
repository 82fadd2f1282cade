from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Level(models.TextChoices):
    """How it looks."""

    INFO = "info", _("Info")
    SUCCESS = "success", _("Success")
    WARNING = "warning", _("Warning")
    ERROR = "error", _("Error")


class Priority(models.TextChoices):
    """How it is pressed upon the reader."""

    NORMAL = "normal", _("Normal")
    URGENT = "urgent", _("Urgent")


class Notification(models.Model):
    """What is said, written once however many people it goes to.

    Typed notifications store `type` and `data` and are rendered for each reader; ad-hoc ones
    store their text. The actor is text, not a foreign key: it must survive the actor's deletion
    and may come from another service.
    """

    type = models.CharField(max_length=100)
    category = models.CharField(max_length=100)
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    level = models.CharField(max_length=10, choices=Level)
    priority = models.CharField(max_length=10, choices=Priority, default=Priority.NORMAL)
    thread = models.CharField(max_length=100, blank=True)
    data = models.JSONField(default=dict, blank=True)
    # Up to three of {"label", "url"}; null where there are none.
    actions = models.JSONField(null=True, blank=True)
    actor_type = models.CharField(max_length=100, blank=True)
    actor_id = models.CharField(max_length=100, blank=True)
    actor_label = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    # When it was taken back, or the sweep found that it had expired.
    retracted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [
            # What the sweep looks for: expired, and nobody was told yet.
            models.Index(
                fields=["expires_at"],
                condition=Q(expires_at__isnull=False, retracted_at=None),
                name="clarion_notification_expires",
            ),
            # One thread: retracting it for somebody, replacing a broadcast by the next one.
            models.Index(
                fields=["thread"],
                condition=~Q(thread="") & Q(retracted_at=None),
                name="clarion_notification_thread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}: {self.title or self.data}"

    def is_over(self, now: datetime) -> bool:
        """Whether it was retracted, or has expired."""
        expired = self.expires_at is not None and self.expires_at <= now
        return self.retracted_at is not None or expired
