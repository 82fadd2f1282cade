"""`make chaos-beat SECONDS=180 SEED=1`: nothing that dies makes a slot go out twice, or get lost.

Every schedule is real: every minute, counted from another second, so that a slot comes twice a
second. Some come from a downtime of days. `make test` runs 20 seconds of it.
"""

import os
import random
import sys
from datetime import datetime, timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from notifications.models import Outbox, Schedule
from notifications.selectors.clock import database_now
from notifications.services import schedules
from notifications.services.relay import relay
from notifications.services.schedules import fire_due
from notifications.services.upkeep import sweep
from tests.chaos.storm import Storm
from tests.chaos.tally import table, tallies
from tests.support.processes import Processes
from tests.support.waiting import wait_until

SECONDS = float(os.environ.get("CHAOS_SECONDS") or 20)
ASKED = "CHAOS_SECONDS" in os.environ
SEED = int(os.environ.get("CHAOS_SEED") or random.randrange(1_000_000))

SCHEDULES = 120
# Slots that are later than this were missed; short, so that many are.
GRACE = "5"

pytestmark = [
    pytest.mark.promise_6,
    # Where connections break and workers do not wait for each other.
    *([] if ASKED else [pytest.mark.postgresql]),
]


def every_minute(start: datetime) -> dict[int, datetime]:
    """Schedules and their first slots, which come one after the other in the first minute."""
    first = {}
    for number in range(SCHEDULES):
        slot = start + timedelta(seconds=number * 60 // SCHEDULES)
        schedule = schedules.create(
            {
                "topic": "everyone",
                "title": f"Every minute {number}",
                "kind": "every",
                "every": 1,
                "period": "minutes",
                "starts_at": slot,
                "missed": ("skip", "last")[number % 2],
            },
            None,
        )
        first[schedule.pk] = slot
    return first


def after_days(start: datetime) -> dict[int, datetime]:
    """Schedules whose last slots nobody was there for, and whose next one beat would ring early."""
    first = {}
    soon = start + timedelta(hours=1)
    for policy in ("skip", "last"):
        schedule = schedules.create(
            {
                "topic": "everyone",
                "title": f"Daily {policy}",
                "kind": "cron",
                "cron": f"{soon.minute} {soon.hour} * * *",
                "missed": policy,
            },
            None,
        )
        slot = schedule.next_slot - timedelta(days=3)
        Schedule.objects.filter(pk=schedule.pk).update(next_slot=slot)
        PeriodicTask.objects.filter(pk=schedule.periodic_task_id).update(
            last_run_at=slot - timedelta(days=1)
        )
        first[schedule.pk] = slot
    return first


def test_every_slot_once(processes: Processes, capsys: pytest.CaptureFixture[str]) -> None:
    storm = Storm(processes, SEED, CLARION_SCHEDULE_GRACE_SECONDS=GRACE, WORKER_CONCURRENCY="2")
    start = database_now().replace(microsecond=0) + timedelta(seconds=8)
    first = every_minute(start) | after_days(start)
    try:
        storm.start()
        wait_until(lambda: database_now() > start, 60, what="the first slot")
        storm.rage(SECONDS)
    finally:
        storm.end()
    settle()
    found = tallies(first)
    with capsys.disabled():
        strokes = ", ".join(f"{count} {name}" for name, count in sorted(storm.strokes.items()))
        sys.stdout.write(f"\nseed {SEED}, {SECONDS:g} s: {strokes}\n{table(found)}\n")
    assert all(tally.is_clean for tally in found.values()), table(found)
    assert all(tally.sent for tally in found.values())
    assert sum(tally.slots for tally in found.values()) > SECONDS


def settle() -> None:
    """What the last stroke left is done by whoever comes next."""
    wait_until(lambda: sweep() or not fire_due(), 20, what="all slots")
    wait_until(lambda: relay() or not Outbox.objects.exists(), 20, what="the outbox")
