"""Slots across both clock changes of a year, forwards and backwards, near and after years."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from notifications.clocks import moment_of, wall_of, zone_of
from notifications.recurrence import SOME_DAY, Cron, Every, Once, Recurrence, Window

pytestmark = pytest.mark.promise_6

BERLIN, NEW_YORK, KOLKATA = map(zone_of, ("Europe/Berlin", "America/New_York", "Asia/Kolkata"))
LORD_HOWE, CAIRO, APIA = map(zone_of, ("Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia"))
GMT = zone_of("UTC")
NAIVE = datetime.fromisoformat("2026-01-01T09:00")
INSTANT = timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(text: str, zone: ZoneInfo, number: int = 1) -> Every:
    return Every(number, "days", datetime.fromisoformat(text).replace(tzinfo=zone), zone)


# In 2026 Berlin's clocks go from 02:00 to 03:00 on 29 March (01:00 UTC) and from 03:00 to 02:00 on
# 25 October (01:00 UTC); New York's from 02:00 to 03:00 on 8 March (07:00 UTC) and from 02:00 to
# 01:00 on 1 November (06:00 UTC); Kolkata's (UTC+5:30) never.
TABLE = [
    # 09:00 stays 09:00.
    (Cron("0 9 * * *", BERLIN), "2026-03-28T00:00", ["28T08:00", "29T07:00", "30T07:00"]),
    (Cron("0 9 * * *", BERLIN), "2026-10-24T00:00", ["24T07:00", "25T08:00", "26T08:00"]),
    (Cron("0 9 * * *", NEW_YORK), "2026-03-07T00:00", ["07T14:00", "08T13:00", "09T13:00"]),
    (Cron("0 9 * * *", NEW_YORK), "2026-10-31T00:00", ["31T13:00", "01T14:00", "02T14:00"]),
    (Cron("0 9 * * *", KOLKATA), "2026-03-28T00:00", ["28T03:30", "29T03:30", "30T03:30"]),
    (daily("2026-01-01T09:00", BERLIN), "2026-03-28T00:00", ["28T08:00", "29T07:00", "30T07:00"]),
    (daily("2026-01-01T09:00", BERLIN), "2026-10-24T00:00", ["24T07:00", "25T08:00", "26T08:00"]),
    (daily("2026-01-01T09:00", NEW_YORK), "2026-03-07T00:00", ["07T14:00", "08T13:00", "09T13:00"]),
    (daily("2026-01-01T09:00", KOLKATA, 2), "2026-03-28T00:00", ["28T03:30", "30T03:30"]),
    # What does not exist moves to the end of the gap.
    (Cron("30 2 * * *", BERLIN), "2026-03-28T00:00", ["28T01:30", "29T01:00", "30T00:30"]),
    (Cron("0,30 2 * * *", BERLIN), "2026-03-29T00:00", ["29T01:00", "30T00:00", "30T00:30"]),
    (Cron("0 2,3 * * *", BERLIN), "2026-03-29T00:00", ["29T01:00", "30T00:00", "30T01:00"]),
    (Cron("30 2 * * *", NEW_YORK), "2026-03-07T00:00", ["07T07:30", "08T07:00", "09T06:30"]),
    (daily("2026-01-01T02:30", BERLIN), "2026-03-28T00:00", ["28T01:30", "29T01:00", "30T00:30"]),
    # What exists twice comes the first time.
    (Cron("30 2 * * *", BERLIN), "2026-10-24T00:00", ["24T00:30", "25T00:30", "26T01:30"]),
    (Cron("30 1 * * *", NEW_YORK), "2026-10-31T00:00", ["31T05:30", "01T05:30", "02T06:30"]),
    (daily("2026-01-01T02:30", BERLIN), "2026-10-24T00:00", ["24T00:30", "25T00:30", "26T01:30"]),
    # With an asterisk the clock is taken at its word.
    (Cron("*/30 2 * * *", BERLIN), "2026-03-28T00:00", ["28T01:00", "28T01:30", "30T00:00"]),
    (Cron("*/30 2 * * *", BERLIN), "2026-10-25T00:30", ["25T00:30", "25T01:00", "25T01:30"]),
    (Cron("0 * * * *", BERLIN), "2026-10-25T00:00", ["25T00:00", "25T01:00", "25T02:00"]),
    (Cron("0 */2 * * *", BERLIN), "2026-03-29T00:00", ["29T02:00", "29T04:00"]),
    # Elapsed time knows no clock.
    (Every(6, "hours", utc("2026-10-24T20:00"), BERLIN), "2026-10-25T00:00", ["25T02:00"]),
    # Half an hour, and a gap at midnight; a day that was not.
    (Cron("15 2 * * *", LORD_HOWE), "2026-10-02T15:00", ["02T15:45", "03T15:30", "04T15:15"]),
    (Cron("0 0 * * *", CAIRO), "2026-04-22T22:00", ["22T22:00", "23T22:00", "24T21:00"]),
    (Cron("0 9 * * *", APIA), "2011-12-29T00:00", ["29T19:00", "30T10:00", "30T19:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("recurrence", "start", "slots"), TABLE)
def test_clock_changes(recurrence: Recurrence, start: str, slots: list[str]) -> None:
    forwards = []
    moment = utc(start) - INSTANT
    for _ in slots:
        moment = recurrence.after(moment)
        forwards.append(moment)
    assert [f"{slot:%dT%H:%M}" for slot in forwards] == slots
    # Also from just before, where a gap may have ended.
    assert [recurrence.after(slot - INSTANT) for slot in forwards] == forwards
    backwards = []
    for _ in slots:
        moment = recurrence.up_to(moment)
        backwards.append(moment)
        moment -= INSTANT
    assert backwards == forwards[::-1]


ZONES = st.sampled_from((BERLIN, NEW_YORK, KOLKATA, LORD_HOWE, CAIRO))
# Of any zone: Python takes the difference of two moments of one to be that of their readings.
MOMENTS = st.builds(datetime.fromtimestamp, st.integers(1_577_836_800, 1_893_456_000), ZONES)
FIELDS = [
    st.sampled_from(["0", "59", "*/20", "*", "0,30", "5-7"]),
    st.sampled_from(["*", "*/2", "2", "0-3", "1,2,3", "9"]),
    st.sampled_from(["*", "1", "*/3", "L", "29-31"]),
    st.sampled_from(["*", "3", "OCT-DEC", "*/2"]),
    st.sampled_from(["*", "MON-FRI", "0", "7", "5L", "SUN#2"]),
]
EXPRESSIONS = st.tuples(*FIELDS).map(" ".join)
CRONS = st.builds(Cron, EXPRESSIONS, ZONES)
EVERY = st.builds(
    Every, st.integers(1, 500), st.sampled_from(["minutes", "hours", "days"]), MOMENTS, ZONES
)
RULES = st.one_of(CRONS, EVERY, st.builds(Once, MOMENTS))
WINDOWS = st.builds(Window, RULES, MOMENTS, st.none())
RECURRENCES = st.one_of(RULES, WINDOWS)


@settings(deadline=None)
@given(RECURRENCES, MOMENTS)
@example(Cron("0-59 2 * * *", BERLIN), utc("2026-10-25T01:30"))
@example(Cron("30 2 * * *", BERLIN), utc("2026-03-29T00:59:59"))
def test_after_and_up_to_are_each_others_inverse(recurrence: Recurrence, moment: datetime) -> None:
    following = recurrence.after(moment)
    if following is not None:
        assert following > moment
        assert recurrence.up_to(following) == following
        # Nothing lies between.
        assert following.tzinfo is UTC
        assert recurrence.up_to(following - INSTANT) == recurrence.up_to(moment)
        assert recurrence.after(moment.astimezone(UTC)) == following
        second = recurrence.after(following)
        assert second is None or second > following
    last = recurrence.up_to(moment)
    if last is not None:
        assert last <= moment
        assert recurrence.after(last - INSTANT) == last
        assert recurrence.after(last) == following


@settings(max_examples=40, deadline=None)
@given(
    EXPRESSIONS, ZONES, st.sampled_from(["2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31"])
)
def test_every_minute_counted(expression: str, zone: ZoneInfo, day: str) -> None:
    """What jumps from slot to slot finds those that a walk over all minutes does."""
    cron, start = Cron(expression, zone), utc(day)
    end = start + timedelta(days=2)
    found, moment = [], start - INSTANT
    while (moment := cron.after(moment)) is not None and moment < end:
        found.append(moment)
    assert found == sorted(walked(cron, start, end))


def walked(cron: Cron, start: datetime, end: datetime) -> set[datetime]:
    sim = CronSim(cron.expression, SOME_DAY)

    def shows(wall: datetime) -> bool:
        return (
            wall.minute in sim.minutes
            and wall.hour in sim.hours
            and wall.month in sim.months
            and sim.match_day(wall.date())
        )

    minutes = [start + timedelta(minutes=n) for n in range(-1440, 2 * 2880)]
    if "*" in expression_start(cron):
        return {m for m in minutes if start <= m < end and shows(wall_of(m, cron.zone))}
    walls = [m.replace(tzinfo=None) for m in minutes]
    slots = {moment_of(wall, cron.zone) for wall in walls if shows(wall)}
    return {slot for slot in slots if start <= slot < end}


def expression_start(cron: Cron) -> str:
    minute, hour = cron.expression.split()[:2]
    return minute[0] + hour[0]


@pytest.mark.parametrize(
    "recurrence",
    [
        Cron("* * * * *", BERLIN),
        Cron("0 9 * * 1-5", BERLIN),
        Cron("0 0 29 2 *", NEW_YORK),
        Every(1, "minutes", utc("1999-12-31T00:00"), BERLIN),
        daily("1999-12-31T02:30", BERLIN),
    ],
)
def test_years_cost_no_more_than_minutes(recurrence: Recurrence) -> None:
    begun = time.process_time()
    for _ in range(20):
        assert recurrence.up_to(utc("2026-11-23T00:00"))
        assert recurrence.after(utc("2001-01-01T00:00"))
    assert time.process_time() - begun < 0.5


def test_window_includes_its_ends() -> None:
    window = Window(Cron("0 9 * * *", KOLKATA), utc("2026-03-01T03:30"), utc("2026-03-03T03:30"))
    slots, moment = [], utc("2020-01-01T00:00")
    while (moment := window.after(moment)) is not None:
        slots.append(f"{moment:%d}")
    assert slots == ["01", "02", "03"]
    assert window.up_to(utc("2026-03-01T03:29")) is None
    assert window.up_to(utc("2030-01-01T00:00")) == utc("2026-03-03T03:30")


@pytest.mark.parametrize(
    ("recurrence", "words"),
    [
        (Cron("0 9 * * 1-5", BERLIN), "At 09:00 on Monday through Friday (Europe/Berlin)"),
        # Alternatives, as for cron.
        (Cron("0 9 1 * 1", GMT), "At 09:00 on the first day of month and on Monday (UTC)"),
        (Every(15, "minutes", utc("2026-01-01T00:00"), BERLIN), "Every 15 minutes"),
        (Every(1, "hours", utc("2026-01-01T00:00"), BERLIN), "Every hour"),
        (daily("2026-01-01T09:00", BERLIN, 2), "Every 2 days at 09:00 (Europe/Berlin)"),
        (
            Once(datetime(2026, 12, 24, 18, tzinfo=BERLIN)),
            "Once on Thursday 24 December 2026 at 18:00 (Europe/Berlin)",
        ),
        (
            Window(Cron("0 * * * *", KOLKATA), utc("2026-01-01T09:00"), None),
            "At the start of every hour (Asia/Kolkata) from Thursday 1 January 2026 at 09:00",
        ),
    ],
)  # fmt: skip
def test_words(recurrence: Recurrence, words: str) -> None:
    assert recurrence.describe() == words


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cron("0 9 * *", BERLIN),
        lambda: Cron("0 0 9 * * *", BERLIN),
        lambda: Cron("61 * * * *", BERLIN),
        lambda: Cron("@daily", BERLIN),
        lambda: Cron("0 0 30 2 *", BERLIN),
        lambda: Cron("0 0 * 2 MON#5,L", BERLIN),
        lambda: Every(0, "minutes", utc("2026-01-01T00:00"), BERLIN),
        lambda: Every(1, "weeks", utc("2026-01-01T00:00"), BERLIN),
        lambda: Every(1, "days", NAIVE, BERLIN),
        lambda: Once(NAIVE),
        lambda: Window(Cron("0 9 * * *", BERLIN), utc("2026-01-02"), utc("2026-01-01")),
        lambda: zone_of("Berlin"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_so(make) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\.$"):
        make()
