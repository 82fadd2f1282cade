from django.conf import settings
from django.db import models

from notifications.models.notification import Notification


class ApiKey(models.Model):
    """What another service shows to publish, and what it may publish with it.

    Of the secret only the SHA-256 is kept. A slow hash would protect nothing: nobody guesses 256
    random bits, however fast guessing is, and each request would pay for it. `types` and `topics`
    are lists of keys, or `[EVERYTHING]`; a key that has been given nothing can do nothing.
    """

    # No key of a type or topic can be this.
    EVERYTHING = "*"

    name = models.CharField(max_length=100)
    # Public: by this a key is found, and people tell one from another.
    prefix = models.CharField(max_length=20, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    types = models.JSONField(default=list)
    topics = models.JSONField(default=list, blank=True)
    may_notify = models.BooleanField(default=False)
    # Has tokens made for anybody's inbox.
    may_embed = models.BooleanField(default=False, db_default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"
        permissions = [("embed_inboxes", "Can let services show anybody's inbox")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"


class Publication(models.Model):
    """What an API key published; that key may ask how far it has come.

    `recipients` is how many people it was for. `unknown` are those that nobody could be found for,
    as they were named; kept for those who ask with the same idempotency key again.
    """

    class Kind(models.TextChoices):
        NOTIFICATION = "notification"
        BROADCAST = "broadcast"

    # Never asked for by key: its index would serve the deletion of keys, which are revoked instead.
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    # Also serves: how far it has come, and the first answer once more.
    notification = models.OneToOneField(Notification, on_delete=models.CASCADE, related_name="+")
    recipients = models.PositiveBigIntegerField(default=0)
    unknown = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # The nightly clean-up: what is older than idempotency keys are kept.
            models.Index(fields=["created_at"], name="clarion_publication_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.notification_id} by key {self.key_id}"
