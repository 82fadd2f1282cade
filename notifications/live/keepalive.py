"""Pings for all sockets of a server, with one timer instead of two for each."""

import asyncio
import random
import struct
from typing import Protocol

# RFC 6455, section 5.2: FIN and opcode 9, four bytes of payload.
_PING = b"\x89\x04"
# How many sockets are pinged in a row before the event loop has its turn.
AT_ONCE = 200


class Pinged(Protocol):
    """A socket that is kept alive."""

    def ping(self, frame: bytes, payload: bytes, now: float) -> bool:
        """Send this frame; returns whether an answer can be expected."""

    def keepalive_timeout(self) -> None:
        """The answer did not come."""


class Keepalive:
    """Sends each socket a ping `interval` seconds after it joined or answered the last one.

    One who does not answer within `timeout` seconds is told so; None: waits for nobody.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, interval: float, timeout: float | None
    ) -> None:
        """Ping in this loop."""
        self._loop = loop
        self._interval = interval
        self._timeout = timeout
        # The waiting time is the same for all, so insertion order is the order of time.
        self._due: dict[Pinged, float] = {}
        self._unanswered: dict[Pinged, float] = {}
        # A little early rather than a timer for each.
        self._slack = interval / 80
        self._timer: asyncio.TimerHandle | None = None

    def add(self, socket: Pinged) -> None:
        """Keep this socket alive."""
        due = self._due[socket] = self._loop.time() + self._interval
        # It may be armed for an answer that is due later than this.
        if self._timer is not None and self._timer.when() > due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._arm()

    def remove(self, socket: Pinged) -> None:
        """Stop, if we do."""
        self._due.pop(socket, None)
        self._unanswered.pop(socket, None)

    def answered(self, socket: Pinged) -> None:
        """The pong came; without a time limit the next ping is on its way already."""
        if self._unanswered.pop(socket, None) is not None:
            self.add(socket)

    def _arm(self) -> None:
        heads = [next(iter(queue.values())) for queue in (self._due, self._unanswered) if queue]
        self._timer = self._loop.call_at(min(heads), self._run) if heads else None

    def _run(self) -> None:
        now = self._loop.time()
        for socket in _until(self._unanswered, now):
            del self._unanswered[socket]
            socket.keepalive_timeout()
        payload = struct.pack("!I", random.getrandbits(32))
        frame = _PING + payload
        for socket in _until(self._due, now + self._slack):
            del self._due[socket]
            if not socket.ping(frame, payload, now):
                continue
            if self._timeout is None:
                self._due[socket] = now + self._interval
            else:
                self._unanswered[socket] = now + self._timeout
        self._arm()


def _until(queue: dict[Pinged, float], end: float) -> list[Pinged]:
    sockets: list[Pinged] = []
    for socket, time in queue.items():
        if time > end or len(sockets) == AT_ONCE:
            break
        sockets.append(socket)
    return sockets
