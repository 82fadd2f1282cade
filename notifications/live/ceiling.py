"""What all sockets of a process together may owe their clients."""

import time
from typing import Protocol

# Seconds between two looks at every socket, so that a reached ceiling costs little.
LOOK_AGAIN_SECONDS = 0.05


class Counted(Protocol):
    """Something whose unsent bytes are in the sum."""

    def recount(self) -> None:
        """Bring its share of the sum up to date."""


class Ceiling:
    """A limit in bytes on what the sockets of a process hold unsent; one per process.

    A socket is counted while it holds something, as of the last time that somebody looked; so
    `used` is rather too high, and is put right from time to time once the ceiling is reached.

    `limit`: bytes. `used`: bytes held now. `peak`: the most that was held. `over_budget`,
    `over_ceiling`: how often a socket became full, by the reason. `refused`: writes that full
    sockets did not take.
    """

    def __init__(self, limit: int) -> None:
        """Allow `limit` bytes."""
        self.limit = limit
        self.used = 0
        self.peak = 0
        self.over_budget = 0
        self.over_ceiling = 0
        self.refused = 0
        self._behind: set[Counted] = set()
        self._looked_at = 0.0

    def change(self, socket: Counted, before: int, after: int) -> None:
        """Note that a socket holds `after` bytes instead of `before`."""
        self.used += after - before
        self.peak = max(self.peak, self.used)
        if after and not before:
            self._behind.add(socket)
        elif before and not after:
            self._behind.discard(socket)

    def reached(self) -> bool:
        """Return whether the sum has reached the limit, after looking again at every socket."""
        if self.used >= self.limit:
            now = time.monotonic()
            if now - self._looked_at >= LOOK_AGAIN_SECONDS:
                self._looked_at = now
                for socket in tuple(self._behind):
                    socket.recount()
        return self.used >= self.limit
