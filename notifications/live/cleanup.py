"""Leaving nothing behind in a channel layer."""

import asyncio
import logging
from typing import Protocol

logger = logging.getLogger(__name__)


class Layer(Protocol):
    """What of a channel layer is needed here."""

    async def group_discard(self, group: str, channel: str) -> None:
        """Take the channel out of the group."""

    async def receive(self, channel: str) -> object:
        """Wait for the next message of the channel."""


async def leave(layer: Layer, channel: str, groups: list[str]) -> None:
    """Take a channel out of its groups and free it; never raises.

    Layers that keep channels in this process (pub/sub, in-memory) free one only when a waiting
    `receive` is cancelled, which does not happen when a message was just taken
    (django/channels_redis#384); so that is done here.
    """
    for group in groups:
        try:
            await layer.group_discard(group, channel)
        except Exception:
            # Redis is away. The local part of the membership is gone; see the layer's code.
            logger.warning("Could not leave %s", group, exc_info=True)
    while channel in getattr(layer, "channels", ()):
        receiving = asyncio.ensure_future(layer.receive(channel))
        # One step: either a message waits and is taken, or the channel is empty.
        await asyncio.sleep(0)
        if receiving.done():
            receiving.exception()
            continue
        receiving.cancel()
        await asyncio.wait({receiving})
        return
