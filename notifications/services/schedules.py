"""Scheduled broadcasts: made, changed, paused, sent."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction

from notifications.exceptions import InvalidNotification, InvalidSchedule
from notifications.models import Announcement, Schedule
from notifications.recurrence import Recurrence
from notifications.selectors.clock import database_now
from notifications.services import content, firing, mirror, topics
from notifications.services.announcements import Content
from notifications.services.firing import fire_due
from notifications.services.locks import lock_schedule
from notifications.services.slots import is_over, recurrence_of, upcoming

__all__ = [
    "ScheduleFields",
    "create",
    "delete",
    "draft",
    "edit",
    "fire_due",
    "is_over",
    "pause",
    "recurrence_of",
    "resume",
    "run_now",
    "upcoming",
]

# Characters; a title that is sent late is followed by its slot.
TITLE_MAX = 180
CONTENT = frozenset(Content.__annotations__)
MOMENTS = ("at", "starts_at", "ends_at")
# Of moments: in all zones they are still in Python's calendar, and in the database's.
YEARS = range(1900, 9999)


class ScheduleFields(Content, total=False):
    """What is said, as of `Content`; to whom, and when: the columns of `Schedule`.

    `at` is for what is sent once. What recurs every so often is counted from `starts_at`, or from
    the minute in which it was made.
    """

    topic: str
    kind: str
    at: datetime | None
    every: int | None
    period: str
    cron: str
    time_zone: str
    starts_at: datetime | None
    ends_at: datetime | None
    missed: str
    enabled: bool


@transaction.atomic
def create(fields: ScheduleFields, by: AbstractBaseUser | None) -> Schedule:
    """A new schedule, in force unless `enabled` is False.

    Raises `InvalidNotification` (`UnknownTopic` among it) for what cannot be said, and
    `InvalidSchedule` for what cannot recur like that or would never be sent.
    """
    schedule = draft(fields)
    schedule.created_by_id = by.pk if by else None
    schedule.save()
    mirror.write(schedule)
    return schedule


@transaction.atomic
def draft(fields: ScheduleFields) -> Schedule:
    """What `create` would make, unsaved; raises as it does."""
    schedule = Schedule()
    _apply(schedule, fields)
    _begin(schedule)
    return schedule


@transaction.atomic
def edit(schedule: Schedule, fields: ScheduleFields) -> Schedule:
    """Change what is given; raises as `create` does.

    The next slot stays, unless it is another recurrence now, or one that was resumed.
    """
    row = _locked(schedule)
    was_paused, before = not row.enabled, _recurrence(row)
    _apply(row, fields)
    if recurrence_of(row) != before or (row.enabled and was_paused):
        _begin(row)
    elif not row.enabled:
        row.next_slot = None
    row.save()
    mirror.write(row)
    return _told(schedule)


@transaction.atomic
def pause(schedule: Schedule) -> Schedule:
    """Send nothing until it is resumed."""
    mirror.halt(_locked(schedule))
    return _told(schedule)


@transaction.atomic
def resume(schedule: Schedule) -> Schedule:
    """Go on with the first slot from now on. Raises `InvalidSchedule`."""
    row = _locked(schedule)
    if not row.enabled or mirror.differ(row):
        mirror.resume(row, database_now())
    return _told(schedule)


@transaction.atomic
def delete(schedule: Schedule) -> None:
    """Delete it and what rings for it; what it sent stays, and so does its history."""
    row = _locked(schedule)
    row.delete()
    mirror.remove(row)


@transaction.atomic
def run_now(schedule: Schedule, by: AbstractBaseUser | None) -> Announcement:
    """Send it once more, now; its slots are as before. Raises as `broadcast` does."""
    return firing.send(schedule, None, by=by)


def _apply(schedule: Schedule, fields: ScheduleFields) -> None:
    """Set the columns, checked. Raises as `create` does."""
    counted = schedule.at if schedule.kind == Schedule.Kind.EVERY else None
    for name, value in fields.items():
        setattr(schedule, name, value)
    for name in MOMENTS:
        _set_moment(schedule, name)
    if schedule.kind == Schedule.Kind.EVERY and schedule.at is None:
        schedule.at = counted or schedule.starts_at or database_now().replace(second=0)
        _set_moment(schedule, "at")
    if schedule.missed not in Schedule.Missed.values:
        raise InvalidSchedule(f"missed must be skip or last, not {schedule.missed!r}.")
    recurrence_of(schedule)
    _check_content(schedule)
    topics.resolve(schedule.topic)


def _set_moment(schedule: Schedule, name: str) -> None:
    moment = getattr(schedule, name)
    if moment is not None:
        if moment.year not in YEARS:
            raise InvalidSchedule(f"{name}: a year from {YEARS[0]} to {YEARS[-1]}.")
        # Idempotency keys name slots by the second.
        setattr(schedule, name, moment.replace(microsecond=0))


def _check_content(schedule: Schedule) -> None:
    composed = content.compose(schedule.type, **firing.said(schedule))
    if len(composed.title) > TITLE_MAX:
        raise InvalidNotification(
            f"title has {len(composed.title)} characters; at most {TITLE_MAX} fit, with the slot "
            "behind it when it is sent late."
        )
    for name in ("title", "body", "url", "data"):
        setattr(schedule, name, getattr(composed, name))
    # `data` has room for the slot, too.
    content.compose(schedule.type, **firing.said(schedule, database_now()))


def _begin(schedule: Schedule) -> None:
    """Set the next slot. Raises `InvalidSchedule` if there never is one."""
    slot = recurrence_of(schedule).after(database_now())
    if slot is None:
        once = schedule.kind == Schedule.Kind.ONCE
        raise InvalidSchedule(
            "at: that moment has passed." if once else "ends_at: nothing is left to send by then."
        )
    schedule.next_slot = slot if schedule.enabled else None


def _recurrence(schedule: Schedule) -> Recurrence | None:
    try:
        return recurrence_of(schedule)
    except InvalidSchedule:
        return None


def _locked(schedule: Schedule) -> Schedule:
    """The row as it is now. Raises `Schedule.DoesNotExist`."""
    row = lock_schedule(schedule.pk)
    if row is None:
        raise Schedule.DoesNotExist(f"Schedule {schedule.pk} is gone.")
    return row


def _told(schedule: Schedule) -> Schedule:
    schedule.refresh_from_db()
    return schedule
