from django.db import models
from django.db.models import Q

from notifications.models.inbox import Inbox
from notifications.models.notification import Notification


class Topic(models.Model):
    """An audience with a name: `everyone`, `staff`, `auth_group.<pk>` or a declared one.

    `default_since`: a position from which on everybody belongs who has no membership that says
    otherwise; null where only members do. `version` grows with each person who leaves, and log
    entries bear it: who gives them out and knows an older one asks first who has left. It grows,
    to `default_version`, when everybody comes to belong, too. `asked_up_to` is the inbox up to
    which the reconciler has asked again who may subscribe.
    """

    key = models.CharField(max_length=100, unique=True)
    default_since = models.PositiveBigIntegerField(null=True)
    version = models.PositiveBigIntegerField(default=0, db_default=0)
    default_version = models.PositiveBigIntegerField(null=True)
    asked_up_to = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            # Where everybody belongs: part of every look at where inboxes are.
            models.Index(
                fields=["default_since"],
                condition=Q(default_since__isnull=False),
                name="clarion_topic_default",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Membership(models.Model):
    """An inbox's part in a topic: log entries after `since` (a position) concern it.

    Until `until`, for one that left; its row stays, to be taken up again: `rejoined`. `seq` is
    the inbox's when it joined or left: a cursor from before that knows nothing of it, however far
    its position is. `version` is the topic's by which somebody last left, also of those who
    came back. Topics with `default_since` need no rows, except of those who left them.
    """

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, db_index=False)
    inbox = models.ForeignKey(Inbox, on_delete=models.CASCADE, db_index=False)
    since = models.PositiveBigIntegerField()
    until = models.PositiveBigIntegerField(null=True)
    seq = models.PositiveBigIntegerField(default=0)
    rejoined = models.BooleanField(default=False, db_default=False)
    version = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = [
            # Also serves: the topics of an inbox.
            models.UniqueConstraint(fields=["inbox", "topic"], name="clarion_membership_once"),
        ]
        indexes = [
            # The members of a topic: the number reached, the reconciler.
            models.Index(fields=["topic", "inbox"], name="clarion_membership_topic"),
            # Who has left a topic since one of its versions; it is without those who never did.
            models.Index(
                fields=["topic", "version"],
                condition=Q(version__isnull=False),
                name="clarion_membership_left",
            ),
        ]

    def __str__(self) -> str:
        return f"inbox {self.inbox_id} in topic {self.topic_id} since {self.since}"


class LogHead(models.Model):
    """The one row that orders the broadcast log.

    Whoever appends holds its lock until commit, so that positions become visible in order and
    without holes. `epoch` names this database in cursors; below `floor` entries were pruned;
    `retracted` is the newest entry that retracts something.
    """

    ROW = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW)
    epoch = models.CharField(max_length=16)
    position = models.PositiveBigIntegerField(default=0)
    floor = models.PositiveBigIntegerField(default=0)
    retracted = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="clarion_one_log_head")]

    def __str__(self) -> str:
        return f"log {self.epoch} at {self.position}"


class LogEntry(models.Model):
    """One thing said, updated or retracted to a topic, at a position.

    `origin` is the position at which it was said, where this tells of an update or a retraction:
    whoever that did not concern, this does not concern either.
    """

    class Kind(models.TextChoices):
        NEW = "new"
        UPDATE = "update"
        RETRACT = "retract"

    position = models.PositiveBigIntegerField(primary_key=True)
    topic = models.ForeignKey(Topic, on_delete=models.PROTECT, db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, db_index=False)
    origin = models.PositiveBigIntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "log entries"
        indexes = [
            # What an inbox has not taken in: its topics, after a position.
            models.Index(fields=["topic", "position"], name="clarion_logentry_pending"),
            # What was retracted, for those who come back and have it in their list.
            models.Index(
                fields=["topic", "position"],
                condition=Q(kind="retract"),
                name="clarion_logentry_retracted",
            ),
            # The entries of one notification: updating and retracting a broadcast, pruning.
            models.Index(fields=["notification"], name="clarion_logentry_notification"),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.kind} {self.notification_id} to topic {self.topic_id}"
