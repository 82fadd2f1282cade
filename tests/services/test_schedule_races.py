"""What beat, operators and the upkeep do to one schedule at the same moment."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django_celery_beat.models import PeriodicTask
from kombu.utils.imports import symbol_by_name

from notifications.models import Schedule
from notifications.selectors.clock import database_now
from notifications.services import mirror, schedules
from notifications.services.schedules import fire_due
from tests.services.test_concurrency import together, wait_until_somebody_waits
from tests.services.test_mirror import fetched
from tests.services.test_schedules import HOUR, history, make, slot_ago
from workers import app

pytestmark = [pytest.mark.promise_6, pytest.mark.django_db]


@pytest.mark.parametrize("act", [schedules.pause, schedules.resume])
def test_beat_notes_that_it_rang(act: Callable[[Schedule], Schedule]) -> None:
    """It does so with what it read before."""
    schedule = make()
    if act is schedules.resume:
        schedules.pause(schedule)
    read, rings = (fetched(schedule).periodic_task for _ in range(2))
    entry = symbol_by_name(app.conf.beat_scheduler).Entry(rings, app=app)
    act(schedule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PeriodicTask._default_manager, "get", lambda **_: read)
        next(entry).save()
    mirror.upkeep()
    row = fetched(schedule)
    assert row.enabled is row.periodic_task.enabled is (act is schedules.resume)
    assert row.periodic_task.total_run_count == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_paused_while_the_upkeep_waits() -> None:
    """It sees the periodic task as the schedule: after the pause."""
    schedule = make()
    Schedule.objects.filter(pk=schedule.pk).update(kind="cron", cron="30 4 * * *")
    paused = Event()

    def pause() -> None:
        with transaction.atomic():
            schedules.pause(fetched(schedule))
            paused.set()
            wait_until_somebody_waits()

    def look_after() -> None:
        paused.wait(10)
        mirror.upkeep()

    together(pause, look_after)
    assert not fetched(schedule).enabled


def test_prolonged_in_bulk() -> None:
    schedule = make(kind="once", at=database_now() + HOUR)
    Schedule.objects.filter(pk=schedule.pk).update(at=Now(), next_slot=Now())
    assert fire_due() == 1
    Schedule.objects.filter(pk=schedule.pk).update(at=database_now() + HOUR)
    mirror.upkeep()
    row = fetched(schedule)
    assert row.next_slot == row.at
    assert row.periodic_task.enabled


def test_resumed_in_bulk_and_edited_before_anybody_noticed() -> None:
    schedule = make()
    schedules.pause(schedule)
    Schedule.objects.filter(pk=schedule.pk).update(enabled=True)
    schedules.edit(fetched(schedule), {"title": "U"})
    mirror.upkeep()
    assert fetched(schedule).next_slot is not None


def test_one_beyond_the_calendar_harms_no_other() -> None:
    beyond, other = make(kind="once", at=database_now() + HOUR, time_zone="Asia/Tokyo"), make()
    Schedule.objects.filter(pk=beyond.pk).update(at=datetime(9999, 12, 31, 23, tzinfo=UTC))
    Schedule.objects.filter(pk=other.pk).update(enabled=False)
    mirror.upkeep()
    assert not fetched(other).periodic_task.enabled


def test_what_cannot_recur_any_more_is_paused_also_by_a_clock_that_was_set_back() -> None:
    schedule = make()
    slot = slot_ago(schedule, timedelta(seconds=2))
    assert fire_due() == 1
    Schedule.objects.filter(pk=schedule.pk).update(next_slot=slot, time_zone="Atlantis")
    assert fire_due() == 0
    assert not fetched(schedule).enabled
    assert history(schedule) == [("sent", slot, 0)]
