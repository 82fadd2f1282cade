"""docs/clients.md: its blocks are programs that run against a real site."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from notifications import notify
from notifications.models import ApiKey, Item, LogEntry
from notifications.services import api_keys
from tests.docs.pages import ROOT, blocks, page, section
from tests.support.processes import Process, environment
from tests.support.site import Site
from tests.support.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.any_database

TEXT = page("clients.md")
SIGNED_IN = "demo.signed_in"
NODE = shutil.which("node")

Run = Callable[..., Process]


@pytest.fixture
def reader(live_site: Site, worker: object, make_user: Callable[..., Any]) -> Any:
    """Somebody who can sign in, with two notifications."""
    reader = make_user("reader")
    # As the web process hashes, not as the tests do.
    reader.password = make_password("secret", hasher="pbkdf2_sha256")
    reader.save()
    for title in ("One", "Two"):
        notify(reader, "message", title=title)
    wait_until(lambda: Item.objects.count() == 2)
    return reader


@pytest.fixture
def run(reader: Any, live_site: Site, tmp_path: Path) -> Iterator[Run]:
    """Runs blocks as a program, with a pause after the first, and what they need in variables."""
    started = []

    def start(parts: list[str], pause: str, *command: str) -> Process:
        file, gate = tmp_path / "program.mjs", tmp_path / "gate"
        os.mkfifo(gate)
        sign_in, *others = parts
        file.write_text("\n".join([sign_in, pause, *others]))
        line = " ".join([*command, str(file)])
        mine = {"CLARION": live_site.url, "NAME": "reader", "PASSWORD": "secret"}
        process = Process(command[0], line, tmp_path / "log", environment(**mine, GATE=str(gate)))
        started.append(process)
        # The demo says that somebody has signed in; then the program goes on.
        process.wait_for(lambda: Item.objects.count() == 3, "signing in")
        gate.write_text("")
        return process

    yield start
    for process in started:
        process.kill()


def installed(program: str) -> pytest.MarkDecorator:
    """A developer without it still tests everything else; CI must not pass by leaving this out."""
    missing = shutil.which(program) is None and not os.environ.get("CI")
    return pytest.mark.skipif(missing, reason=f"{program} is not installed")


def parts(heading: str, language: str) -> list[str]:
    return blocks(section(TEXT, heading), language)


def ended(process: Process) -> str:
    """Return its output, once it has ended well."""
    code = process.popen.wait(60)
    assert code == 0, process.output()
    return process.output()


def arrives(process: Process, reader: Any, open_: str) -> str:
    """Say something when it listens; return its output when it has ended with that."""
    process.wait_for(lambda: open_ in process.output(), open_)
    notify(reader, "message", title="Three")
    return ended(process)


def states(reader: Any) -> list[tuple[str, bool, bool]]:
    items = Item.objects.filter(inbox__user=reader).order_by("notification")
    return [
        (
            item.notification.title or item.notification.type,
            item.read_at is not None,
            item.archived_at is not None,
        )
        for item in items.select_related("notification")
    ]


def signed_in(reader: Any) -> int:
    """The notification that a client has read and put away."""
    items = Item.objects.filter(inbox__user=reader, notification__type=SIGNED_IN)
    return items.values_list("notification", flat=True).get()


def texts(lines: list[str]) -> list[str]:
    """The titles in lines of id and title."""
    return [line.partition(" ")[2] for line in lines]


@installed("curl")
def test_curl(run: Run, reader: Any) -> None:
    # No longer than it takes, and no shorter.
    script = [
        part.replace("--max-time 3 ", f"--max-time {PATIENCE} ") for part in parts("## curl", "sh")
    ]
    process = run(script, 'cat "$GATE"', "bash", "-euo", "pipefail")
    process.wait_for(lambda: '{"type":"sync"' in process.output(), "the socket's first frames")
    output = process.output()
    assert output.index('"title": "Two"') < output.index('"title": "One"')
    assert states(reader) == [("One", True, False), ("Two", True, False), (SIGNED_IN, True, True)]
    # The socket: hello, and then our changes since the cursor.
    assert '{"type":"hello",' in output


def test_python(run: Run, reader: Any) -> None:
    pause = 'open(os.environ["GATE"]).close()'
    process = run(parts("## Python", "python"), pause, sys.executable, "-W", "error")
    lines = arrives(process, reader, "sync").splitlines()
    assert texts(lines[:3]) == ["New sign-in", "Two", "One"]
    # One comes every second here.
    assert [line for line in lines[3:] if line != "heartbeat"] == [
        "unread: 2",
        f"changed: {signed_in(reader)}",
        "hello",
        "sync",
        "notifications",
        "arrived: Three",
    ]
    assert states(reader)[1:3] == [("Two", False, False), (SIGNED_IN, True, True)]


@installed("node")
def test_javascript(run: Run, reader: Any) -> None:
    assert NODE, "CI needs node"
    options = ["--no-warnings"]
    allowed = subprocess.run(
        [NODE, "-p", "process.allowedNodeEnvironmentFlags.has('--experimental-websocket')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if allowed.strip() == "true":
        options.append("--experimental-websocket")
    pause = 'await import("node:fs").then((fs) => fs.readFileSync(process.env.GATE));'
    process = run(parts("## JavaScript", "js"), pause, NODE, *options)
    lines = arrives(process, reader, "live").splitlines()
    assert texts(lines[:3]) == ["New sign-in", "Two", "One"]
    changed = f"changed: {signed_in(reader)}"
    assert lines[3:] == ["unread: 2", changed, "connecting", "live", "arrived: Three", "stopped"]
    assert states(reader)[1:3] == [("Two", False, False), (SIGNED_IN, True, True)]


@pytest.fixture
def publish(reader: Any, live_site: Site, tmp_path: Path) -> Callable[..., str]:
    """Runs a block as a service that has a key; returns its output."""
    key = ApiKey(name="CI", types=["message"], topics=["everyone"], may_notify=True)
    shown = api_keys.create(key, None).shown

    def run(part: str, *command: str) -> str:
        file = tmp_path / "service.mjs"
        file.write_text(part)
        mine = {"CLARION": live_site.url, "NAME": "reader", "CLARION_KEY": shown}
        line = " ".join([*command, str(file)])
        return ended(Process(command[0], line, tmp_path / "log", environment(**mine)))

    return run


def said(title: str) -> bool:
    return Item.objects.filter(notification__title=title).exists()


@installed("curl")
def test_publishing_with_curl(publish: Callable[..., str]) -> None:
    _, part = parts("## Publishing", "sh")
    output = publish(part, "bash", "-euo", "pipefail")
    wait_until(lambda: said("Build 4711 is red"))
    wait_until(lambda: LogEntry.objects.filter(notification__title="CI is slow today").exists())
    assert output.count('"id"') == 2


def test_publishing_with_python(publish: Callable[..., str]) -> None:
    [part] = parts("## Publishing", "python")
    output = publish(part, sys.executable, "-W", "error")
    assert output.splitlines() == ["said once: True", "reached: 1"]
    assert said("Build 4712 is green")


@installed("node")
def test_publishing_with_javascript(publish: Callable[..., str]) -> None:
    assert NODE, "CI needs node"
    [part] = parts("## Publishing", "js")
    assert publish(part, NODE).startswith("202 /api/v1/notifications/")
    wait_until(lambda: said("Build 4713 is green"))


def test_they_begin_where_make_run_does() -> None:
    [line] = blocks(TEXT.partition("\n## ")[0], "sh")
    assert line == "export CLARION=http://127.0.0.1:8000 NAME=demo PASSWORD=demo\n"
    assert (ROOT / "docs" / "clients.md").read_text().count("127.0.0.1:8000") == 1
