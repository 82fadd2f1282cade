"""Sending what is due: each slot once, whoever rings, however often."""

import logging
from datetime import datetime, timedelta
from typing import TypeGuard, cast

from celery.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error as DatabaseProblem
from django.db import transaction
from django.db.models.functions import Now

from notifications.clocks import zone_of
from notifications.conf import settings
from notifications.exceptions import InvalidSchedule
from notifications.models import Announcement, Schedule
from notifications.recurrence import Recurrence
from notifications.selectors.announcements import audience_size
from notifications.selectors.clock import database_now
from notifications.services import mirror, slots
from notifications.services.broadcast import broadcast
from notifications.services.connections import leave_broken
from notifications.services.content import Fields
from notifications.services.locks import lock_schedule, wait_at_most

logger = logging.getLogger(__name__)

State = Announcement.State

# Up to so many slots that were left out are counted.
MISSED_MAX = 1000
# Seconds to wait for a lock; the next sweep tries again.
LOCK_SECONDS = 1.0
# In the data of what is sent late: the slot for which it was meant.
SLOT = "slot"
# Appended to a title of one's own when it is sent late.
LATE_SUFFIX = " (%Y-%m-%d %H:%M)"


def fire_due() -> int:
    """Send what is due by the database's clock; how many broadcasts that made.

    Each schedule in a transaction of its own. One that meets a problem of the database stays due,
    and holds up no other.
    """
    sent = 0
    # Without a transaction first: SQLite's would take its only write lock to find nothing.
    due = Schedule.objects.filter(enabled=True, next_slot__lte=Now()).order_by("next_slot")
    for pk in list(due.values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                wait_at_most(LOCK_SECONDS)
                sent += _fire(pk)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("Schedule %d is still due", pk)
            leave_broken()
    return sent


def send(
    schedule: Schedule,
    slot: datetime | None,
    *,
    late: bool = False,
    missed: int = 0,
    by: AbstractBaseUser | None = None,
) -> Announcement:
    """Broadcast it, for a slot or out of turn, and remember that. Raises as `broadcast` does.

    The caller's transaction holds both.
    """
    key = None if slot is None else f"schedule:{schedule.pk}:{slot:%Y-%m-%dT%H:%M:%SZ}"
    label = slot if late else None
    notification = broadcast(
        schedule.topic, schedule.type, idempotency_key=key, **said(schedule, label)
    )
    return Announcement.objects.create(
        schedule=schedule,
        slot=slot,
        state=State.LATE if late else State.SENT,
        notification=notification,
        topic=schedule.topic,
        recipients=audience_size(schedule.topic),
        missed=missed,
        sent_by_id=by.pk if by else None,
    )


def said(schedule: Schedule, late: datetime | None = None) -> Fields:
    """What it says; what is sent late bears its slot."""
    title, data = schedule.title, schedule.data
    if late is not None:
        local = late.astimezone(zone_of(schedule.time_zone))
        data = {**data, SLOT: local.isoformat()}
        # Without a title it has that of its type, filled from data.
        title = title and f"{title}{local:{LATE_SUFFIX}}"
    return Fields(
        title=title, body=schedule.body, url=schedule.url, level=schedule.level, data=data
    )


def _fire(pk: int) -> int:
    schedule = lock_schedule(pk, waiting=False)
    now = database_now()
    # Somebody else may have been here since it was found to be due.
    if schedule is None or not schedule.enabled or not _is_due(schedule.next_slot, now):
        return 0
    if mirror.differ(schedule):
        # Paused a moment ago, in beat's own admin.
        mirror.merge(schedule, now)
        return 0
    try:
        recurrence = slots.recurrence_of(schedule)
    except InvalidSchedule as error:
        if not _is_known(schedule, schedule.next_slot):
            _note(schedule, schedule.next_slot, State.FAILED, error=str(error))
        mirror.halt(schedule)
        return 0
    return _settle(schedule, recurrence, now)


def _is_due(slot: datetime | None, now: datetime) -> TypeGuard[datetime]:
    return slot is not None and slot <= now


def _is_known(schedule: Schedule, slot: datetime) -> bool:
    """Whether the slot was dealt with: next_slot was set back, because a clock was."""
    return schedule.announcements.filter(slot=slot).exists()


def _settle(schedule: Schedule, recurrence: Recurrence, now: datetime) -> int:
    """Send, or leave out, all slots up to now, and go on to the next; how many were sent."""
    first = cast(datetime, schedule.next_slot)
    slot = max(recurrence.up_to(now) or first, first)
    sent = 0
    if not _is_known(schedule, slot):
        late = now - slot > timedelta(seconds=settings.schedule_grace_seconds)
        missed = _count(recurrence, first, slot)
        if late and schedule.missed == Schedule.Missed.SKIP:
            _note(schedule, slot, State.SKIPPED, missed=min(missed + 1, MISSED_MAX))
        else:
            sent = _try(schedule, slot, late, missed)
    schedule.next_slot = recurrence.after(max(now, slot))
    schedule.save(update_fields=["next_slot"])
    if schedule.next_slot is None:
        # Nobody need ring any more.
        mirror.write(schedule)
    return sent


def _count(recurrence: Recurrence, first: datetime, last: datetime) -> int:
    """How many slots there were from `first` on, before `last`."""
    count, slot = 0, first
    while slot < last and count < MISSED_MAX:
        count, slot = count + 1, recurrence.after(slot) or last
    return count


def _try(schedule: Schedule, slot: datetime, late: bool, missed: int) -> int:
    try:
        with transaction.atomic():
            send(schedule, slot, late=late, missed=missed)
    except (DatabaseProblem, SoftTimeLimitExceeded):
        raise
    except Exception as error:
        # Its own fault: the topic is gone, the type is no longer declared. The next slot may do.
        logger.warning("Schedule %d cannot be sent", schedule.pk, exc_info=True)
        _note(schedule, slot, State.FAILED, missed=missed, error=str(error))
        return 0
    return 1


def _note(
    schedule: Schedule, slot: datetime | None, state: State, *, missed: int = 0, error: str = ""
) -> None:
    Announcement.objects.create(
        schedule=schedule,
        slot=slot,
        state=state,
        topic=schedule.topic,
        missed=missed,
        error=error.replace("\0", ""),
    )
