"""docs/operations.md has every process, task, queue, schedule and command, and no other."""

import re
from collections.abc import Mapping
from typing import Any

from celery.schedules import crontab
from django_celery_beat.schedulers import ModelEntry
from honcho.environ import parse_procfile

import celeryconfig
from notifications.models import Outbox
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
