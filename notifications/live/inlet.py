"""What a consumer receives from its client, with events of its own process mixed in."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import partial
from typing import Any

from notifications.live.writer import call_in

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Inlet:
    """An ASGI `receive` that also yields what was posted to it.

    So timers, the heartbeat and the writer reach a consumer in its one line of dispatch, and
    nothing runs beside it.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._posted: asyncio.Queue[Message] = asyncio.Queue()
        self._receiving: asyncio.Future[Message] | None = None

    def post(self, event_type: str, **event: object) -> None:
        """Have the consumer dispatch this event; from any thread."""
        message: Message = {"type": event_type, **event}
        call_in(self._loop, partial(self._posted.put_nowait, message))

    async def __call__(self) -> Message:
        """The next message, from the client or posted."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive())
        posted = asyncio.ensure_future(self._posted.get())
        try:
            await asyncio.wait({self._receiving, posted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not posted.done():
                posted.cancel()
        if posted.done() and not posted.cancelled():
            return posted.result()
        receiving, self._receiving = self._receiving, None
        return receiving.result()

    def close(self) -> None:
        """Stop receiving."""
        if self._receiving is not None:
            self._receiving.cancel()
