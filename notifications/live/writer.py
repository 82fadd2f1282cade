"""Writing to one socket without ever waiting for it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]


def call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], object]) -> None:
    """Call the function in this loop: at once if we are in it, soon from any other thread."""
    try:
        here: object = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        function()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(function)


class Writer:
    """A queue in front of ASGI's `send`, which waits for as long as a client does not read.

    `is_full` from `budget` waiting bytes on; `on_drained` is called when a writer that was full
    has handed everything over. `write` may be called from any thread, everything else on the
    loop that made the writer.
    """

    def __init__(self, send: Send, budget: int, on_drained: Callable[[], None]) -> None:
        self._send = send
        self._budget = budget
        self._on_drained = on_drained
        self._loop = asyncio.get_running_loop()
        self._queue: deque[tuple[Message, int]] = deque()
        self._ready = asyncio.Event()
        self._was_full = False
        # Two sums, each changed by one side only, so that neither needs a lock.
        self._written = 0
        self._sent = 0
        self._task = asyncio.create_task(self._run())

    @property
    def is_full(self) -> bool:
        """Whether the socket owes all that it may; the last frame may go over the budget."""
        return self._written - self._sent >= self._budget

    def write(self, message: Message, size: int = 0) -> None:
        """Hand over an ASGI message of about `size` bytes, in order."""
        self._written += size
        if self.is_full:
            self._was_full = True
        self._queue.append((message, size))
        call_in(self._loop, self._ready.set)

    async def send(self, message: Message) -> None:
        """The same as an ASGI callable, for what Channels itself sends."""
        self.write(message)

    async def close(self) -> None:
        """Stop writing; what still waits is dropped."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._queue.clear()

    async def _run(self) -> None:
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
                self._sent += size
            if self._was_full:
                self._was_full = False
                self._on_drained()
