"""Load: somebody who notifies and broadcasts without a pause."""

import threading
from collections.abc import Sequence
from typing import Any, Self

from django.db import connection

from notifications import broadcast, notify
from notifications.services.relay import relay
from tests.support.waiting import wait_until

# Seconds between rounds, so that others have a turn: at the database, and at the processors.
PAUSE = 0.05


class Talk:
    """Says one thing to each person and one to all, round after round, while the block runs."""

    def __init__(self, people: Sequence[Any], when: str = "Now") -> None:
        """Nobody speaks yet. What is said begins with `when`."""
        self.rounds = 0
        self._when = when
        self._people = list(people)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._talk)
        self._failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    @property
    def titles(self) -> set[str]:
        """What each of the people has been told."""
        numbers = range(self.rounds)
        return {f"{self._when}, {whom} {number}" for whom in ("you", "all") for number in numbers}

    def go_on(self, rounds: int = 3, timeout: float = 20) -> None:
        """Return after so many more rounds."""
        until = self.rounds + rounds
        wait_until(lambda: self.rounds >= until or self._failure, timeout, what="more talk")

    def _talk(self) -> None:
        try:
            while not self._stop.is_set():
                notify(self._people, "message", title=f"{self._when}, you {self.rounds}")
                broadcast("everyone", "message", title=f"{self._when}, all {self.rounds}")
                relay()
                self.rounds += 1
                self._stop.wait(PAUSE)
        except Exception as error:  # noqa: BLE001 (raised where the block ends)
            self._failure = error
        finally:
            connection.close()
