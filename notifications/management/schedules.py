"""Schedules as the command line has them: options in, words or JSON out."""

import re
from datetime import datetime
from typing import Any

from notifications.clocks import moment_of, zone_of
from notifications.exceptions import InvalidSchedule
from notifications.management.arguments import OPTIONS
from notifications.models import Schedule
from notifications.services import schedules
from notifications.services.schedules import ScheduleFields

PERIODS = {"m": "minutes", "h": "hours", "d": "days"}
MISSED = {
    Schedule.Missed.SKIP: "Slots that are missed are left out.",
    Schedule.Missed.LAST: "Of slots that are missed, the last one is sent late.",
}
SAID = ("id", "topic", "type", *OPTIONS, "data", "kind", "time_zone", "missed")


def fields(options: dict[str, Any]) -> ScheduleFields:
    """The fields of a new schedule, from parsed options. Raises `InvalidSchedule`."""
    found = ScheduleFields(
        topic=options["topic"],
        type=options["type"],
        title=options["title"],
        body=options["body"],
        url=options["url"],
        level=options["level"],
        data=options["data"],
        time_zone=options["tz"],
        starts_at=_moment("--from", options["starts"], options["tz"]),
        ends_at=_moment("--until", options["until"], options["tz"]),
        missed=options["missed"],
        enabled=not options["paused"],
    )
    if options["cron"] is not None:
        found["kind"], found["cron"] = "cron", options["cron"]
    elif options["every"] is not None:
        found["kind"] = "every"
        found["every"], found["period"] = _every(options["every"])
    else:
        found["kind"], found["at"] = "once", _moment("--at", options["at"], options["tz"])
    return found


def in_words(schedule: Schedule, count: int) -> str:
    """What was understood, and the next `count` times."""
    return "\n".join(
        (
            f"Schedule {schedule.pk}: “{schedule}”.",
            f"{_when(schedule)}.",
            MISSED[Schedule.Missed(schedule.missed)],
            f"Next: {_next(schedule, count)}",
        )
    )


def shown(schedule: Schedule, count: int = 1) -> dict[str, object]:
    """The same for programs."""
    return {
        **{name: getattr(schedule, name) for name in SAID},
        "when": _when(schedule),
        "state": _state(schedule),
        "next": [slot.isoformat() for slot in _upcoming(schedule, count)],
    }


def _state(schedule: Schedule) -> str:
    if not schedule.enabled:
        return "paused"
    return "over" if schedule.next_slot is None else "on"


def _when(schedule: Schedule) -> str:
    try:
        return schedules.recurrence_of(schedule).describe()
    except InvalidSchedule as error:
        return f"Never ({error})"


def _next(schedule: Schedule, count: int) -> str:
    slots = [f"{slot:%a %Y-%m-%d %H:%M:%S %Z}" for slot in _upcoming(schedule, count)]
    # Seconds only where there are any.
    slots = [slot.replace(":00 ", " ") for slot in slots]
    return "\n      ".join(slots) or f"never; it is {_state(schedule)}"


def _upcoming(schedule: Schedule, count: int) -> list[datetime]:
    try:
        zone = zone_of(schedule.time_zone)
        return [slot.astimezone(zone) for slot in schedules.upcoming(schedule, count)]
    except ValueError:
        # Changed in bulk to what cannot be; `_when` says why.
        return []


def _every(text: str) -> tuple[int, str]:
    match = re.fullmatch(r"(\d{1,9})\s*([mhd])", text.strip())
    if match is None:
        raise InvalidSchedule(f"--every takes 15m, 2h or 1d, not {text!r}.")
    return int(match[1]), PERIODS[match[2]]


def _moment(option: str, text: str | None, zone: str) -> datetime | None:
    """A moment with an offset, or what the clock shows in the zone."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment_of(moment, zone_of(zone))
    except (ValueError, OverflowError) as error:
        raise InvalidSchedule(f"{option}: {error}") from error
