"""A thousand notifications in ten seconds, and an inbox of thousands: pages stay usable."""

import os
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Browser

from benchmarks.main_thread import MainThread
from notifications import notify
from notifications.models import Inbox
from tests.browser.conftest import OpenWindow
from tests.browser.test_elements import elsewhere
from tests.browser.window import Window
from tests.support.processes import Processes
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

BEFORE = 500
PER_SECOND = 100
# Where there is no list little is drawn, whatever comes.
STORMS = {"beside the list": 1_000, "elsewhere": 300}
# ms of the page's own CPU time, which a busy machine does not change: only what the page does.
LONGEST = 200
# ms for which a toast is shown
TOLD = 6_000
# What a page does a lot of when it is careless, counted.
WATCH = """() => {
    const seen = { rows: 0, toasts: 0, told: [], said: [], stored: 0, pause: 0 };
    const count = (name, root, query) => {
        const look = () => (seen[name] = Math.max(seen[name], root.querySelectorAll(query).length));
        if (root) new MutationObserver(look).observe(root, { childList: true, subtree: true });
    };
    count("rows", document.querySelector("main notification-inbox")?.shadowRoot, ".item");
    const toasts = document.querySelector("notification-toasts").shadowRoot;
    count("toasts", toasts, ".toast");
    const read = () => {
        const titles = [...toasts.querySelectorAll(".toast .title")];
        if (titles.length) seen.told = titles.map(({ textContent }) => textContent);
    };
    new MutationObserver(read).observe(toasts, { childList: true, subtree: true });
    const voice = document.getElementById("clarion-polite");
    const hear = () => seen.said.push(voice.textContent);
    new MutationObserver(hear).observe(voice, { childList: true });
    let last = performance.now();
    document.querySelector("notification-bell").client.addEventListener("notification", () => {
        seen.pause = Math.max(seen.pause, performance.now() - last);
        last = performance.now();
    });
    const { setItem } = Storage.prototype;
    Storage.prototype.setItem = function (...given) {
        seen.stored += 1;
        return setItem.apply(this, given);
    };
    window.seen = seen;
}"""
LIST = "document.querySelector('main notification-inbox').shadowRoot"
CLIENT = "document.querySelector('notification-bell').client"


def fill(user: Any, count: int) -> None:
    """Have so many items in an inbox."""
    with transaction.atomic():
        for number in range(count):
            notify(user, "message", title=f"Before {number}", body="What was said, at some length.")
    wait_until(lambda: Inbox.objects.get(user=user).unread == count, 60, what=f"{count} items")


def storm(user: Any, size: int) -> float:
    """Notify at an even pace, each a commit of its own; returns the seconds it took."""
    began = time.monotonic()
    for number in range(size):
        notify(user, "message", title=f"Storm {number}", body="What was said, at some length.")
        # Not a wait for something: the pace is what a storm is.
        time.sleep(max(0.0, began + (number + 1) / PER_SECOND - time.monotonic()))
    return time.monotonic() - began


def load_all(window: Window, count: int) -> None:
    """Have the page load every older page of the list."""
    window.page.evaluate(f"async () => {{ while ({CLIENT}.hasOlder) await {CLIENT}.loadOlder(); }}")
    window.wait_for(f"{CLIENT}.items.length === {count}")


@pytest.mark.parametrize("where", STORMS)
def test_a_storm(
    window_of: OpenWindow,
    chromium: Browser,
    ada: Any,
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(ada, BEFORE)
    size = STORMS[where]
    listed = where == "beside the list"
    window = window_of(ada).open() if listed else elsewhere(window_of(ada))
    load_all(window, BEFORE)
    window.page.mouse.move(1, 1)
    began = time.monotonic()
    window.page.evaluate(WATCH)
    with MainThread(chromium, window.page) as thread:
        took = storm(ada, size)
        window.wait_for(f"{CLIENT}.items.length === {BEFORE + size}")
    with capsys.disabled():
        sys.stdout.write(f"\nA storm of {size:,} in {took:.1f} s, {where}: {thread}\n")
    assert thread.longest.cpu < LONGEST

    # Everything is there, once and in order, and counted as the database has it.
    titles = window.page.evaluate(f"{CLIENT}.items.map(({{ title }}) => title)")
    assert titles == [
        *(f"Storm {number}" for number in reversed(range(size))),
        *(f"Before {number}" for number in reversed(range(BEFORE))),
    ]
    unseen = 0 if listed else BEFORE + size
    expect_counts(window, lambda: Inbox.objects.get(user=ada), BEFORE + size, unseen)
    seen = window.page.evaluate("window.seen")
    passed = time.monotonic() - began
    # A second's saving, and what is said of it, not one for each.
    assert 0 < seen["stored"] <= passed + 1
    assert 0 < len(seen["said"]) <= 1 + passed / 5
    if listed:
        assert 0 < seen["rows"] <= 150
        assert seen["toasts"] == 0
        assert window.titles.first.text_content() == f"Storm {size - 1}"
    else:
        assert seen["toasts"] <= 3
        # One in the end; of fewer, where the storm came with pauses and the one before has gone.
        # What came after such a pause, on a machine that stood still, is told by itself.
        if seen["pause"] < TOLD:
            assert len(seen["told"]) == 1
            assert re.fullmatch(r"[\d,]+ new notifications", seen["told"][0])


def expect_counts(window: Window, inbox: Callable[[], Inbox], unread: int, unseen: int) -> None:
    """Wait until the page's counts are the database's."""

    def agreed() -> bool:
        counts = window.page.evaluate(f"{CLIENT}.counts")
        stored = inbox()
        assert counts["unread"] == stored.unread == unread
        return bool(counts["unseen"] == stored.unseen == unseen)

    wait_until(agreed, what="counts that agree")


# Ten thousand are as quick and take three times as long to load: `BROWSER_ROWS=10000`.
LOADED = int(os.environ.get("BROWSER_ROWS", "3000"))


def test_thousands_of_rows_that_were_scrolled_to(
    window_of: OpenWindow,
    processes: Processes,
    chromium: Browser,
    ada: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = processes.web(CLARION_PAGE_SIZE="100")
    fill(ada, LOADED)
    window = window_of(ada, site=site, hidden=True).open()
    load_all(window, LOADED)
    # The end of what has rows, again and again, until there is no more.
    window.page.evaluate(
        f"""async () => {{
            const older = {LIST}.querySelector(".older");
            while (!older.hidden) {{
                older.scrollIntoView();
                await new Promise(requestAnimationFrame);
            }}
        }}"""
    )
    with MainThread(chromium, window.page) as thread:
        for number in range(10):
            notify(ada, "message", title=f"Live {number}")
        window.wait_for(f"{CLIENT}.items.length === {LOADED + 10}")
        window.page.evaluate(f"[...{LIST}.querySelectorAll('.item .toggle')].at(-1).click()")
        window.wait_for(f"{CLIENT}.counts.unread === {LOADED + 9}")
        for _ in range(20):
            window.page.mouse.wheel(0, -2_000)
    with capsys.disabled():
        sys.stdout.write(f"\nA list of {LOADED:,} rows: {thread}\n")
    assert thread.longest.cpu < LONGEST
    # Every item has its row, newest first; also after some have left in between, and come back.
    expect_rows(window)
    window.page.evaluate(f"window.some = {CLIENT}.items.slice(1_450, 1_620).map(({{ id }}) => id)")
    for action, count in (("archive", LOADED + 10 - 170), ("unarchive", LOADED + 10)):
        window.page.evaluate(f"{CLIENT}.{action}(window.some)")
        window.wait_for(f"{CLIENT}.items.length === {count}")
        expect_rows(window)


def expect_rows(window: Window) -> None:
    """Wait until exactly the items of the page have rows, in order."""
    rows = f"[...{LIST}.querySelectorAll('.item')].map(({{ dataset }}) => dataset.id)"
    items = f"{CLIENT}.items.map(({{ id }}) => id)"
    window.wait_for(f"({rows}).join() === ({items}).join()")
