"""Forgetting what need not be kept."""

from datetime import timedelta

from django.utils import timezone

from notifications.conf import settings
from notifications.models import IdempotencyKey

# Rows per transaction, so that no lock is held for long.
BATCH = 1000


def cleanup() -> int:
    """Delete idempotency keys past their time; how many."""
    before = timezone.now() - timedelta(days=settings.idempotency_days)
    deleted = 0
    while True:
        old = IdempotencyKey.objects.filter(created_at__lt=before).order_by("created_at")
        count, _ = IdempotencyKey.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:BATCH])
        ).delete()
        deleted += count
        if count < BATCH:
            return deleted
