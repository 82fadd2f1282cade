from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from notifications.models.notification import Level, Notification


class Schedule(models.Model):
    """A broadcast that goes out by itself: once, every so often, or by a crontab.

    `next_slot` is the moment that is sent next; null when it is paused or over. Whatever fires,
    beat or the sweep, sends what is due by the database's clock and advances it. Moments are
    computed in `time_zone`. The periodic task is a doorbell for beat and follows this row;
    `mirrored` is whether both were enabled when they last agreed.
    """

    class Kind(models.TextChoices):
        ONCE = "once", _("once")
        EVERY = "every", _("every so often")
        CRON = "cron", _("by a crontab")

    class Period(models.TextChoices):
        MINUTES = "minutes", _("Minutes")
        HOURS = "hours", _("Hours")
        DAYS = "days", _("Days")

    class Missed(models.TextChoices):
        SKIP = "skip", _("leave it out")
        LAST = "last", _("send the last one late")

    # What, and to whom.
    topic = models.CharField(max_length=100)
    type = models.CharField(max_length=100, default="message")
    title = models.CharField(max_length=200, blank=True)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    level = models.CharField(max_length=10, choices=Level, blank=True)
    data = models.JSONField(default=dict, blank=True)

    # When.
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField(null=True, blank=True)
    every = models.PositiveIntegerField(null=True, blank=True)
    period = models.CharField(max_length=10, choices=Period, blank=True)
    cron = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    missed = models.CharField(max_length=10, choices=Missed, default=Missed.SKIP)
    enabled = models.BooleanField(default=True)

    next_slot = models.DateTimeField(null=True, blank=True, editable=False)
    periodic_task = models.OneToOneField(
        "django_celery_beat.PeriodicTask",
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    mirrored = models.BooleanField(default=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            # The sweep: what is due.
            models.Index(
                fields=["next_slot"],
                condition=Q(next_slot__isnull=False, enabled=True),
                name="clarion_schedule_due",
            ),
        ]

    def __str__(self) -> str:
        parts = {"what": self.title or self.type, "topic": self.topic}
        return gettext("%(what)s to %(topic)s") % parts


class Announcement(models.Model):
    """What an operator or a schedule said, or left out: when, by whom, to how many.

    One for each slot of a schedule that went out, late or not, and one for slots that were left
    out together: `missed` is their number. `recipients` is how many people it was for by then;
    `spared` are those of them who did not get it because it was cancelled.
    """

    class State(models.TextChoices):
        SENT = "sent", _("Sent")
        LATE = "late", _("sent late")
        SKIPPED = "skipped", _("left out")
        FAILED = "failed", _("Failed")

    schedule = models.ForeignKey(
        Schedule, on_delete=models.SET_NULL, null=True, related_name="announcements", db_index=False
    )
    slot = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.SENT)
    notification = models.ForeignKey(Notification, on_delete=models.SET_NULL, null=True)
    # A topic's key; empty for chosen people.
    topic = models.CharField(max_length=100, blank=True)
    recipients = models.PositiveBigIntegerField(default=0)
    spared = models.PositiveBigIntegerField(default=0)
    missed = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        permissions = [
            ("compose", "Can send to topics and to chosen people"),
            ("announce_to_everyone", "Can send to everyone, now or by schedule"),
        ]
        constraints = [
            # Also serves the history of a schedule, newest slot first.
            models.UniqueConstraint(fields=["schedule", "slot"], name="clarion_announcement_once"),
        ]
        indexes = [
            # The list in the admin.
            models.Index(fields=["-created_at"], name="clarion_announcement_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.slot or self.created_at}"


class Heard(models.Model):
    """When a process was last heard of: `beat` is what rang, so that a worker wrote this."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "heard"

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
