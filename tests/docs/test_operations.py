"""docs/operations.md has every process, task, queue, schedule and command, and no other."""

import re
from collections.abc import Mapping
from io import StringIO
from typing import Any

import pytest
from celery.schedules import crontab
from django.core.management import CommandError, call_command
from django_celery_beat.schedulers import ModelEntry
from honcho.environ import parse_procfile

import celeryconfig
from notifications.models import Notification, Outbox
from notifications.services import relay
from tests.docs.pages import ROOT, blocks, code, named, page, section, table
from workers import app

TEXT = page("operations.md")
PROCESSES: Mapping[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes


def test_processes() -> None:
    assert named(table(section(TEXT, "## Processes"), "process")) == set(PROCESSES)


def test_every_option_of_the_procfile_has_a_reason() -> None:
    lines = " ".join(PROCESSES.values())
    explained = [
        row[0].strip("`") for row in table(section(TEXT, "## Processes"), "option of the Procfile")
    ]
    for option in explained:
        assert option in lines, option
    for option in re.findall(r"--[\w-]+|\bREMAP_SIGTERM\b", lines):
        obvious = option in ("--port", "--concurrency", "--quiet", "--loglevel")
        assert obvious or any(option in text for text in explained), option


def test_tasks_and_their_queues() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if name.startswith("notifications.")}
    rows = {
        row[0].strip("`"): row[1].strip("`") for row in table(section(TEXT, "## Tasks"), "task")
    }
    assert rows == {name: celeryconfig.task_routes[name]["queue"] for name in ours}
    for queue in celeryconfig.task_queues:
        assert f"`{queue.name}`" in TEXT, queue.name


def test_what_beat_runs() -> None:
    rows = {row[0].strip("`"): row[1:] for row in table(section(TEXT, "## Tasks"), "entry")}
    assert set(rows) == set(celeryconfig.beat_schedule)
    for name, entry in celeryconfig.beat_schedule.items():
        assert rows[name] == [when(entry["schedule"]), expiry(entry["options"])], name


def when(schedule: Any) -> str:
    if isinstance(schedule, crontab):
        return f"{min(schedule.hour):02}:{min(schedule.minute):02} UTC"
    return f"every {schedule} s"


def expiry(options: dict[str, Any]) -> str:
    """Return the expiry as django-celery-beat stores it."""
    seconds = ModelEntry._unpack_options(**options)["expire_seconds"]
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds} s"


def test_commands_and_their_options() -> None:
    folders = ROOT / "notifications/management/commands", ROOT / "project/management/commands"
    commands = {file.stem for folder in folders for file in folder.glob("[a-z]*.py")}
    text = section(TEXT, "## Commands")
    assert {name.split()[1] for name in named(table(text, "command"))} == commands
    arguments = (ROOT / "notifications/management/arguments.py").read_text()
    assert set(re.findall(r'add_argument\("(--\w+)"', arguments)) <= set(code(text))


def test_bounds_of_the_outbox() -> None:
    assert Outbox.ATTEMPTS == 10
    assert "parked after ten\nattempts" in section(TEXT, "## The outbox")
    assert relay.BACKOFF_MAX == 300
    assert "at most every 5 minutes" in TEXT


def test_snippets_name_what_exists() -> None:
    for block in blocks(TEXT, ""):
        for line in re.findall(r'shell -c "(.*)"', block):
            # Only what is imported: what they do is for the night.
            imports = [part.strip() for part in line.split(";") if "import" in part]
            exec("\n".join(imports), {})


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("notify", "nobody", "T"), 1),
        (("notify", "ada", "T", "--url=javascript:x"), 2),
        (("notify", "ada", "T", "--type=nothing"), 2),
        (("notify", "ada"), 2),
        (("notify", "ada", "T", "--key=used"), 2),
        (("broadcast", "nowhere", "T"), 2),
        (("broadcast", "everyone"), 2),
        (("demo_data",), 1),
    ],
)
def test_exit_codes(redis_server: Any, settings: Any, ada: Any, arguments: Any, code: int) -> None:
    settings.DEMO = False
    call_command("notify", "ada", "Other", "--key=used", stdout=StringIO())
    with pytest.raises(CommandError) as refused:
        call_command(*arguments)
    assert refused.value.returncode == code
    assert Notification.objects.count() == 1


def test_whom_notify_finds(redis_server: Any, ada: Any) -> None:
    for name in ("ada", "ADA@example.com", str(ada.pk)):
        said = StringIO()
        call_command("notify", name, "It works", stdout=said)
        notification = Notification.objects.latest("pk")
        assert said.getvalue() == f"Notification {notification.pk} to ada.\n"
    for _ in range(2):
        call_command("notify", "ada", "Once", "--key=k", "--level=error", stdout=StringIO())
    assert Notification.objects.count() == 4


def test_broadcast_tells_a_topic(redis_server: Any, ada: Any) -> None:
    call_command("broadcast", "everyone", "All", "--data", '{"a": 1}', stdout=StringIO())
    row = Outbox.objects.get()
    assert (row.topic.key, row.notification.data) == ("everyone", {"a": 1})
