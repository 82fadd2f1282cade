"""What operators send with a form: once, however often the form is posted."""

import hashlib
import json
from collections.abc import Callable

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import QuerySet

from notifications.models import Announcement, Notification, Schedule
from notifications.services import idempotency, schedules
from notifications.services.announcements import Content, announce, announce_to


def announce_once(form: str, topic: str, fields: Content, by: AbstractBaseUser) -> Announcement:
    """`announce`, or what it announced when this form (a key of its own) was posted first.

    Raises `IdempotencyConflict` for a form that was sent with something else in it.
    """
    fingerprint = _fingerprint(fields, f"topic:{topic}")
    return _once(form, fingerprint, by, lambda: announce(topic, fields, by))


def announce_to_once(
    form: str,
    people: "QuerySet[AbstractBaseUser]",
    chosen: str,
    fields: Content,
    by: AbstractBaseUser,
) -> Announcement:
    """`announce_to`, in the same manner; `chosen` is how these people were chosen."""
    fingerprint = _fingerprint(fields, f"chosen:{chosen}")
    return _once(form, fingerprint, by, lambda: announce_to(people, fields, by))


def run_once(form: str, schedule: Schedule, by: AbstractBaseUser) -> Announcement:
    """`schedules.run_now`, in the same manner."""
    return _once(
        form,
        _fingerprint({}, f"schedule:{schedule.pk}"),
        by,
        lambda: schedules.run_now(schedule, by),
    )


def _fingerprint(fields: Content, audience: str) -> str:
    said = json.dumps([fields, audience], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def _once(
    form: str, fingerprint: str, by: AbstractBaseUser, say: Callable[[], Announcement]
) -> Announcement:
    def write() -> Notification:
        return say().notification  # type: ignore[return-value]  # what was said has one

    # Keys of other people are not theirs to guess.
    notification = idempotency.once(f"form:{by.pk}:{form}", fingerprint, write)
    return Announcement.objects.get(notification=notification)
