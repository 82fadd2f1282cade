"""A channel layer over Redis pub/sub for very many sockets.

It is `channels_redis.pubsub.RedisPubSubChannelLayer` to those who know nothing else, and on the
wire. See docs/live-layer.md for what it adds.
"""

import asyncio
import logging
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import _consistent_hash, _wrap_close, decode_hosts

from notifications.live.loop_layer import LoopLayer, Message, Options, Stats, rules
from notifications.live.publisher import Command, Publisher

logger = logging.getLogger(__name__)


class LiveChannelLayer(RedisPubSubChannelLayer):
    """The layer of a process: sends from anywhere, and has one `LoopLayer` for each event loop."""

    extensions = ("groups", "flush")

    def __init__(
        self,
        hosts: Sequence[Any] | None = None,
        prefix: str = "asgi",
        *,
        serializer_format: str = "msgpack",
        symmetric_encryption_keys: Sequence[str | bytes] | None = None,
        on_disconnect: str | None = None,
        on_reconnect: str | None = None,
        capacity: int = 1000,
        probe_seconds: float = 5,
        probe_timeout: float = 5,
        subscribe_timeout: float = 2,
        publish_timeout: float = 1,
    ) -> None:
        """Configure; see docs/live-layer.md. Raises `TypeError` for other settings."""
        super().__init__(
            serializer_format=serializer_format,
            symmetric_encryption_keys=symmetric_encryption_keys,
        )
        self.prefix = prefix
        self.hosts: list[dict[str, Any]] = decode_hosts(hosts)
        self.options = Options(
            capacity=capacity,
            probe_seconds=probe_seconds,
            probe_timeout=probe_timeout,
            subscribe_timeout=subscribe_timeout,
            publish_timeout=publish_timeout,
            on_disconnect=on_disconnect,
            on_reconnect=on_reconnect,
        )
        self.counts = Stats()
        self._counting = threading.Lock()
        self._publisher = Publisher(self.hosts, publish_timeout)

    def __getattr__(self, name: str) -> Any:
        """What the layer of the running loop has, as the parent does."""
        if not name.startswith("__") and name != "_layers":
            try:
                return getattr(self._get_layer(), name)
            except RuntimeError:
                pass
        raise AttributeError(f"{type(self).__name__} has no {name!r} outside of an event loop")

    def of_running_loop(self) -> LoopLayer:
        """The layer of the running event loop. Raises `RuntimeError` outside of one."""
        loop = asyncio.get_running_loop()
        layer: LoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = LoopLayer(self)
            _wrap_close(self, loop)
        return layer

    _get_layer = of_running_loop

    # -- Channels' layer, in a loop --------------------------------------------------------------

    async def new_channel(self, prefix: str = "specific.") -> str:
        """See `LoopLayer.new_channel`."""
        return await self.of_running_loop().new_channel(prefix)

    async def send(self, channel: str, message: Any) -> None:
        """See `LoopLayer.send`."""
        await self.of_running_loop().send(channel, message)

    async def receive(self, channel: str) -> Any:
        """See `LoopLayer.receive`."""
        return await self.of_running_loop().receive(channel)

    async def group_add(self, group: str, channel: str) -> None:
        """See `LoopLayer.group_add`."""
        await self.of_running_loop().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        """See `LoopLayer.group_discard`."""
        await self.of_running_loop().group_discard(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        """See `LoopLayer.group_send`."""
        await self.of_running_loop().group_send(group, message)

    async def flush(self) -> None:
        """See `LoopLayer.flush`."""
        await self.of_running_loop().flush()

    # -- publishing from anywhere ----------------------------------------------------------------

    def publish(self, group: str, message: Message) -> None:
        """Send to a group, blocking. Raises what `group_send` raises."""
        rules.require_valid_group_name(group)
        name = self.group_name(group)
        command = (name, self.checked(message))
        self._publisher.publish(self.shard_index(name), [command])
        self._count_published(1)

    def publish_many(self, pairs: Iterable[tuple[str, Message]]) -> None:
        """Send each message to its group, blocking, in order.

        A pair that cannot be sent is logged and left out. Raises redis's errors, after the other
        hosts were tried; then some of the messages may have been sent.
        """
        by_shard: dict[int, list[Command]] = {}
        for group, message in pairs:
            try:
                rules.require_valid_group_name(group)
                name = self.group_name(group)
                command = (name, self.checked(message))
            except Exception:
                logger.exception("A message for %s cannot be sent", group)
            else:
                by_shard.setdefault(self.shard_index(name), []).append(command)
        failure: Exception | None = None
        for index, commands in by_shard.items():
            try:
                self._publisher.publish(index, commands)
            except Exception as error:  # noqa: BLE001 (raised below)
                failure = failure or error
            else:
                self._count_published(len(commands))
        if failure is not None:
            raise failure

    def stats(self) -> Stats:
        """Figures of this process, over all its event loops."""
        layers = list(self._layers.values())
        return Stats(
            channels=sum(len(layer.channels) for layer in layers),
            groups=sum(len(layer.groups) for layer in layers),
            subscriptions=sum(
                len(shard.subscriptions.wanted) for layer in layers for shard in layer.shards
            ),
            dropped=self.counts.dropped,
            poisoned=self.counts.poisoned,
            reconnects=self.counts.reconnects,
            published=self.counts.published,
        )

    def close(self) -> None:
        """Close the connections of `publish`; they are made anew when needed."""
        self._publisher.close()

    # -- names and payloads ----------------------------------------------------------------------

    def group_name(self, group: str) -> str:
        """The name in Redis; the parent's."""
        return f"{self.prefix}__group__{group}"

    def shard_index(self, name: str) -> int:
        """The host for a name in Redis; the parent's choice."""
        index: int = _consistent_hash(name, len(self.hosts))
        return index

    def checked(self, message: Any) -> bytes:
        """The payload of a message that receivers can read. Raises what the serializer raises.

        msgpack packs integer keys, for example, but does not unpack them.
        """
        payload: bytes = self.serialize(message)
        self.deserialize(payload)
        return payload

    def _count_published(self, number: int) -> None:
        with self._counting:
            self.counts.published += number
