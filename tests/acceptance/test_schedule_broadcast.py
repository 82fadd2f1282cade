"""`manage.py schedule_broadcast`: what it understands, says and returns."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import execute_from_command_line

from notifications.models import LogEntry, Schedule
from notifications.services.relay import relay
from notifications.services.schedules import fire_due

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.any_database,
    pytest.mark.promise_6,
]


@pytest.fixture
def manage(redis_server, capsys):
    """Runs `manage.py schedule_broadcast ...`; returns exit code, output and errors."""

    def run(*arguments):
        try:
            execute_from_command_line(["manage.py", "schedule_broadcast", *map(str, arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        output = capsys.readouterr()
        return code, output.out, output.err

    return run


def test_says_what_it_understood(manage):
    arguments = ("--cron", "0 9 * * 1-5", "--tz", "Europe/Berlin", "--missed", "last")
    code, output, errors = manage("add", "everyone", "Good morning", *arguments)
    assert (code, errors) == (0, "")
    schedule = Schedule.objects.get()
    lines = output.splitlines()
    assert lines[:3] == [
        f"Schedule {schedule.pk}: “Good morning to everyone”.",
        "At 09:00 on Monday through Friday (Europe/Berlin).",
        "Of slots that are missed, the last one is sent late.",
    ]
    assert len(lines) == 8
    assert all(line[6:9] in "Mon Tue Wed Thu Fri" for line in lines[3:])
    assert all(" 09:00 CE" in line for line in lines[3:])


def test_once_until_it_is_over(manage):
    at = datetime.now(UTC) + timedelta(hours=1)
    assert manage("add", "everyone", "Once", "--at", f"{at:%Y-%m-%dT%H:%M:%SZ}")[0] == 0
    slot = datetime.now(UTC).replace(microsecond=0)
    Schedule.objects.update(at=slot, next_slot=slot)
    fire_due()
    relay()
    assert LogEntry.objects.get().notification.title == "Once"
    code, output, _ = manage("list")
    assert (code, output.splitlines()[-1]) == (0, "Next: never; it is over")


def test_a_life(manage):
    _, output, _ = manage("add", "staff", "Hi", "--every", "90m", "--paused", "--json")
    made = json.loads(output)
    pk = made["id"]
    assert (made["when"], made["state"], made["next"]) == ("Every 90 minutes", "paused", [])
    _, output, _ = manage("resume", pk, "--json")
    assert (json.loads(output)["state"], len(json.loads(output)["next"])) == ("on", 5)
    _, output, _ = manage("next", pk, "--count", 2)
    assert len(output.splitlines()) == 2
    _, output, _ = manage("next", pk, "--json")
    first, second = map(datetime.fromisoformat, json.loads(output)[:2])
    assert second - first == timedelta(minutes=90)
    assert json.loads(manage("list", "--json")[1])[0]["id"] == pk
    assert manage("show", pk)[1].startswith(f"Schedule {pk}: “Hi to staff”.\nEvery 90 minutes.")
    assert manage("pause", pk)[1].endswith("Next: never; it is paused\n")
    assert manage("delete", pk) == (0, "Deleted “Hi to staff”.\n", "")
    assert manage("list") == (0, "No schedules.\n", "")
    assert manage("show", pk)[::2] == (1, f"CommandError: There is no schedule {pk}.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["everyone", "Hi"], "one of the arguments --cron --every --at is required"),
        (["everyone", "Hi", "--cron", "0 9 * *"], "cron: A crontab has five fields"),
        (["everyone", "Hi", "--cron", "0 9 * * *", "--every", "1d"], "not allowed with"),
        (["everyone", "Hi", "--every", "2w"], "--every takes 15m, 2h or 1d"),
        (["everyone", "Hi", "--at", "tomorrow"], "--at: "),
        (["everyone", "Hi", "--at", "2020-01-01"], "at: that moment has passed"),
        (["everyone", "Hi", "--every", "1d", "--tz", "Berlin"], "There is no time zone 'Berlin'"),
        (["everyone", "Hi", "--every", "1d", "--until", "2020-01-01"], "ends_at: nothing is left"),
        (["everyone", "--every", "1d"], "title: a notification of type 'message' needs one"),
        (["nowhere", "Hi", "--every", "1d"], "Unknown topic 'nowhere'"),
    ],
)
def test_what_is_refused_leaves_nothing(manage, arguments, message):
    code, output, errors = manage("add", *arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert not Schedule.objects.exists()


def test_readings_of_a_clock(manage):
    """What does not exist is the end of the gap; the echo says so."""
    options = ("--tz", "Europe/Berlin", "--from", "2037-03-29T02:30", "--json")
    _, output, _ = manage("add", "everyone", "Hi", "--every", "1d", *options)
    assert json.loads(output)["next"][0] == "2037-03-29T03:00:00+02:00"
