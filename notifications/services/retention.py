"""Forgetting what need not be kept."""

from datetime import datetime, timedelta
from itertools import takewhile

from django.db import transaction
from django.utils import timezone

from notifications.conf import settings
from notifications.models import IdempotencyKey, LogEntry, Publication
from notifications.services.locks import lock_head

# Rows per transaction, so that no lock is held for long.
BATCH = 1000


def cleanup() -> int:
    """Delete idempotency keys and entries of the log that are past their time; how many.

    And what is known of publications, a day after their keys: who asks with a key that is still
    there is told what was answered.
    """
    now = timezone.now()
    keys_before = now - timedelta(days=settings.idempotency_days)
    return (
        _delete_rows(IdempotencyKey, keys_before)
        + _delete_rows(Publication, keys_before - timedelta(days=1))
        + _prune_log(now - timedelta(days=settings.log_days))
    )


def _delete_rows(model: type[IdempotencyKey | Publication], before: datetime) -> int:
    deleted = 0
    while True:
        old = model._default_manager.filter(created_at__lt=before).order_by("created_at")
        count, _ = model._default_manager.filter(
            pk__in=list(old.values_list("pk", flat=True)[:BATCH])
        ).delete()
        deleted += count
        if count < BATCH:
            return deleted


def _prune_log(before: datetime) -> int:
    """Delete the oldest entries; the floor tells that they were there.

    Who has not taken them in by then never will: they have not listed their inbox for as long.
    Items made of them stay.
    """
    deleted = 0
    while count := _prune_batch(before):
        deleted += count
    return deleted


@transaction.atomic
def _prune_batch(before: datetime) -> int:
    # Positions are given out in the order of time, but for clocks that differ by moments.
    oldest = LogEntry.objects.order_by("position").values_list("position", "created_at")[:BATCH]
    old = list(takewhile(lambda entry: entry[1] < before, oldest))
    if not old:
        return 0
    head = lock_head()
    head.floor = old[-1][0]
    head.save(update_fields=["floor"])
    LogEntry.objects.filter(position__lte=head.floor).delete()
    return len(old)
