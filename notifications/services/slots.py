"""When a schedule is due."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

from notifications.clocks import zone_of
from notifications.exceptions import InvalidSchedule
from notifications.models import Schedule
from notifications.recurrence import Cron, Every, Once, Period, Recurrence, Window


def recurrence_of(schedule: Schedule) -> Recurrence:
    """What its columns say, within its window.

    Raises `InvalidSchedule`, whose message begins with the column concerned.
    """
    recurrence = rule_of(schedule)
    if schedule.starts_at is None and schedule.ends_at is None:
        return recurrence
    zone = _zone(schedule)
    with _refused("ends_at"):
        return Window(recurrence, _local(schedule.starts_at, zone), _local(schedule.ends_at, zone))


def rule_of(schedule: Schedule) -> Recurrence:
    """What its columns say, without its window. Raises `InvalidSchedule`."""
    zone = _zone(schedule)
    match schedule.kind:
        case Schedule.Kind.ONCE if schedule.at is not None:
            with _refused("at"):
                return Once(schedule.at.astimezone(zone))
        case Schedule.Kind.ONCE:
            raise InvalidSchedule("at: what is sent once needs a moment.")
        case Schedule.Kind.EVERY:
            anchor = schedule.starts_at or schedule.at
            if schedule.every is None or anchor is None:
                raise InvalidSchedule("every: how many minutes, hours or days?")
            with _refused("every"):
                return Every(schedule.every, cast(Period, schedule.period), anchor, zone)
        case Schedule.Kind.CRON:
            with _refused("cron"):
                return Cron(schedule.cron, zone)
        case kind:
            raise InvalidSchedule(f"kind must be once, every or cron, not {kind!r}.")


def upcoming(schedule: Schedule, count: int = 5) -> list[datetime]:
    """The next slots, at most `count`; none when it is paused or over."""
    slots: list[datetime] = []
    slot = schedule.next_slot if schedule.enabled else None
    if slot is not None:
        recurrence = recurrence_of(schedule)
        while slot is not None and len(slots) < count:
            slots.append(slot)
            slot = recurrence.after(slot)
    return slots


def is_over(schedule: Schedule) -> bool:
    """Whether it was not paused, and still nothing comes any more."""
    return schedule.enabled and schedule.mirrored and schedule.next_slot is None


def _zone(schedule: Schedule) -> ZoneInfo:
    with _refused("time_zone"):
        return zone_of(schedule.time_zone)


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if moment is None else moment.astimezone(zone)


@contextmanager
def _refused(column: str) -> Iterator[None]:
    try:
        yield
    except (ValueError, OverflowError) as error:
        raise InvalidSchedule(f"{column}: {error}") from error
