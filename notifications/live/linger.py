"""Cutting off closing sockets whose clients do not take what is unsent.

asyncio closes a connection when its buffer is empty, and waits for that without limit.
"""

import asyncio
from typing import Protocol

# Seconds that a closing socket may stand still before it is cut off, and between two looks.
LINGER_SECONDS = 5.0
LOOK_SECONDS = 0.5


class Closing(Protocol):
    """A socket that is about to close."""

    @property
    def buffered(self) -> int:
        """Bytes that the kernel has not taken yet."""

    def abort(self) -> None:
        """Cut the connection."""


class Linger:
    """Watches the closing sockets of one event loop; those whose buffer shrinks may go on."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch in this loop."""
        self._loop = loop
        # The bytes that were seen last, and since when.
        self._closing: dict[Closing, tuple[int, float] | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, socket: Closing) -> None:
        """Watch this socket from now on."""
        self._closing.setdefault(socket)
        if self._timer is None:
            self._timer = self._loop.call_later(LOOK_SECONDS, self._look)

    def remove(self, socket: Closing) -> None:
        """It is gone."""
        self._closing.pop(socket, None)

    def _look(self) -> None:
        now = self._loop.time()
        for socket, seen in list(self._closing.items()):
            unsent = socket.buffered
            if seen is None or unsent < seen[0]:
                self._closing[socket] = (unsent, now)
            elif unsent and now - seen[1] >= LINGER_SECONDS - LOOK_SECONDS:
                del self._closing[socket]
                socket.abort()
        again = bool(self._closing)
        self._timer = self._loop.call_later(LOOK_SECONDS, self._look) if again else None
