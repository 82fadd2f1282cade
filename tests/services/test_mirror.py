"""Schedules and the periodic tasks that ring for them: whichever side changes, and how."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import ModelEntry

from notifications.models import Notification, Schedule
from notifications.selectors.clock import database_now
from notifications.services import mirror, schedules
from notifications.services.schedules import fire_due
from tests.services.test_schedules import make, slot_ago
from workers import app

pytestmark = [pytest.mark.promise_6, pytest.mark.django_db]


def fetched(schedule: Schedule) -> Schedule:
    return Schedule.objects.get(pk=schedule.pk)


def set_both(schedule: Schedule, enabled: bool, rings: bool, agreed: bool) -> None:
    """In bulk, so that nobody is told."""
    Schedule.objects.filter(pk=schedule.pk).update(enabled=enabled, mirrored=agreed)
    PeriodicTask.objects.filter(pk=schedule.periodic_task_id).update(enabled=rings)


@pytest.mark.parametrize(
    ("enabled", "rings", "agreed", "then"),
    [
        # Who changed wins.
        (True, True, True, True),
        (False, True, True, False),
        (True, False, True, False),
        (False, False, True, False),
        (False, False, False, False),
        (True, False, False, True),
        (False, True, False, True),
        (True, True, False, True),
    ],
)
def test_the_side_that_changed_wins(enabled: bool, rings: bool, agreed: bool, then: bool) -> None:
    schedule = make()
    if not agreed:
        schedules.pause(schedule)
    set_both(schedule, enabled, rings, agreed)
    for _ in range(2):
        mirror.upkeep()
        row = fetched(schedule)
        assert (row.enabled, row.periodic_task.enabled, row.mirrored) == (then, then, then)
        assert (row.next_slot is not None) is then


def test_an_operator_has_just_switched_it_off_in_beats_admin() -> None:
    """Before the upkeep of the minute, between beat's ring and the worker."""
    schedule = make()
    slot_ago(schedule, timedelta(seconds=2))
    task = schedule.periodic_task
    task.enabled = False
    task.save()
    assert fire_due() == 0
    assert not Notification.objects.exists()
    assert not fetched(schedule).enabled
    # Switched on again, it goes on with the next slot.
    task.enabled = True
    task.save()
    mirror.upkeep()
    assert fire_due() == 0
    assert fetched(schedule).next_slot > database_now()


def test_resumed_before_anybody_noticed() -> None:
    schedule = make()
    PeriodicTask.objects.update(enabled=False)
    schedules.resume(schedule)
    mirror.upkeep()
    assert fetched(schedule).enabled
    assert fetched(schedule).periodic_task.enabled


def test_a_periodic_task_that_was_deleted_pauses() -> None:
    schedule = make()
    slot_ago(schedule, timedelta(seconds=2))
    PeriodicTask.objects.filter(pk=schedule.periodic_task_id).delete()
    assert fire_due() == 0
    mirror.upkeep()
    assert not fetched(schedule).enabled
    schedules.resume(schedule)
    assert schedule.periodic_task.enabled


def test_orphans_are_deleted_and_beat_is_told() -> None:
    schedule, other = make(), make()
    Schedule.objects.filter(pk=schedule.pk).delete()
    PeriodicTasks.objects.all().delete()
    mirror.upkeep()
    assert list(PeriodicTask.objects.all()) == [other.periodic_task]
    assert PeriodicTasks.last_change() is not None


def test_one_that_is_over_is_left_alone() -> None:
    schedule = make(kind="once", at=database_now() + timedelta(hours=1))
    Schedule.objects.filter(pk=schedule.pk).update(at=Now(), next_slot=Now())
    assert fire_due() == 1
    mirror.upkeep()
    row = fetched(schedule)
    assert (row.enabled, row.mirrored, row.periodic_task.enabled) == (True, True, False)


def test_what_was_changed_in_bulk_is_followed() -> None:
    schedule = make()
    Schedule.objects.filter(pk=schedule.pk).update(kind="cron", cron="30 4 * * *")
    mirror.upkeep()
    row = fetched(schedule)
    assert f"{row.next_slot:%H:%M}" == "04:30"
    assert str(row.periodic_task.crontab).startswith("30 4 * * *")
    # Beat's side does not decide when.
    other = IntervalSchedule.objects.create(every=1, period="minutes")
    PeriodicTask.objects.update(interval=other, crontab=None)
    mirror.upkeep()
    again = fetched(schedule)
    assert (again.periodic_task.interval, again.next_slot) == (None, row.next_slot)


def test_upkeep_costs_the_same_for_many(django_assert_max_num_queries: Any) -> None:
    for n in range(5):
        make(title=f"{n}")
    with django_assert_max_num_queries(6):
        mirror.upkeep()


@pytest.mark.parametrize(
    ("cron", "bell"),
    [
        ("0 9 * * 1-5", "0 9 * * 1-5"),
        ("*/15 * * * *", "*/15 * * * *"),
        ("0 9 * * MON-FRI", "0 9 * * MON-FRI"),
        # What Celery reads otherwise, or cannot.
        ("5/20 9 * * 7", "5,25,45 9 * * 0"),
        ("0 9 1 * 1", "0 9 * * *"),
        ("0 9 L * *", "0 9 * * *"),
        ("0 9 * * MON#2", "0 9 * * *"),
    ],
)
@pytest.mark.any_database
def test_bells_that_beat_can_ring(cron: str, bell: str) -> None:
    schedule = make(kind="cron", cron=cron, time_zone="Europe/Berlin")
    task = schedule.periodic_task
    assert str(task.crontab) == f"{bell} (m/h/dM/MY/d) Europe/Berlin"
    entry = ModelEntry(task, app=app)
    assert (entry.task, entry.options["queue"], entry.options["expires"]) == (
        "notifications.fire",
        "relay",
        60,
    )
    assert "Edit the scheduled broadcast" in task.description


def test_equal_bells_are_shared_and_operators_own_are_left() -> None:
    for _ in range(2):
        IntervalSchedule.objects.create(every=1, period="hours")
    made = [make() for _ in range(2)]
    assert IntervalSchedule.objects.count() == 2
    assert made[0].periodic_task.interval == made[1].periodic_task.interval
    # It rings when the slots come.
    assert made[0].periodic_task.start_time == made[0].next_slot
