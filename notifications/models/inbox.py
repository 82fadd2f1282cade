from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.models.notification import Notification


class Inbox(models.Model):
    """One person's log.

    `seq` counts the changes to the items; `unread` and `unseen` count items that are listed;
    `taken` is the position up to which the broadcast log was taken in; below `floor` (a seq)
    items were pruned, so a cursor older than that cannot be resumed from. `choices` is what the
    person does not want to hear (`wire.choices`), null for nearly everybody. `burst` items have
    arrived since `burst_since` (seconds since 1970), which is how a storm is noticed.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox"
    )
    seq = models.PositiveBigIntegerField(default=0)
    unread = models.PositiveIntegerField(default=0)
    unseen = models.PositiveIntegerField(default=0)
    taken = models.PositiveBigIntegerField(default=0)
    floor = models.PositiveBigIntegerField(default=0)
    choices = models.JSONField(null=True)
    burst = models.PositiveIntegerField(default=0, db_default=0)
    burst_since = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return f"inbox {self.pk}"


# Threads that the relay makes of a storm begin with this; callers' may not.
STORM_PREFIX = "storm:"

# What is in the list and counts as unread or unseen.
LISTED = Q(archived_at=None, snoozed_until=None, folded=False, gone=False)


class ItemQuerySet(models.QuerySet["Item"]):
    """Conditions that several queries share."""

    def listed(self) -> "ItemQuerySet":
        """Items in the list: not put away, snoozed, superseded or gone. Only these count."""
        return self.filter(LISTED)


class Item(models.Model):
    """One notification in one inbox, with its state; `seq` is that of its newest change.

    `position` is set for items that came from the broadcast log. `folded` items are superseded in
    their thread; the newest one stands for them, and `gathered` says for how many, of whom
    (`services.threads`). `gone` ones were retracted or have expired: they stay for a while, so
    that clients that come back are told. `thread` is the notification's, or that of a storm.
    Listed by notification, newest first, whenever they arrived.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, db_index=False)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, db_index=False)
    seq = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField(null=True)
    # Copies of the notification's, for the filters of the list.
    category = models.CharField(max_length=100, default="", db_default="")
    thread = models.CharField(max_length=150, default="", db_default="")
    gathered = models.JSONField(null=True)
    folded = models.BooleanField(default=False)
    gone = models.BooleanField(default=False, db_default=False)
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also serves what was said to one inbox, whatever became of it: the relay, pruning.
            models.UniqueConstraint(fields=["inbox", "notification"], name="clarion_item_once"),
            # Also serves the resume: one inbox, what changed after a cursor.
            models.UniqueConstraint(fields=["inbox", "seq"], name="clarion_item_seq"),
            models.CheckConstraint(
                condition=Q(read_at=None) | Q(seen_at__isnull=False),
                name="clarion_item_read_is_seen",
            ),
        ]
        indexes = [
            # The items of one notification: updating, retracting and deleting it.
            models.Index(fields=["notification", "inbox"], name="clarion_item_of_notification"),
            # How many have read an announcement. Without it counting them visits every row.
            models.Index(
                fields=["notification"],
                condition=Q(read_at__isnull=False),
                name="clarion_item_read",
            ),
            # The list, newest notification first, however much was put away.
            models.Index(
                fields=["inbox", "notification"], condition=LISTED, name="clarion_item_listed"
            ),
            # The list of what is unread.
            models.Index(
                fields=["inbox", "notification"],
                condition=LISTED & Q(read_at=None),
                name="clarion_item_unread",
            ),
            # The list of what was put away.
            models.Index(
                fields=["inbox", "notification"],
                condition=Q(archived_at__isnull=False, folded=False, gone=False),
                name="clarion_item_archived",
            ),
            # The list of one category, and keeping no more of one than is to be kept.
            models.Index(
                fields=["inbox", "category", "notification"], name="clarion_item_category"
            ),
            # What is gone: forgetting that, too. There is little of it.
            models.Index(
                fields=["inbox", "notification"], condition=Q(gone=True), name="clarion_item_gone"
            ),
            # One thread: folding it, and listing it.
            models.Index(
                fields=["inbox", "thread", "notification"],
                condition=~Q(thread=""),
                name="clarion_item_thread",
            ),
            # What is snoozed: one person's list, and what the sweep wakes.
            models.Index(
                fields=["inbox", "notification"],
                condition=Q(snoozed_until__isnull=False),
                name="clarion_item_snoozed",
            ),
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="clarion_item_wakes",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}: notification {self.notification_id} in inbox {self.inbox_id}"

    @property
    def is_listed(self) -> bool:
        """Whether it is in the list, and counts: as `LISTED`."""
        apart = self.archived_at is not None or self.snoozed_until is not None
        return not (apart or self.folded or self.gone)
