"""A storm to one person as their browser has it: what the page's main thread does meanwhile.

In a page with the list and 500 items in it, and in one with the bell and toasts only. Real server,
relay and socket; Debian's Chromium without a window.
"""

import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import report
from benchmarks.main_thread import MainThread
from benchmarks.stage import ROOT, Side, Stage, environment

TITLE = "a storm to one person, in the page that they look at"
PATHS = {"the list": "/inbox/", "bell and toasts": "/inbox/choices/"}
CLIENT = "document.querySelector('notification-bell').client"
ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
PATIENCE = 60  # seconds
AT_ONCE = 1e6  # calls a second


@dataclass(frozen=True)
class Size:
    """How much, and how often."""

    before: int
    storm: int
    per_second: float
    rounds: int


SIZES = {"full": Size(500, 1_000, 100, 3), "small": Size(40, 50, 50, 1)}


def run(scale: str) -> int:
    """Print what tasks took; the exit code, 1 if something was lost."""
    path = shutil.which("chromium")
    if path is None:
        print("needs Debian's chromium: make chromium")
        return 1
    size = SIZES[scale]
    with ExitStack() as ends:
        # Before the web process starts, which looks at what there is.
        files = ends.enter_context(TemporaryDirectory(prefix="clarion-bench-"))
        _collect(files)
        stage = ends.enter_context(Stage("sqlite", STATIC_ROOT=files))
        playwright = ends.enter_context(sync_playwright())
        report.machine(stage)
        stage.people(size.rounds * len(PATHS))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        print(f"Chromium {browser.version}; {size.storm:,} at {size.per_second:.0f} a second")
        print("\n| page | longest task | of CPU | tasks over 50 ms | of CPU | CPU in all |")
        print("|---|---|---|---|---|---|")
        person = 0
        for name, where in PATHS.items():
            for _ in range(size.rounds):
                thread = _round(stage.sides["clarion"], browser, where, person, size)
                print(f"| {name} | {_cells(thread)} |")
                person += 1
        browser.close()
    print(f"\n{report.load_average()}")
    return 0


def _collect(files: str) -> None:
    """Put the files that pages load there, as a deployment does."""
    environ = environment(
        SECRET_KEY=secrets.token_urlsafe(64),
        ALLOWED_HOSTS="127.0.0.1",
        STATIC_ROOT=files,
        DATABASE_URL="sqlite:///:memory:",
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environ, check=True)


def _round(side: Side, browser: Browser, path: str, person: int, size: Size) -> MainThread:
    site = f"http://127.0.0.1:{side.port}"
    _tell(side, person, size.before, AT_ONCE)
    context = browser.new_context()
    context.add_cookies([{"name": "sessionid", "value": side.keys[person], "url": site}])
    page = context.new_page()
    page.goto(site + path)
    _until(page, f"{CLIENT}?.status === 'live'")
    while page.evaluate(f"{CLIENT}.hasOlder"):
        page.evaluate(f"{CLIENT}.loadOlder()")
    _until(page, f"{CLIENT}.items.length === {size.before}")
    with MainThread(browser, page) as thread:
        _tell(side, person, size.storm, size.per_second)
        _until(page, f"{CLIENT}.items.length === {size.before + size.storm}")
    context.close()
    return thread


def _cells(thread: MainThread) -> str:
    wall, cpu = thread.longest.wall, thread.longest.cpu
    by_clock, by_cpu = thread.long
    return f"{wall:.0f} ms | {cpu:.0f} ms | {by_clock} | {by_cpu} | {thread.cpu:.1f} s"


def _tell(side: Side, person: int, count: int, per_second: float) -> None:
    side.caller.call("paced", number=person, count=count, to=1, per_second=per_second, first=person)


def _until(page: Page, expression: str) -> None:
    """Playwright's own way is nothing for a strict policy."""
    deadline = time.monotonic() + PATIENCE
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise SystemExit(f"{expression} did not come")
        time.sleep(0.05)
