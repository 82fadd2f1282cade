"""Recurrences in the operator's language; `describe()` says them in English."""

from datetime import datetime

from cronsim import CronSim
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.text import get_text_list
from django.utils.translation import get_language, gettext, ngettext

from notifications.clocks import wall_of
from notifications.recurrence import SOME_DAY, Cron, Every, Once, Recurrence, Window

# Times of a day that are listed one by one.
TIMES_MAX = 4
ALL_HOURS, ALL_DAYS, ALL_MONTHS = set(range(24)), set(range(1, 32)), set(range(1, 13))


def spoken(recurrence: Recurrence) -> str:
    """What it means, with its zone where that matters."""
    match recurrence:
        case Once(at):
            parts = {"moment": _day_and_time(at), "zone": at.tzinfo}
            return gettext("Once on %(moment)s (%(zone)s)") % parts
        case Every():
            return _every(recurrence)
        case Cron():
            # English comes with the reader of the expression, for anything that it can read.
            english = (get_language() or "en").partition("-")[0] == "en"
            return recurrence.describe() if english else _cron(recurrence)
        case Window():
            return _window(recurrence)
        case _:
            return recurrence.describe()


def _every(every: Every) -> str:
    said = {
        "minutes": ngettext("Every minute", "Every %(count)d minutes", every.number),
        "hours": ngettext("Every hour", "Every %(count)d hours", every.number),
        "days": ngettext(
            "Every day at %(time)s (%(zone)s)",
            "Every %(count)d days at %(time)s (%(zone)s)",
            every.number,
        ),
    }
    time = _time(wall_of(every.anchor, every.zone))
    return said[every.period] % {"count": every.number, "time": time, "zone": every.zone}


def _window(window: Window) -> str:
    said = spoken(window.recurrence)
    if window.starts_at is not None:
        parts = {"recurrence": said, "moment": _day_and_time(window.starts_at)}
        said = gettext("%(recurrence)s from %(moment)s") % parts
    if window.ends_at is not None:
        parts = {"recurrence": said, "moment": _day_and_time(window.ends_at)}
        said = gettext("%(recurrence)s until %(moment)s") % parts
    return said


def _cron(cron: Cron) -> str:
    """In words where there are some; else the expression."""
    read = CronSim(cron.expression, SOME_DAY)
    times, days = _times(read), _days(read)
    parts = {"times": times, "days": days, "cron": cron.expression, "zone": cron.zone}
    if times is None or days is None:
        return gettext("By the crontab %(cron)s (%(zone)s)") % parts
    return gettext("%(times)s, %(days)s (%(zone)s)") % parts


def _times(read: CronSim) -> str | None:
    """At what times of a day; None where that takes more than a few words."""
    minutes, hours = sorted(read.minutes), sorted(read.hours)
    if len(minutes) * len(hours) <= TIMES_MAX:
        times = [f"{hour:02}:{minute:02}" for hour in hours for minute in minutes]
        return gettext("At %(times)s") % {"times": _listed(times)}
    if read.hours != ALL_HOURS:
        return None
    if minutes == [0]:
        return gettext("At the start of every hour")
    step = minutes[1] if len(minutes) > 1 else 0
    if step and minutes == list(range(0, 60, step)):
        return ngettext("Every minute", "Every %(count)d minutes", step) % {"count": step}
    if len(minutes) <= TIMES_MAX:
        return gettext("At minute %(minutes)s of every hour") % {"minutes": _listed(minutes)}
    return None


def _days(read: CronSim) -> str | None:
    """On what days; None where that takes more than a few words."""
    # The first and the last value of a field may be names of the same day, or of no day at all.
    if not all(isinstance(day, int) and day >= 0 for day in (*read.days, *read.weekdays)):
        return None
    week = sorted({(int(day) - 1) % 7 for day in read.weekdays})  # type: ignore[arg-type]
    some_days, some_weekdays = read.days != ALL_DAYS, len(week) < 7
    if some_days and some_weekdays:
        return None
    if some_days:
        numbers = {"days": _listed(sorted(read.days))}
        said = gettext("on day %(days)s of the month") % numbers
    elif some_weekdays:
        said = gettext("on %(weekdays)s") % {"weekdays": _weekdays(week)}
    else:
        said = gettext("every day")
    if read.months == ALL_MONTHS:
        return said
    months = _listed(MONTHS[month] for month in sorted(read.months))
    return gettext("%(days)s in %(months)s") % {"days": said, "months": months}


def _weekdays(week: list[int]) -> str:
    first, last = week[0], week[-1]
    if len(week) > 2 and week == list(range(first, last + 1)):
        return gettext("%(first)s to %(last)s") % {"first": WEEKDAYS[first], "last": WEEKDAYS[last]}
    return _listed(WEEKDAYS[day] for day in week)


def _listed(values: object) -> str:
    return get_text_list([str(value) for value in values], gettext("and"))  # type: ignore[attr-defined]


def _day_and_time(moment: datetime) -> str:
    # Translators: a day in the letters of Django's "date" filter.
    day = date_format(moment, gettext("l j F Y"))
    return gettext("%(day)s at %(time)s") % {"day": day, "time": _time(moment)}


def _time(reading: datetime) -> str:
    return time_format(reading.time(), "H:i:s" if reading.second else "H:i")
