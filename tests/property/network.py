"""A channel layer that a test controls: what is published waits until the test delivers it."""

from collections.abc import Callable, Sequence
from typing import Any

import msgpack

Message = dict[str, Any]


class Network:
    """Stands where Redis stands, so that losing, delaying and reordering are decisions."""

    subscribers: list[Callable[[str, Message], None]] = []

    def __init__(self, **config: object) -> None:
        """Channels makes the layer from settings."""

    def publish_many(self, pairs: Sequence[tuple[str, Message]]) -> None:
        """Hand each event, as it comes out of the real serializer, to whoever listens."""
        for group, message in pairs:
            packed = msgpack.packb(message)
            for subscriber in self.subscribers:
                subscriber(group, msgpack.unpackb(packed, strict_map_key=True))
