"""How long a page keeps its main thread busy, as Chromium itself traces it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from playwright.sync_api import Browser, Page

LONG = 50  # ms; what browsers call a long task
CATEGORY = "disabled-by-default-devtools.timeline"


@dataclass
class Task:
    """One turn of the page's loop; in milliseconds."""

    wall: float
    # Of the thread itself, whatever else the machine does.
    cpu: float


class MainThread:
    """A context manager: traces a page inside, and knows its tasks afterwards."""

    def __init__(self, browser: Browser, page: Page) -> None:
        """Watch this page, which is the only busy one of the browser."""
        self._browser = browser
        self._page = page
        self.tasks: list[Task] = []

    def __enter__(self) -> Self:
        self._browser.start_tracing(page=self._page, categories=[CATEGORY])
        return self

    def __exit__(self, *exc: object) -> None:
        events: list[dict[str, Any]] = json.loads(self._browser.stop_tracing())["traceEvents"]
        threads = {
            _thread(event)
            for event in events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        tasks: dict[tuple[int, int], list[Task]] = {thread: [] for thread in threads}
        for event in events:
            if event["name"] == "RunTask" and event["ph"] == "X" and _thread(event) in threads:
                task = Task(event.get("dur", 0) / 1_000, event["tdur"] / 1_000)
                tasks[_thread(event)].append(task)
        # Other pages of the browser have threads of their own, which do nothing.
        self.tasks = max(tasks.values(), key=lambda each: sum(task.cpu for task in each))

    @property
    def longest(self) -> Task:
        """Return the longest wall-clock and the longest CPU time, which may be of two tasks."""
        return Task(max(task.wall for task in self.tasks), max(task.cpu for task in self.tasks))

    @property
    def long(self) -> tuple[int, int]:
        """Return how many tasks were long by the clock, and how many by their CPU time."""
        by_clock = sum(task.wall > LONG for task in self.tasks)
        return by_clock, sum(task.cpu > LONG for task in self.tasks)

    @property
    def cpu(self) -> float:
        """Return the seconds of CPU of all tasks."""
        return sum(task.cpu for task in self.tasks) / 1_000

    def __str__(self) -> str:
        by_clock, by_cpu = self.long
        return (
            f"longest task {self.longest.wall:.0f} ms, {by_clock} tasks over {LONG} ms; of CPU"
            f" {self.longest.cpu:.0f} ms, {by_cpu} over {LONG} ms, {self.cpu:.1f} s in all"
        )


def _thread(event: dict[str, Any]) -> tuple[int, int]:
    return event["pid"], event["tid"]
