"""One group of a channel layer for the whole process, on whichever layer."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from notifications.live.cleanup import leave

logger = logging.getLogger(__name__)

# Seconds to wait for Redis to acknowledge a subscription; then sockets go on without.
ACKNOWLEDGE_SECONDS = 2.0
# Seconds after which a layer that failed to receive is asked again.
AGAIN_SECONDS = 1.0
Sink = Callable[[dict[str, Any]], None]


def live(layer: Any) -> Any:
    """The layer of this loop with sinks, if this is a `LiveChannelLayer`; else None."""
    # On the class: layers may pass unknown attributes on to a running event loop.
    return layer.of_running_loop() if hasattr(type(layer), "of_running_loop") else None


async def acknowledged(subscribing: "asyncio.Future[None]") -> bool:
    """Wait for a subscription, but not for ever; whether it is there."""
    if not subscribing.done():
        # A third of what `asyncio.wait` costs, for each socket of a storm.
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(ACKNOWLEDGE_SECONDS, _wake, waiter)
        subscribing.add_done_callback(partial(_wake, waiter))
        try:
            await waiter
        finally:
            timer.cancel()
    return subscribing.done()


def _wake(waiter: "asyncio.Future[None]", _: object = None) -> None:
    if not waiter.done():
        waiter.set_result(None)


class Subscription:
    """Hands the messages of a group to a function, on the event loop."""

    def __init__(
        self, layer: Any, group: str, sink: Sink, on_late: Callable[[], None] | None = None
    ) -> None:
        """`on_late` is called when Redis acknowledges after `open` has given up waiting for it.

        What was said to the group meanwhile is lost to `sink`.
        """
        self._layer = layer
        self._group = group
        self._sink = sink
        self._on_late = on_late
        self._channel = ""
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Join the group. Raises what a stock layer raises when Redis is away.

        A `LiveChannelLayer` does not: it goes on trying, and `open` returns after
        `ACKNOWLEDGE_SECONDS` at the latest.
        """
        layer = live(self._layer)
        if layer is not None:
            self._channel = await layer.new_channel()
            layer.attach(self._channel, self._sink)
            subscribing = layer.subscribe_group(self._group, self._channel)
            if not await acknowledged(subscribing):
                logger.warning("Redis does not answer; going on without %s", self._group)
                subscribing.add_done_callback(self._late)
            return
        self._channel = await self._layer.new_channel()
        try:
            await self._layer.group_add(self._group, self._channel)
        except BaseException:
            await leave(self._layer, self._channel, [self._group])
            raise
        self._task = asyncio.create_task(self._receive())

    async def close(self) -> None:
        """Leave the group."""
        layer = live(self._layer)
        if layer is not None:
            layer.discard_group(self._group, self._channel)
            layer.detach(self._channel)
            return
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await leave(self._layer, self._channel, [self._group])

    def _late(self, subscribing: "asyncio.Future[None]") -> None:
        # Cancelled when the group was left before.
        if self._on_late is not None and not subscribing.cancelled():
            self._on_late()

    async def _receive(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception:
                # Redis is away, or somebody sent what cannot be read; neither may end this.
                logger.exception("Could not receive from %s", self._group)
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            try:
                self._sink(message)
            except Exception:
                logger.exception("Could not take in a message of %s", self._group)
