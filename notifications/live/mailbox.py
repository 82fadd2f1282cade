"""What an application has not received yet."""

import asyncio
from collections import deque
from typing import Protocol

from uvicorn._types import ASGIReceiveEvent


class Queue(Protocol):
    """Where uvicorn's protocol puts events."""

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        """Add an event."""


class Mailbox:
    """As much of a queue as one reader needs."""

    __slots__ = ("_messages", "_waiter")

    def __init__(self) -> None:
        """Begin empty."""
        self._messages: deque[ASGIReceiveEvent] | None = None
        self._waiter: asyncio.Future[None] | None = None

    def put_nowait(self, message: ASGIReceiveEvent) -> None:
        """Add a message."""
        if self._messages is None:
            # Made when there is something to hold: it takes more than half a kilobyte.
            self._messages = deque()
        self._messages.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return self._messages is None

    def take(self) -> ASGIReceiveEvent | None:
        """Return the next message, None if there is none."""
        if self._messages is None:
            return None
        message = self._messages.popleft()
        if not self._messages:
            self._messages = None
        return message

    async def get(self) -> ASGIReceiveEvent:
        """Return the next message."""
        while (message := self.take()) is None:
            if self._waiter is None or self._waiter.done():
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
            else:
                # A second reader, which nobody should need, must not cancel the first one.
                await asyncio.wait([self._waiter])
        return message
