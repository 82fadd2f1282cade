"""When things recur: slots, computed in a time zone, given and returned as moments of UTC.

Pure Python; the moment from which to look is an argument. Nothing walks from slot to slot: a
downtime of years costs what one of minutes does. docs/schedules.md has it in words.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from notifications.clocks import first_change, last_change, moment_of, wall_of

Period = Literal["minutes", "hours", "days"]

# More of any period than anybody schedules, and few enough for Python's calendar.
EVERY_MAX = 100_000
INSTANT = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
# Any Monday: what an expression means does not depend on it.
SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 (a reading of a clock on the wall)


class Recurrence(Protocol):
    """A rule that gives slots, in strict order. What it cannot be raises `ValueError` when made."""

    def after(self, moment: datetime) -> datetime | None:
        """The first slot strictly after `moment`; None if there is none."""

    def up_to(self, moment: datetime) -> datetime | None:
        """The last slot at or before `moment`; None if there is none."""

    def describe(self) -> str:
        """What it means, in English, with its zone where that matters."""


@dataclass(frozen=True)
class Once:
    """One slot, at an aware moment; its own zone is the one that is shown."""

    at: datetime

    def __post_init__(self) -> None:
        """Raise `ValueError` for a moment without a zone."""
        _require_aware(self.at)

    def after(self, moment: datetime) -> datetime | None:
        """The slot, while it is ahead."""
        return slot if (slot := self.at.astimezone(UTC)) > moment else None

    def up_to(self, moment: datetime) -> datetime | None:
        """The slot, once it has come."""
        return slot if (slot := self.at.astimezone(UTC)) <= moment else None

    def describe(self) -> str:
        """Such as "Once on Thursday 24 December 2026 at 18:00 (Europe/Berlin)"."""
        return f"Once on {_day_and_time(self.at)} ({self.at.tzinfo})"


@dataclass(frozen=True)
class Every:
    """Every so many minutes, hours or days, beginning with the anchor.

    Minutes and hours are elapsed time: clocks that change do not matter. Days are days of the
    calendar at the anchor's local time, so that 09:00 stays 09:00. A local time that does not exist
    on a day moves to the end of the gap; one that exists twice comes once, the first time.
    """

    number: int
    period: Period
    anchor: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Raise `ValueError` for a number out of range, another period, a naive anchor."""
        if not 1 <= self.number <= EVERY_MAX:
            raise ValueError(f"Every how many {self.period} must be 1 to {EVERY_MAX}.")
        if self.period not in ("minutes", "hours", "days"):
            raise ValueError(f"The period must be minutes, hours or days, not {self.period!r}.")
        _require_aware(self.anchor)

    def after(self, moment: datetime) -> datetime | None:
        """The first slot strictly after; None beyond Python's calendar only."""
        try:
            return self._slot(max(0, self._index(moment) + 1))
        except OverflowError:
            return None

    def up_to(self, moment: datetime) -> datetime | None:
        """The last slot at or before; None before the anchor."""
        index = self._index(moment)
        return self._slot(index) if index >= 0 else None

    def describe(self) -> str:
        """Such as "Every 15 minutes" or "Every day at 09:00 (Europe/Berlin)"."""
        words = f"{self.number} {self.period}" if self.number > 1 else self.period[:-1]
        if self.period != "days":
            return f"Every {words}"
        return f"Every {words} at {_time(self._wall)} ({self.zone})"

    @property
    def _wall(self) -> datetime:
        return wall_of(self.anchor, self.zone)

    @property
    def _start(self) -> datetime:
        # Python takes the difference of two moments of one zone to be that of their readings.
        return self.anchor.astimezone(UTC)

    @property
    def _step(self) -> timedelta:
        return timedelta(**{self.period: self.number})

    def _index(self, moment: datetime) -> int:
        """Of the last slot at or before `moment`; negative before the anchor."""
        if self.period != "days":
            return (moment - self._start) // self._step
        # One too many where the day's slot is still ahead, also because it moved out of a gap.
        index = (wall_of(moment, self.zone).date() - self._wall.date()) // self._step
        return index if self._slot(index) <= moment else index - 1

    def _slot(self, index: int) -> datetime:
        if self.period != "days":
            return self._start + index * self._step
        return moment_of(self._wall + index * self._step, self.zone)


@dataclass(frozen=True)
class Cron:
    """A crontab of five fields, read by `cronsim` and put on the calendar as Debian's cron does.

    With fixed times (neither minute nor hour begins with `*`) each matching time of a day comes
    once: one that does not exist comes at the end of the gap, one that exists twice the first
    time. With `*` the clock on the wall is taken at its word: what is skipped does not come, what
    is repeated comes again. Day of month and day of week are alternatives if both are given.
    """

    expression: str
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Raise `ValueError` for what is no crontab, or never comes."""
        if len(self.expression.split()) != 5:
            raise ValueError(
                f"A crontab has five fields (minute, hour, day of month, month, day of week), "
                f"unlike {self.expression!r}."
            )
        try:
            comes = _first(self.expression, SOME_DAY) is not None
        except CronSimError as error:
            raise ValueError(f"The crontab {self.expression!r}: {error}.") from error
        if not comes:
            raise ValueError(f"The crontab {self.expression!r} never comes.")

    def after(self, moment: datetime) -> datetime | None:
        """The first slot strictly after; None if there is none within fifty years."""
        start = _whole(moment) + SECOND
        try:
            return self._next_time(start) if self._is_fixed else self._next_reading(start)
        except OverflowError:
            return None

    def up_to(self, moment: datetime) -> datetime | None:
        """The last slot at or before; None if there is none within fifty years."""
        end = _whole(moment)
        try:
            return self._last_time(end) if self._is_fixed else self._last_reading(end)
        except OverflowError:
            return None

    def describe(self) -> str:
        """Such as "At 09:00 on Monday through Friday (Europe/Berlin)"."""
        return f"{CronSim(self.expression, SOME_DAY).explain()} ({self.zone})"

    @property
    def _is_fixed(self) -> bool:
        minute, hour = self.expression.split()[:2]
        return not minute.startswith("*") and not hour.startswith("*")

    def _next_time(self, start: datetime) -> datetime | None:
        # From the reading after the last one: what was skipped just now comes now. Of an hour that
        # comes twice, the first time may be over.
        wall = _first(self.expression, wall_of(start - SECOND, self.zone) + SECOND)
        while wall is not None and (slot := moment_of(wall, self.zone)) < start:
            wall = _first(self.expression, wall + SECOND)
        return None if wall is None else slot

    def _last_time(self, end: datetime) -> datetime | None:
        # In the second run of an hour, all of the first is past.
        repeated = wall_of(end, self.zone).fold
        ahead = timedelta(days=repeated)
        wall = _last(self.expression, wall_of(end, self.zone) + ahead)
        while wall is not None and (slot := moment_of(wall, self.zone)) > end:
            wall = _last(self.expression, wall - SECOND)
        return None if wall is None else slot

    def _next_reading(self, start: datetime) -> datetime | None:
        while True:
            # Between two changes of the offset, readings follow each other as moments do.
            offset = wall_of(start, self.zone).replace(fold=0) - start.replace(tzinfo=None)
            wall = _first(self.expression, start.replace(tzinfo=None) + offset)
            if wall is None:
                return None
            slot = (wall - offset).replace(tzinfo=UTC)
            change = first_change(self.zone, start, slot)
            if change is None:
                return slot
            start = change

    def _last_reading(self, end: datetime) -> datetime | None:
        while True:
            offset = wall_of(end, self.zone).replace(fold=0) - end.replace(tzinfo=None)
            wall = _last(self.expression, end.replace(tzinfo=None) + offset)
            if wall is None:
                return None
            slot = (wall - offset).replace(tzinfo=UTC)
            change = last_change(self.zone, slot, end)
            if change is None:
                return slot
            end = change - SECOND


@dataclass(frozen=True)
class Window:
    """The slots of a recurrence from `starts_at` to `ends_at`, both included; None is open."""

    recurrence: Recurrence
    starts_at: datetime | None
    ends_at: datetime | None

    def __post_init__(self) -> None:
        """Raise `ValueError` for a window that is closed, or has naive ends."""
        for end in (self.starts_at, self.ends_at):
            if end is not None:
                _require_aware(end)
        if self.starts_at and self.ends_at and self.starts_at > self.ends_at:
            raise ValueError("It ends before it starts.")

    def after(self, moment: datetime) -> datetime | None:
        """The first slot of the window strictly after; None if there is none."""
        if self.starts_at is not None:
            moment = max(moment.astimezone(UTC), self.starts_at.astimezone(UTC) - INSTANT)
        slot = self.recurrence.after(moment)
        return None if slot and self.ends_at and slot > self.ends_at else slot

    def up_to(self, moment: datetime) -> datetime | None:
        """The last slot of the window at or before; None if there is none."""
        if self.ends_at is not None:
            moment = min(moment.astimezone(UTC), self.ends_at.astimezone(UTC))
        slot = self.recurrence.up_to(moment)
        return None if slot and self.starts_at and slot < self.starts_at else slot

    def describe(self) -> str:
        """The recurrence, with the window if there is one."""
        words = [self.recurrence.describe()]
        if self.starts_at is not None:
            words.append(f"from {_day_and_time(self.starts_at)}")
        if self.ends_at is not None:
            words.append(f"until {_day_and_time(self.ends_at)}")
        return " ".join(words)


def _first(expression: str, wall: datetime) -> datetime | None:
    """The first reading at or after a whole second that matches."""
    return next(CronSim(expression, wall.replace(fold=0) - SECOND), None)


def _last(expression: str, wall: datetime) -> datetime | None:
    """The last reading at or before a whole second that matches."""
    return next(CronSim(expression, wall.replace(fold=0) + SECOND, reverse=True), None)


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _require_aware(moment: datetime) -> None:
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} needs a time zone.")


def _day_and_time(moment: datetime) -> str:
    return f"{moment:%A} {moment.day} {moment:%B} {moment.year} at {_time(moment)}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"
