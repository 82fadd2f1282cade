"""Writing to one socket of any ASGI server without ever waiting for it."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from contextlib import suppress
from typing import Any

logger = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


class Writer:
    """A queue in front of ASGI's `send`, which waits for as long as a client does not read.

    What `LiveWebSocketProtocol` offers, at the price of a task for each socket.
    """

    def __init__(
        self,
        send: Send,
        budget: int,
        on_full: Callable[[], None],
        on_drained: Callable[[], None],
    ) -> None:
        """Write through `send`; up to `budget` waiting bytes."""
        self._send = send
        self._budget = budget
        self._on_full = on_full
        self._on_drained = on_drained
        self._queue: deque[tuple[Message, int]] = deque()
        self._ready = asyncio.Event()
        self._waiting = 0
        self._full = False
        self._task = asyncio.create_task(self._run())

    @property
    def buffered(self) -> int:
        """Bytes that wait."""
        return self._waiting

    def write(self, texts: Sequence[str]) -> bool:
        """Hand over text messages; whether they were taken. The last may go over the budget."""
        if self._full:
            return False
        for text in texts:
            size = len(text.encode())
            self._waiting += size
            self._put({"type": "websocket.send", "text": text}, size)
        if self._waiting >= self._budget:
            self._full = True
            self._on_full()
        return True

    def close(self, code: int, reason: str) -> None:
        """Close the socket when what waits has been sent."""
        self._put({"type": "websocket.close", "code": code, "reason": reason}, 0)

    async def stop(self) -> None:
        """Stop writing; what still waits is dropped. Never raises, so that others can clean up."""
        self._task.cancel()
        # Not the task itself, which may have failed. Whoever cancels this wants the end as well.
        with suppress(asyncio.CancelledError):
            await asyncio.wait({self._task})
        self._queue.clear()

    def _put(self, message: Message, size: int) -> None:
        self._queue.append((message, size))
        self._ready.set()

    async def _run(self) -> None:
        try:
            await self._write()
        except Exception:
            # What a server or a session should not raise. Heartbeats stop, so the client comes
            # back; and what the socket has joined is left as ever.
            logger.exception("A socket is written to no more")

    async def _write(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._queue:
                message, size = self._queue[0]
                try:
                    await self._send(message)
                except (OSError, RuntimeError):
                    # The client is gone, or the socket is closing: `receive` will say so.
                    return
                self._queue.popleft()
                self._waiting -= size
            if self._full:
                self._full = False
                self._on_drained()
