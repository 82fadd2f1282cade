"""One fuse per process in front of Redis and the broker."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

# Seconds for which neither is touched after a failure. A hanging host costs each attempt its
# time-out; the sweep relays what was not announced meanwhile, so nothing waits for this.
OPEN_SECONDS = 5.0


class Breaker:
    """Open for `OPEN_SECONDS` after each failure.

    Accepted race: threads that checked just before a failure attempt once more.
    """

    def __init__(self) -> None:
        self._closed_again_at = 0.0
        self._holds = 0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether to leave Redis and the broker alone for now."""
        return self._holds > 0 or time.monotonic() < self._closed_again_at

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """Open in all threads while the block runs, whatever fails or is reset; may be nested."""
        with self._lock:
            self._holds += 1
        try:
            yield
        finally:
            with self._lock:
                self._holds -= 1

    def trip(self, doing: str, error: BaseException) -> None:
        """Note a failure while `doing` something."""
        self._closed_again_at = time.monotonic() + OPEN_SECONDS
        logger.warning(
            "%s failed (%s: %s); not trying again for %.0f s",
            doing,
            type(error).__name__,
            error,
            OPEN_SECONDS,
        )

    def reset(self) -> None:
        """Forget the last failure."""
        self._closed_again_at = 0.0


breaker = Breaker()
