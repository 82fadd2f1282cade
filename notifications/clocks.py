"""Clocks on walls, and when they change. Pure Python.

A reading is a naive datetime: what the clock of a zone shows, which may never come or come twice.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

# Less than lies between two changes of any zone in living memory.
STRIDE = timedelta(days=7)
SECOND = timedelta(seconds=1)


@lru_cache
def zone_of(name: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises `ValueError`."""
    # By itself ZoneInfo raises this and that, also for names of other files.
    if name not in available_timezones():
        raise ValueError(f"There is no time zone {name!r}; one is Europe/Berlin.")
    return ZoneInfo(name)


def wall_of(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the clock shows; `fold` is 1 the second time that it shows it."""
    return moment.astimezone(zone).replace(tzinfo=None)


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """When the clock shows this first; if never, when it jumps over it. In UTC."""
    # If never, this is as long after the jump as `wall` lies in what was skipped.
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_of(moment, zone) == wall:
        return moment
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first_change(zone, before, moment) or moment


def first_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """The first moment after `start`, up to `end`, at which the offset is another one."""
    while start < end:
        step = min(start + STRIDE, end)
        if _offset(zone, step) != (offset := _offset(zone, start)):
            return _bisect(start, step, lambda moment: _offset(zone, moment) != offset)
        start = step
    return None


def last_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """The last such moment after `start`, up to `end`."""
    while start < end:
        step = max(end - STRIDE, start)
        if _offset(zone, step) != (offset := _offset(zone, end)):
            return _bisect(step, end, lambda moment: _offset(zone, moment) == offset)
        end = step
    return None


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _bisect(low: datetime, high: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """The first whole second after `low` that holds, as `high` does."""
    while high - low > SECOND:
        middle = low + timedelta(seconds=(high - low) // SECOND // 2)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
