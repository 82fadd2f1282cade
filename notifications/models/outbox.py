from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.models.log import Topic
from notifications.models.notification import Notification


class Outbox(models.Model):
    """Something that still has to be put into inboxes or the log.

    Written in the caller's transaction, deleted by the relay in the transaction that did it.
    A row that keeps failing backs off (`due_at`) and is parked after `ATTEMPTS`: `due_at` is null
    then, and an operator sees it in the admin. What is updated or retracted goes from inbox to
    inbox: `done_up_to` is the last one. Recipients of a retraction are those for whom alone it is
    retracted; without them it is for everybody.
    """

    ATTEMPTS = 10

    class Kind(models.TextChoices):
        ITEMS = "items", _("Items")
        LOG = "log", _("Log")
        UPDATE = "update", _("Update")
        RETRACT = "retract", _("Retract")

    class Lane(models.TextChoices):
        DIRECT = "direct", _("Direct")
        BULK = "bulk", _("Bulk")
        # What is updated or retracted goes on for as many inboxes as have it.
        CHANGE = "change", _("Change")

    kind = models.CharField(max_length=10, choices=Kind)
    lane = models.CharField(max_length=10, choices=Lane)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, null=True, blank=True)
    # User keys as JSON strings, whatever type the primary key has.
    recipients = models.JSONField(default=list, blank=True)
    done_up_to = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    # By the database's clock, which all relays share.
    due_at = models.DateTimeField(db_default=Now(), null=True, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name_plural = "outbox"
        indexes = [
            # The relay's claim: one lane, what is due, oldest first.
            models.Index(
                fields=["lane", "due_at", "id"],
                condition=Q(due_at__isnull=False),
                name="clarion_outbox_claim",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of notification {self.notification_id}"
