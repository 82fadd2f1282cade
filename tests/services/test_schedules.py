"""Schedules: each slot once, whoever fires, whatever dies; downtime; edits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from notifications.exceptions import InvalidNotification, InvalidSchedule, UnknownTopic
from notifications.models import Announcement, Heard, LogEntry, Notification, Outbox, Schedule
from notifications.selectors.clock import database_now
from notifications.services import firing, mirror, schedules, upkeep
from notifications.services.schedules import fire_due
from tests.services.test_concurrency import together
from workers.broadcasts import fire

pytestmark = [pytest.mark.promise_6, pytest.mark.django_db]

HOUR = timedelta(hours=1)


def make(**fields: Any) -> Schedule:
    """A schedule of every hour, whose first slot is an hour from now."""
    given: Any = {"topic": "everyone", "title": "T", "kind": "every", "every": 1, "period": "hours"}
    return schedules.create(given | fields, None)


def slot_ago(schedule: Schedule, ago: timedelta) -> datetime:
    """Move the schedule so that a slot, the next one, came `ago`: what was due since then is."""
    slot = (database_now() - ago).replace(microsecond=0)
    Schedule.objects.filter(pk=schedule.pk).update(at=slot, next_slot=slot)
    schedule.refresh_from_db()
    return slot


def history(schedule: Schedule) -> list[tuple[str, datetime | None, int]]:
    rows = schedule.announcements.order_by("pk")
    return [(row.state, row.slot, row.missed) for row in rows]


def test_nothing_early_then_once(ada: Any) -> None:
    schedule = make()
    assert fire_due() == 0
    slot = slot_ago(schedule, timedelta(seconds=2))
    # Beat's ring, the other beat's, a redelivered task, the sweep.
    assert fire_due() == 1
    fire()
    upkeep.sweep()
    assert history(schedule) == [("sent", slot, 0)]
    announcement = schedule.announcements.get()
    assert announcement.notification.title == "T"
    assert (announcement.recipients, announcement.sent_by) == (1, None)
    schedule.refresh_from_db()
    assert schedule.next_slot == slot + HOUR


@pytest.mark.django_db(transaction=True)
def test_two_at_once(ada: Any) -> None:
    made = [make(title=f"{n}") for n in range(4)]
    for schedule in made:
        slot_ago(schedule, timedelta(seconds=2))
    together(*[fire_due] * 4)
    # What one had locked the others skipped.
    fire_due()
    assert Announcement.objects.count() == Notification.objects.count() == len(made)
    assert Outbox.objects.count() + LogEntry.objects.count() == len(made)


@pytest.mark.parametrize("dies_in", ["audience_size", "mirror.write"])
def test_killed_in_the_middle(monkeypatch: Any, dies_in: str) -> None:
    """A transaction that did not commit has done nothing; others are not held up."""
    schedule, other = make(kind="once", at=database_now() + HOUR), make()
    slot = (database_now() - timedelta(seconds=3)).replace(microsecond=0)
    Schedule.objects.filter(pk=schedule.pk).update(at=slot, next_slot=slot)
    slot_ago(other, timedelta(seconds=2))
    with monkeypatch.context() as patch:
        calls = iter([OperationalError("the connection is gone")])

        def die(*args: Any) -> Any:
            for error in calls:
                raise error
            return 0

        target = firing if dies_in == "audience_size" else mirror
        patch.setattr(target, dies_in.rpartition(".")[2], die)
        assert fire_due() == 1
    assert history(schedule) == []
    assert Notification.objects.count() == 1
    assert fire_due() == 1
    assert history(schedule) == [("sent", slot, 0)]
    schedule.refresh_from_db()
    assert schedules.is_over(schedule)


@pytest.mark.parametrize(
    ("ago", "policy", "state", "left_out"),
    [
        (timedelta(minutes=4), "skip", "sent", 0),
        (timedelta(minutes=4), "last", "sent", 0),
        (timedelta(minutes=6), "skip", "skipped", 1),
        (timedelta(minutes=6), "last", "late", 0),
        # Three hours and six minutes: four slots.
        (3 * HOUR + timedelta(minutes=6), "skip", "skipped", 4),
        (3 * HOUR + timedelta(minutes=6), "last", "late", 3),
        (3 * HOUR + timedelta(minutes=4), "skip", "sent", 3),
        (20 * 8766 * HOUR + timedelta(minutes=6), "skip", "skipped", 1000),
        (20 * 8766 * HOUR + timedelta(minutes=6), "last", "late", 1000),
    ],
)
def test_after_a_downtime(ago: timedelta, policy: str, state: str, left_out: int) -> None:
    schedule = make(missed=policy)
    first = slot_ago(schedule, ago)
    sent = fire_due()
    last = first + ago // HOUR * HOUR
    assert history(schedule) == [(state, last, left_out)]
    assert sent == Notification.objects.count() == (state != "skipped")
    schedule.refresh_from_db()
    assert schedule.next_slot == last + HOUR


def test_what_is_late_says_so() -> None:
    """In the schedule's zone, which is UTC+5:30."""
    slot = (database_now() - timedelta(minutes=30)).replace(second=0, microsecond=0)
    local = slot + timedelta(hours=5, minutes=30)
    cron = {"kind": "cron", "cron": f"{local:%M %H} * * *", "time_zone": "Asia/Kolkata"}
    schedule = make(title="Good morning", data={"a": 1}, missed="last", **cron)
    Schedule.objects.filter(pk=schedule.pk).update(next_slot=slot)
    fire_due()
    said = Notification.objects.get()
    assert said.title == f"Good morning ({local:%Y-%m-%d %H:%M})"
    assert said.data == {"a": 1, "slot": f"{local:%Y-%m-%dT%H:%M}:00+05:30"}
    assert history(schedule) == [("late", slot, 0)]


def test_a_clock_that_is_set_back_sends_nothing_twice() -> None:
    schedule = make()
    slot = slot_ago(schedule, timedelta(seconds=2))
    fire_due()
    Schedule.objects.filter(pk=schedule.pk).update(next_slot=slot)
    assert fire_due() == 0
    assert len(history(schedule)) == Notification.objects.count() == 1
    schedule.refresh_from_db()
    assert schedule.next_slot == slot + HOUR
    # Also without the announcement: the key is known.
    schedule.announcements.all().delete()
    Schedule.objects.filter(pk=schedule.pk).update(next_slot=slot)
    fire_due()
    assert Notification.objects.count() == 1


def test_what_is_its_own_fault_is_written_down(django_user_model: Any) -> None:
    schedule, other = make(), make()
    slots = [slot_ago(row, timedelta(seconds=2)) for row in (schedule, other)]
    Schedule.objects.filter(pk=schedule.pk).update(topic="auth_group.999")
    assert fire_due() == 1
    assert history(schedule) == [("failed", slots[0], 0)]
    assert "Unknown topic" in schedule.announcements.get().error
    assert history(other) == [("sent", slots[1], 0)]
    schedule.refresh_from_db()
    assert schedule.next_slot == slots[0] + HOUR
    # What cannot recur at all is paused.
    Schedule.objects.filter(pk=schedule.pk).update(time_zone="Atlantis", next_slot=Now())
    fire_due()
    schedule.refresh_from_db()
    assert (schedule.enabled, schedule.next_slot) == (False, None)
    assert "Atlantis" in schedule.announcements.latest("pk").error


def test_once_is_over_after_its_slot_and_a_window_after_its_end() -> None:
    once = make(kind="once", at=database_now() + HOUR)
    Schedule.objects.filter(pk=once.pk).update(at=Now(), next_slot=Now())
    window = make(ends_at=database_now() + 90 * timedelta(minutes=1))
    assert len(schedules.upcoming(window)) == 1
    slot = slot_ago(window, timedelta(seconds=1))
    Schedule.objects.filter(pk=window.pk).update(ends_at=slot)
    assert fire_due() == 2
    for schedule in (once, window):
        schedule.refresh_from_db()
        assert schedules.is_over(schedule)
        assert schedules.upcoming(schedule) == []
        assert not schedule.periodic_task.enabled


def test_edit_keeps_the_slot_unless_it_recurs_otherwise() -> None:
    schedule = make()
    slot = schedule.next_slot
    schedules.edit(schedule, {"title": "New", "at": None, "every": 1})
    assert (schedule.title, schedule.next_slot) == ("New", slot)
    schedules.edit(schedule, {"every": 2})
    assert schedule.next_slot == slot + HOUR
    schedules.edit(schedule, {"kind": "cron", "cron": "0 9 * * *", "time_zone": "Asia/Kolkata"})
    assert f"{schedule.next_slot:%H:%M}" == "03:30"
    schedules.edit(schedule, {"enabled": False})
    assert schedules.upcoming(schedule) == []
    schedules.edit(schedule, {"enabled": True})
    assert len(schedules.upcoming(schedule)) == 5


def test_an_edit_of_a_schedule_that_is_over_begins_anew() -> None:
    schedule = make(kind="once", at=database_now() + HOUR)
    slot = database_now().replace(microsecond=0)
    Schedule.objects.filter(pk=schedule.pk).update(at=slot, next_slot=slot)
    fire_due()
    # It may be looked after without being sent again.
    schedules.edit(schedule, {"title": "Typo"})
    assert schedules.is_over(schedule)
    schedules.edit(schedule, {"enabled": False})
    schedules.edit(schedule, {"title": "Another typo"})
    later = slot + 2 * HOUR
    schedules.edit(schedule, {"at": later, "enabled": True})
    assert schedule.next_slot == later
    assert schedule.periodic_task.enabled


def test_pause_resume_delete() -> None:
    schedule = make()
    slot_ago(schedule, timedelta(minutes=90))
    schedules.pause(schedule)
    assert fire_due() == 0
    schedules.resume(schedule)
    # What came meanwhile was not to be sent.
    assert schedule.next_slot > database_now()
    assert fire_due() == 0
    slot_ago(schedule, timedelta(seconds=1))
    fire_due()
    task = schedule.periodic_task
    schedules.delete(schedule)
    assert not type(task).objects.filter(pk=task.pk).exists()
    assert Announcement.objects.get().schedule is None


def test_run_now_is_out_of_turn(ada: Any) -> None:
    schedule = make()
    slot = schedule.next_slot
    for _ in range(2):
        announcement = schedules.run_now(schedule, ada)
    assert (announcement.slot, announcement.sent_by) == (None, ada)
    assert Notification.objects.count() == 2
    schedule.refresh_from_db()
    assert schedule.next_slot == slot


@pytest.mark.parametrize(
    ("fields", "error", "begins"),
    [
        ({"title": "x" * 181}, InvalidNotification, "title"),
        ({"title": ""}, InvalidNotification, "title"),
        ({"url": "javascript:x"}, InvalidNotification, "url"),
        ({"data": {"x": "y" * 4070}}, InvalidNotification, "data"),
        ({"topic": "nowhere"}, UnknownTopic, "Unknown topic"),
        ({"kind": "weekly"}, InvalidSchedule, "kind"),
        ({"every": 0}, InvalidSchedule, "every"),
        ({"every": None}, InvalidSchedule, "every"),
        ({"kind": "cron", "cron": "0 9 * *"}, InvalidSchedule, "cron"),
        ({"time_zone": "Berlin"}, InvalidSchedule, "time_zone"),
        ({"kind": "once"}, InvalidSchedule, "at"),
        ({"kind": "once", "at": datetime(2020, 1, 1, tzinfo=UTC)}, InvalidSchedule, "at"),
        ({"ends_at": datetime(2020, 1, 1, tzinfo=UTC)}, InvalidSchedule, "ends_at"),
        ({"missed": "never"}, InvalidSchedule, "missed"),
    ],
)
@pytest.mark.any_database
def test_what_is_refused_says_which_field(fields: Any, error: type, begins: str) -> None:
    with pytest.raises(error, match=f"^{begins}"):
        make(**fields)
    assert not Schedule.objects.exists()


def test_every_counts_from_its_window() -> None:
    start = (database_now() + 3 * HOUR).replace(microsecond=0)
    schedule = make(starts_at=start, every=90, period="minutes")
    assert schedules.upcoming(schedule, 2) == [start, start + timedelta(minutes=90)]


@pytest.mark.any_database
def test_the_sweep_goes_on_when_a_part_fails(monkeypatch: Any, caplog: Any) -> None:
    def fail() -> None:
        raise OperationalError("away")

    schedule = make()
    slot_ago(schedule, timedelta(seconds=2))
    monkeypatch.setattr(upkeep, "_note_beat", fail)
    upkeep.sweep()
    assert len(history(schedule)) == 1
    assert "away" in caplog.text


def test_beat_is_noted_at_most_every_ten_seconds() -> None:
    upkeep.sweep()
    first = Heard.objects.get(name="beat").at
    upkeep.sweep()
    assert Heard.objects.get(name="beat").at == first
    for meanwhile in (-timedelta(seconds=11), HOUR):
        # The second is a clock that was ahead.
        Heard.objects.update(at=Now() + meanwhile)
        upkeep.sweep()
        assert abs(Heard.objects.get(name="beat").at - database_now()) < timedelta(seconds=5)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_that_is_locked_is_left_to_whoever_has_it() -> None:
    schedule, other = make(), make()
    for row in (schedule, other):
        slot_ago(row, timedelta(seconds=2))

    def hold(then: Callable[[], object]) -> None:
        with transaction.atomic():
            Schedule.objects.select_for_update().get(pk=schedule.pk)
            together(then)

    hold(fire_due)
    assert (len(history(schedule)), len(history(other))) == (0, 1)
    assert connection.vendor == "postgresql"
