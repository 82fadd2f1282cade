"""Two beats and two workers that die at random, and connections to the database that break."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from django.db import connection, transaction

from notifications.models import Schedule
from tests.settings import DATABASE_URLS, TEST_DATABASE
from tests.support.processes import Process, Processes

NAME = "chaos"
# Two beats: every ring comes twice.
FLEET = ("beat", "beat", "worker", "worker")
# Seconds between two strokes, and for which what was killed stays away, at most.
CALM = 2.5
AWAY = 4.0
# Seconds for which somebody else holds a lock, at most.
HELD = 3.0


class Storm:
    """Keeps a fleet running and strikes it, in an order that the seed gives."""

    def __init__(self, processes: Processes, seed: int, **env: str) -> None:
        """`env` is the fleet's, beside a name for its connections."""
        self.processes = processes
        self.random = random.Random(seed)
        self.env = env | _named_connections()
        self.fleet: list[Process | None] = [None] * len(FLEET)
        # When to start again what is away.
        self.back_at = [0.0] * len(FLEET)
        self.strokes: Counter[str] = Counter()

    def start(self) -> None:
        """Start everything, and wait until a worker takes tasks."""
        self._tend()
        for name, process in zip(FLEET, self.fleet, strict=True):
            if name == "worker" and process is not None:
                process.wait_for(lambda p=process: " ready." in p.output(), "readiness")

    def rage(self, seconds: float) -> None:
        """Strike for so long; what falls gets up again."""
        stop_at = time.monotonic() + seconds
        while (now := time.monotonic()) < stop_at:
            name, stroke = self.random.choice(self._choices())
            stroke()
            self.strokes[name] += 1
            until = min(stop_at, now + self.random.uniform(0.5, CALM))
            while time.monotonic() < until:
                self._tend()
                time.sleep(0.1)

    def end(self) -> None:
        """Kill what is left."""
        for process in filter(None, self.fleet):
            process.kill()

    def _tend(self) -> None:
        """Start what is away, as a supervisor does: killed, or ended by itself."""
        for index, name in enumerate(FLEET):
            process = self.fleet[index]
            if process is not None and process.running:
                continue
            if process is not None:
                process.kill()
            if time.monotonic() >= self.back_at[index]:
                level = "" if name == "beat" else " --loglevel info"
                command = f"{self.processes.lines[name]}{level}"
                self.fleet[index] = self.processes.start(name, command, **self.env)

    def _choices(self) -> list[tuple[str, Callable[[], None]]]:
        broken = self._break_connections if TEST_DATABASE == "postgresql" else self._hold_database
        return [
            ("killed", self._kill),
            ("killed", self._kill),
            ("asked to end", self._ask),
            ("all of a kind killed", self._kill_kind),
            ("connections broken" if TEST_DATABASE == "postgresql" else "database held", broken),
            ("connections broken" if TEST_DATABASE == "postgresql" else "database held", broken),
            ("schedules held", self._hold_schedules),
        ]

    def _kill(self) -> None:
        self._fell(self.random.randrange(len(FLEET)))

    def _kill_kind(self) -> None:
        kind = self.random.choice(FLEET)
        for index, name in enumerate(FLEET):
            if name == kind:
                self._fell(index)

    def _fell(self, index: int) -> None:
        process = self.fleet[index]
        if process is not None:
            process.kill()
            self.back_at[index] = time.monotonic() + self.random.uniform(0, AWAY)

    def _ask(self) -> None:
        process = self.fleet[self.random.randrange(len(FLEET))]
        if process is not None and process.running:
            process.signal(signal.SIGTERM)

    def _break_connections(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = %s AND random() < %s",
                [NAME, self.random.uniform(0.3, 1)],
            )

    def _hold_database(self) -> None:
        self._hold(lambda: None)

    def _hold_schedules(self) -> None:
        rows = self.random.randrange(1, 40)
        self._hold(lambda: list(Schedule.objects.select_for_update().order_by("pk")[:rows]))

    def _hold(self, lock: Callable[[], object]) -> None:
        """Take a lock in a transaction of somebody else's, and be slow."""
        seconds = self.random.uniform(0.5, HELD)

        def hold() -> None:
            try:
                with transaction.atomic():
                    lock()
                    time.sleep(seconds)
            finally:
                connection.close()

        threading.Thread(target=hold, daemon=True).start()


def _named_connections() -> dict[str, str]:
    url = DATABASE_URLS[TEST_DATABASE]
    return {"DATABASE_URL": f"{url}&application_name={NAME}"} if "postgres" in url else {}
