"""One fuse per process in front of Redis and the broker."""

import logging
import time

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

    @property
    def is_open(self) -> bool:
        """Whether to leave Redis and the broker alone for now."""
        return time.monotonic() < self._closed_again_at

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
