from django.db import models

from notifications.models.notification import Notification


class IdempotencyKey(models.Model):
    """A promise already kept: the same key again means the same notification.

    `fingerprint` is the SHA-256 of what was said and to whom (`services.idempotency`).
    """

    key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=64)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            # The nightly clean-up: keys older than 90 days.
            models.Index(fields=["created_at"], name="clarion_idempotency_age"),
        ]

    def __str__(self) -> str:
        return self.key
