"""What beat has done every few seconds: find what nobody woke anybody for."""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.db.models.functions import Now

from notifications.models import Heard
from notifications.selectors.silence import BEAT
from notifications.services import inbox, living, mirror, relay, schedules
from notifications.services.connections import leave_broken

logger = logging.getLogger(__name__)

# Seconds between two notes that beat was heard.
NOTE_SECONDS = 10
# Seconds that bringing back what was snoozed may take; the rest is for the next sweep.
WOKEN_SECONDS = 3.0
MIRROR = "mirror"
# Seconds between two looks at what was changed without a word.
MIRROR_SECONDS = 60


def sweep() -> None:
    """Send what is due, take back what expired, bring back what was snoozed, relay what is left.

    One part that fails is logged and stops no other.
    """
    parts = (
        _note_beat,
        schedules.fire_due,
        _keep_mirror,
        living.expire,
        _wake_snoozed,
        relay.sweep,
    )
    for part in parts:
        _attempt(part)


def _attempt(part: Callable[[], object]) -> None:
    try:
        part()
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        logger.exception("%s.%s failed", part.__module__, part.__name__)
        leave_broken()


def _note_beat() -> None:
    _is_time(BEAT, NOTE_SECONDS)


def _wake_snoozed() -> None:
    inbox.wake(WOKEN_SECONDS)


def _keep_mirror() -> None:
    if _is_time(MIRROR, MIRROR_SECONDS):
        mirror.upkeep()


def _is_time(name: str, seconds: float) -> bool:
    """Whether so many seconds have passed since this was last true, for whichever process."""
    before = Now() - timedelta(seconds=seconds)
    # Without writing first: SQLite has one writer.
    if Heard.objects.filter(name=name, at__gt=before, at__lte=Now()).exists():
        return False
    if Heard.objects.filter(name=name).exclude(at__gt=before, at__lte=Now()).update(at=Now()):
        return True
    _, created = Heard.objects.get_or_create(name=name, defaults={"at": Now()})
    return created
