"""The periodic tasks of django-celery-beat that ring for schedules.

A schedule owns one. It rings, and `notifications.fire` sends what is due by then, which only the
schedule says: one that rings too early, twice or not at all changes nothing but seconds. It can be
switched off in beat's own admin, and in bulk on either side, without a word to us.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias

from celery.schedules import ParseException, crontab
from cronsim import CronSim
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    PeriodicTasks,
)

from notifications.exceptions import InvalidSchedule
from notifications.models import Schedule
from notifications.recurrence import SOME_DAY, Cron, Every, Once
from notifications.selectors.clock import database_now
from notifications.services import slots
from notifications.services.connections import leave_broken
from notifications.services.locks import lock_schedule

logger = logging.getLogger(__name__)

FIRE_TASK = "notifications.fire"
QUEUE = "relay"
# Rings that no worker hears in this time are dropped: one is as good as many.
EXPIRE_SECONDS = 60

Bell: TypeAlias = CrontabSchedule | IntervalSchedule


def write(schedule: Schedule) -> None:
    """Make its periodic task ring as the schedule says; the two agree then.

    It saves of the schedule what belongs to that. The caller has locked it. Raises
    `InvalidSchedule`.
    """
    task = schedule.periodic_task or _new(schedule)
    bell = _bell(schedule)
    if not _same(task.scheduler, bell):
        task.crontab = task.interval = task.clocked = task.solar = None
        setattr(task, "crontab" if isinstance(bell, CrontabSchedule) else "interval", _saved(bell))
    # An interval counts from here; without, from the moment at which beat hears of it.
    task.start_time = schedule.next_slot if task.interval else None
    task.enabled = schedule.enabled and schedule.next_slot is not None
    task.description = _description(schedule)
    task.save()
    schedule.periodic_task, schedule.mirrored = task, schedule.enabled
    schedule.save(update_fields=["periodic_task", "mirrored"])


def halt(schedule: Schedule) -> None:
    """Pause both, whatever else is wrong with them. The caller has locked it."""
    schedule.enabled, schedule.mirrored, schedule.next_slot = False, False, None
    schedule.save(update_fields=["enabled", "mirrored", "next_slot", "updated_at"])
    if schedule.periodic_task is not None:
        schedule.periodic_task.enabled = False
        schedule.periodic_task.save()


def resume(schedule: Schedule, now: datetime) -> None:
    """Have both go on with the first slot after `now`: what came before was not to be sent.

    The caller has locked it. Raises `InvalidSchedule`.
    """
    schedule.enabled, schedule.next_slot = True, slots.recurrence_of(schedule).after(now)
    schedule.save(update_fields=["enabled", "next_slot", "updated_at"])
    write(schedule)


def remove(schedule: Schedule) -> None:
    """Delete its periodic task."""
    if schedule.periodic_task is not None:
        schedule.periodic_task.delete()


def rings(schedule: Schedule) -> bool:
    """Whether its periodic task is there and enabled."""
    return schedule.periodic_task is not None and schedule.periodic_task.enabled


def merge(schedule: Schedule, now: datetime) -> None:
    """Pause or resume both, as did the one that changed since they agreed.

    If both changed they agree already. Without a periodic task it is paused. The caller has locked
    it. Raises `InvalidSchedule`.
    """
    changed = schedule.enabled != schedule.mirrored
    enabled = schedule.enabled if changed else rings(schedule)
    if enabled:
        resume(schedule, now)
    else:
        halt(schedule)


def upkeep() -> None:
    """Find what was changed without a word: in beat's admin, in bulk, in the rules of a zone."""
    now = database_now()
    listed = Schedule.objects.select_related("periodic_task__crontab", "periodic_task__interval")
    for schedule in listed.order_by("pk"):
        try:
            if differ(schedule) or _astray(schedule, now):
                _mend(schedule.pk)
        except InvalidSchedule as error:
            # Its history will say so, once it is due.
            logger.warning("Schedule %d: %s", schedule.pk, error)
        except OperationalError:
            logger.warning("Schedule %d is left to the next upkeep", schedule.pk, exc_info=True)
            leave_broken()
    _delete_orphans()


def differ(schedule: Schedule) -> bool:
    """Whether one of the two was paused or resumed since they agreed."""
    # For one that is over nobody rings; it was not paused.
    agreed = rings(schedule) == schedule.enabled == schedule.mirrored
    return not agreed and not slots.is_over(schedule)


def _astray(schedule: Schedule, now: datetime) -> bool:
    """Whether it will be sent, or rung for, at another time than it says, or never."""
    if not schedule.enabled:
        return False
    if schedule.next_slot is None:
        # It is over, unless it was prolonged in bulk.
        return slots.recurrence_of(schedule).after(now) is not None
    if schedule.next_slot <= now:
        return False
    task = schedule.periodic_task
    if task is None or not _same(task.scheduler, _bell(schedule)):
        return True
    return schedule.next_slot != slots.recurrence_of(schedule).after(now)


@transaction.atomic
def _mend(pk: int) -> None:
    schedule = lock_schedule(pk)
    if schedule is None:
        return
    # Anew: what has become due meanwhile is for others to send.
    now = database_now()
    if differ(schedule):
        merge(schedule, now)
    elif _astray(schedule, now):
        resume(schedule, now)


@transaction.atomic
def _delete_orphans() -> None:
    owned = Schedule.objects.filter(periodic_task=OuterRef("pk"))
    orphans = PeriodicTask.objects.filter(~Exists(owned), task=FIRE_TASK)
    if orphans.exists():
        orphans.delete()
        PeriodicTasks.update_changed()


def _new(schedule: Schedule) -> PeriodicTask:
    return PeriodicTask(
        name=f"Scheduled broadcast {schedule.pk}",
        task=FIRE_TASK,
        queue=QUEUE,
        expire_seconds=EXPIRE_SECONDS,
    )


def _description(schedule: Schedule) -> str:
    when = slots.recurrence_of(schedule).describe()
    return f"Rings for “{schedule}”. {when}. Edit the scheduled broadcast instead."


def _bell(schedule: Schedule) -> Bell:
    """When to ring, unsaved. Raises `InvalidSchedule`."""
    match slots.rule_of(schedule):
        case Once(at):
            # Not a clocked task: these are switched off by beat itself when they have rung, and
            # nobody could tell that from an operator who did it.
            return CrontabSchedule(
                minute=str(at.minute),
                hour=str(at.hour),
                day_of_month=str(at.day),
                month_of_year=str(at.month),
                timezone=at.tzinfo,
            )
        case Every(number, period):
            return IntervalSchedule(every=number, period=period)
        case Cron() as cron:
            return _crontab(cron)
        case other:
            raise InvalidSchedule(f"Nothing rings for {other!r}.")


def _crontab(cron: Cron) -> CrontabSchedule:
    """As Celery understands it; where it cannot, it rings more often."""
    minute, hour, day, month, weekday = cron.expression.split()
    sim = CronSim(cron.expression, SOME_DAY)
    if not sim.day_and:
        # Alternatives here, both of them for Celery.
        day = weekday = "*"
    return CrontabSchedule(
        minute=_field("minute", minute, sim.minutes),
        hour=_field("hour", hour, sim.hours),
        day_of_month="*" if day == "*" else _field("day_of_month", day, sim.days),
        month_of_year=_field("month_of_year", month, sim.months),
        day_of_week="*" if weekday == "*" else _field("day_of_week", weekday, sim.weekdays),
        timezone=cron.zone,
    )


def _field(name: str, text: str, wanted: Collection[object]) -> str:
    numbers = {item for item in wanted if isinstance(item, int) and item >= 0}
    if len(numbers) < len(wanted):
        # The last day of the month, the second Monday.
        return "*"
    if name == "day_of_week":
        numbers = {number % 7 for number in numbers}
    try:
        if getattr(crontab(**{name: text}), name) == numbers:
            return text
    except (ValueError, ParseException):
        pass
    return ",".join(map(str, sorted(numbers)))


def _same(scheduler: object, bell: Bell) -> bool:
    return isinstance(scheduler, type(bell)) and _values(scheduler) == _values(bell)


def _saved(bell: Bell) -> Bell:
    # Neither table has them unique, and operators make their own.
    found: Bell | None = type(bell).objects.filter(**_values(bell)).first()
    if found is None:
        bell.save()
    return found or bell


def _values(bell: Bell) -> dict[str, object]:
    fields = [field.name for field in bell._meta.fields if not field.primary_key]
    return {name: getattr(bell, name) for name in fields}
