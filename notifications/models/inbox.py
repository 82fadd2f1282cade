from django.conf import settings
from django.db import models
from django.db.models import Q

from notifications.models.notification import Notification


class Inbox(models.Model):
    """One person's log.

    `seq` counts the changes to the items; `unread` and `unseen` count items that are here;
    `taken` is the position up to which the broadcast log was taken in; below `floor` (a seq)
    items were pruned, so a cursor older than that cannot be resumed from.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox"
    )
    seq = models.PositiveBigIntegerField(default=0)
    unread = models.PositiveIntegerField(default=0)
    unseen = models.PositiveIntegerField(default=0)
    taken = models.PositiveBigIntegerField(default=0)
    floor = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "inboxes"

    def __str__(self) -> str:
        return f"inbox {self.pk}"


class ItemQuerySet(models.QuerySet["Item"]):
    """Conditions that several queries share."""

    def counted(self) -> "ItemQuerySet":
        """Items that can count as unread or unseen: neither put away nor superseded."""
        return self.filter(archived_at=None, folded=False)


class Item(models.Model):
    """One notification in one inbox, with its state; `seq` is that of its newest change.

    `position` is set for items that came from the broadcast log. `folded` items are superseded
    in their thread and do not count. Listed by notification, newest first, whenever they arrived.
    """

    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, db_index=False)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, db_index=False)
    seq = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField(null=True)
    folded = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)

    objects = ItemQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also serves the list: one inbox, newest notification first.
            models.UniqueConstraint(fields=["inbox", "notification"], name="clarion_item_once"),
            # Also serves the resume: one inbox, what changed after a cursor.
            models.UniqueConstraint(fields=["inbox", "seq"], name="clarion_item_seq"),
            models.CheckConstraint(
                condition=Q(read_at=None) | Q(seen_at__isnull=False),
                name="clarion_item_read_is_seen",
            ),
        ]
        indexes = [
            # All items of one notification: deleting, updating and retracting it.
            models.Index(fields=["notification"], name="clarion_item_notification"),
            # How many have read an announcement. Without it counting them visits every row.
            models.Index(
                fields=["notification"],
                condition=Q(read_at__isnull=False),
                name="clarion_item_read",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.pk}: notification {self.notification_id} in inbox {self.inbox_id}"
