"""Ringing the doorbell: the one place that publishes to the channel layer."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol, cast

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from notifications.live.breaker import breaker
from notifications.wire.events import Message

logger = logging.getLogger(__name__)

# Seconds that one publish may take. It is 0.1 ms on a healthy network.
PUBLISH_SECONDS = 0.8


class BulkLayer(Protocol):
    """A channel layer with a synchronous publish of its own."""

    def publish_many(self, pairs: Sequence[tuple[str, Message]]) -> None:
        """Publish each event to its group."""


class AsyncLayer(Protocol):
    """Any channel layer with groups."""

    async def group_send(self, group: str, message: Message) -> None:
        """Publish an event to a group."""


def publish_many(pairs: Sequence[tuple[str, Message]]) -> bool:
    """Publish each event to its group; whether that worked.

    Never raises and never retries: what is lost here is healed from the database.
    """
    if not pairs or breaker.is_open:
        return not pairs
    layer: object = get_channel_layer()
    try:
        # On the class: some layers pass unknown attributes on to a running event loop.
        if hasattr(type(layer), "publish_many"):
            cast("BulkLayer", layer).publish_many(pairs)
        else:
            async_to_sync(_send_each)(cast("AsyncLayer", layer), pairs)
    except Exception as error:  # noqa: BLE001 (each layer raises its own)
        breaker.trip("Publishing", error)
        return False
    return True


async def _send_each(layer: AsyncLayer, pairs: Sequence[tuple[str, Message]]) -> None:
    for group, message in pairs:
        try:
            await asyncio.wait_for(layer.group_send(group, message), PUBLISH_SECONDS)
        except (TypeError, ValueError, OverflowError):
            # This one cannot be serialised; the others are for other people.
            logger.exception("An event for %s could not be published", group)
