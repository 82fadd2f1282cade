"""The layer of one event loop: its channels, its groups, who gets what."""

import asyncio
import contextlib
import logging
import math
import re
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from channels.layers import BaseChannelLayer
from redis.exceptions import ConnectionError as RedisConnectionError

from notifications.live.channel_names import ChannelName
from notifications.live.shard import Shard

if TYPE_CHECKING:
    from notifications.live.layer import LiveChannelLayer

logger = logging.getLogger(__name__)

Message = Mapping[str, Any]
Sink = Callable[[Any], None]

# Sinks that are called before other tasks of the loop have a turn.
TURN = 256
# Seconds for which the same complaint is not logged again.
LOG_SECONDS = 1.0
# Channels' rules for names; a name may have 99 characters.
rules = BaseChannelLayer()


@dataclass
class Stats:
    """Figures of a layer in this process: what there is, and what happened since it began."""

    channels: int = 0
    groups: int = 0
    subscriptions: int = 0
    dropped: int = 0
    poisoned: int = 0
    reconnects: int = 0
    published: int = 0


@dataclass(frozen=True)
class Options:
    """Settings of a layer; times in seconds."""

    capacity: int
    probe_seconds: float
    probe_timeout: float
    subscribe_timeout: float
    publish_timeout: float
    on_disconnect: str | None
    on_reconnect: str | None


class Channel:
    """Where messages for a name go: into a sink, or into a queue for `receive`."""

    __slots__ = ("groups", "keeps", "name", "queue", "receivers", "sink")

    def __init__(self, name: str) -> None:
        """A channel that keeps nothing, until it has a sink or somebody receives."""
        self.name = name
        # Names in Redis. A tuple: most have one or two, and there are very many.
        self.groups: tuple[str, ...] = ()
        self.sink: Sink | None = None
        # Whether messages are kept for `receive`; the queue is made for the first one.
        self.keeps = False
        self.queue: asyncio.Queue[Any] | None = None
        # How many wait for the queue.
        self.receivers = 0


class LoopLayer:
    """The layer of one event loop. Everything here is to be called in that loop."""

    extensions = ("groups", "flush")

    def __init__(self, layer: "LiveChannelLayer") -> None:
        """Connects to nothing yet."""
        self.channel_layer = layer
        self.prefix = layer.prefix
        self._options = layer.options
        self._loop = asyncio.get_running_loop()
        # By name; channels of sinks and those that are received.
        self.channels: dict[str, Channel] = {}
        # By name in Redis: the channels by name.
        self.groups: dict[str, dict[str, Channel]] = {}
        self.shards = self._shards = [
            Shard(
                host,
                self,
                probe_seconds=self._options.probe_seconds,
                probe_timeout=self._options.probe_timeout,
                publish_timeout=self._options.publish_timeout,
            )
            for host in layer.hosts
        ]
        # Sends to a single channel of this loop all come under this name.
        prefix = re.sub(r"[^a-zA-Z\d\-_.]", "_", self.prefix)[:40]
        self._direct = f"{prefix}.{secrets.token_hex(8)}!"
        self._numbers = count(1)
        self._waiting: dict[str, dict[str, asyncio.Future[None]]] = {}
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._done.set_result(None)
        self._on_regained: list[Callable[[], None]] = []
        self._turn = 0
        self._logged: dict[str, float] = {}

    # -- channels --------------------------------------------------------------------------------

    def new_name(self, prefix: str = "specific.") -> str:
        """A new channel, for `attach`; `detach` frees it. Waits for nothing.

        Raises `TypeError` for a prefix that may not be in a name.
        """
        name = f"{self._direct}{prefix}{next(self._numbers)}"
        rules.require_valid_channel_name(name)
        self.channels[name] = Channel(name)
        subscriptions = self._shard(self._direct).subscriptions
        if self._direct not in subscriptions.wanted:
            subscriptions.subscribe(self._direct)
        return name

    async def new_channel(self, prefix: str = "specific.") -> str:
        """A new channel, freed when nobody has the name any more.

        That is: when the very object returned here is gone, which consumers hold. What is sent
        to it from now on arrives, unless Redis is away.
        """
        name = self.new_name(prefix)
        self.channels[name].keeps = True
        # From here on, so that nothing is left if this is cancelled.
        owned = ChannelName.of(name, self._abandoned)
        subscriptions = self._shard(self._direct).subscriptions
        if not subscriptions.is_acknowledged(self._direct) and not subscriptions.is_lost:
            with contextlib.suppress(RedisConnectionError):
                await self._acknowledged(self._acknowledgement(self._direct, name))
        return owned

    def attach(self, channel: str, sink: Sink) -> None:
        """Call the sink with each message of the channel, in the loop and in order.

        All sinks of a group get the same object and must not change it. One that raises is
        logged; the others are called nevertheless. Replaces `receive` for this channel.
        """
        entry = self._channel(channel)
        waiting, entry.queue = entry.queue, None
        entry.keeps = False
        entry.sink = sink
        while waiting is not None and not waiting.empty():
            self._call(entry, self._read(waiting.get_nowait()))

    def detach(self, channel: str) -> None:
        """Free the channel: it leaves its groups. Does nothing if it is free already."""
        entry = self.channels.pop(channel, None)
        if entry is None:
            return
        for name in entry.groups:
            self._leave(name, entry)
        entry.groups = ()
        entry.sink = entry.queue = None
        entry.keeps = False
        self._give_up(self._direct, channel)
        if not channel.startswith(self._direct):
            self._shard(channel).subscriptions.unsubscribe(channel)
            self._give_up(channel, channel)

    async def send(self, channel: str, message: Any) -> None:
        """Send to one channel, of any process. Raises redis's errors, or the serializer's."""
        rules.require_valid_channel_name(channel)
        layer = self.channel_layer
        if "!" in channel:
            # To the loop that has it, with the whole name.
            name = channel[: channel.index("!") + 1]
            await self._publish(name, layer.checked([channel, message]))
        else:
            await self._publish(channel, layer.checked(message))

    async def receive(self, channel: str) -> Any:
        """The next message of the channel.

        If more than one waits on the same channel, a random one gets it. A cancelled wait drops
        what comes until the next one; see `LiveChannelLayer.new_channel` for when a channel ends.
        Raises `RuntimeError` for a channel of another loop, `TypeError` for what is no name.
        """
        entry = self._channel(channel)
        entry.keeps = True
        queue = self._queue(entry)
        entry.receivers += 1
        try:
            return self._read(await queue.get())
        except (asyncio.CancelledError, GeneratorExit):
            if entry.receivers == 1:
                self._pause(entry)
            raise
        finally:
            entry.receivers -= 1

    # -- groups ----------------------------------------------------------------------------------

    def subscribe_group(self, group: str, channel: str) -> asyncio.Future[None]:
        """Put the channel into the group; done when what is sent from then on arrives.

        Pending while Redis is away; cancelled when the channel leaves before. Raises `TypeError`
        for what is no name, `RuntimeError` for a channel that is not of this loop.
        """
        rules.require_valid_group_name(group)
        entry = self.channels.get(channel)
        if entry is None:
            raise RuntimeError(
                f"{channel!r} is no channel of this event loop: "
                "use self.channel_layer.group_add(group, self.channel_name)."
            )
        name = self.channel_layer.group_name(group)
        members = self.groups.get(name)
        if members is None:
            members = self.groups[name] = {}
            self._shard(name).subscriptions.subscribe(name)
        if entry.name not in members:
            members[entry.name] = entry
            entry.groups += (name,)
        return self._acknowledgement(name, entry.name)

    def discard_group(self, group: str, channel: str) -> None:
        """Take the channel out of the group, if it is there."""
        name = self.channel_layer.group_name(group)
        entry = self.groups.get(name, {}).get(channel)
        if entry is not None:
            entry.groups = tuple(other for other in entry.groups if other != name)
            self._leave(name, entry)

    async def group_add(self, group: str, channel: str) -> None:
        """`subscribe_group`, and wait.

        Raises redis's `ConnectionError` when Redis does not answer in time; then the channel is
        not in the group.
        """
        entry = self.channels.get(channel)
        was_member = entry is not None and self.channel_layer.group_name(group) in entry.groups
        future = self.subscribe_group(group, channel)
        if not future.done():
            try:
                await self._acknowledged(future)
            except BaseException:
                if not was_member:
                    self.discard_group(group, channel)
                raise

    async def group_discard(self, group: str, channel: str) -> None:
        """`discard_group`. Raises `TypeError` for what is no name."""
        rules.require_valid_group_name(group)
        self.discard_group(group, channel)

    async def group_send(self, group: str, message: Message) -> None:
        """Send to a group, in all processes. Raises redis's errors, or the serializer's."""
        rules.require_valid_group_name(group)
        await self._publish(
            self.channel_layer.group_name(group), self.channel_layer.checked(message)
        )

    def on_regained(self, callback: Callable[[], None]) -> None:
        """Have this called after messages may have been missed, when all arrive again."""
        self._on_regained.append(callback)

    async def flush(self) -> None:
        """Forget all channels, groups and callbacks, and close the connections."""
        for futures in self._waiting.values():
            for future in futures.values():
                future.cancel()
        self._waiting.clear()
        self.channels.clear()
        self.groups.clear()
        self._on_regained.clear()
        for shard in self.shards:
            await shard.flush()

    # -- what subscriptions tell -----------------------------------------------------------------

    async def message(self, name: str, payload: bytes) -> None:
        """Spread what was published under a name in Redis."""
        members = self.groups.get(name)
        entry = self.channels.get(name)
        if members is None and entry is None and name != self._direct:
            # Left a moment ago.
            return
        try:
            message = self.channel_layer.deserialize(payload)
        except Exception:  # noqa: BLE001 (serializers raise what they like)
            self._reject(name)
            return
        if members is not None:
            await self._spread(members, message, payload)
        elif entry is not None:
            self._deliver(entry, message, payload)
        else:
            self._deliver_direct(message)

    def acknowledged(self, name: str) -> None:
        """Redis has the subscription."""
        self._finish(name)

    def lost(self) -> None:
        """The connection to one Redis is lost."""
        # New channels do not depend on it.
        self._finish(self._direct)
        self._announce(self._options.on_disconnect)

    def regained(self) -> None:
        """It is back, with all subscriptions."""
        self.channel_layer.counts.reconnects += 1
        for callback in list(self._on_regained):
            try:
                callback()
            except Exception:
                logger.exception("A callback for regained subscriptions failed")
        self._announce(self._options.on_reconnect)

    # -- internals -------------------------------------------------------------------------------

    def _shard(self, name: str) -> Shard:
        return self.shards[self.channel_layer.shard_index(name)]

    async def _publish(self, name: str, payload: bytes) -> None:
        await self._shard(name).outgoing.publish(name, payload)
        self.channel_layer.counts.published += 1

    def _acknowledgement(self, name: str, channel: str) -> asyncio.Future[None]:
        if self._shard(name).subscriptions.is_acknowledged(name):
            return self._done
        futures = self._waiting.setdefault(name, {})
        future = futures.get(channel)
        if future is None or future.done():
            future = futures[channel] = self._loop.create_future()
        return future

    def _finish(self, name: str) -> None:
        for future in self._waiting.pop(name, {}).values():
            # Unless whoever waited has cancelled it.
            if not future.done():
                future.set_result(None)

    async def _acknowledged(self, future: asyncio.Future[None]) -> None:
        try:
            async with asyncio.timeout(self._options.subscribe_timeout):
                # Others may wait for it as well.
                await asyncio.shield(future)
        except TimeoutError:
            raise RedisConnectionError("Redis did not acknowledge a subscription") from None
        except asyncio.CancelledError:
            # Unless the channel has left meanwhile.
            if not future.cancelled():
                raise

    def _give_up(self, name: str, channel: str) -> None:
        futures = self._waiting.get(name)
        if futures is not None and (future := futures.pop(channel, None)) is not None:
            future.cancel()
            if not futures:
                del self._waiting[name]

    def _leave(self, name: str, entry: Channel) -> None:
        members = self.groups[name]
        del members[entry.name]
        self._give_up(name, entry.name)
        if not members:
            del self.groups[name]
            self._shard(name).subscriptions.unsubscribe(name)

    def _channel(self, name: str) -> Channel:
        """The channel with this name, made if it may be received here."""
        entry = self.channels.get(name)
        if entry is None:
            rules.require_valid_channel_name(name)
            is_ours = name.startswith(self._direct)
            if "!" in name and not is_ours:
                raise RuntimeError(f"{name} is a channel of another process or event loop.")
            # A plain copy: what is kept here must not keep a `ChannelName`.
            name = str.__str__(name)
            entry = self.channels[name] = Channel(name)
            if not is_ours:
                self._shard(name).subscriptions.subscribe(name)
        return entry

    def _queue(self, entry: Channel) -> "asyncio.Queue[Any]":
        if entry.queue is None:
            entry.queue = asyncio.Queue(self._options.capacity)
        return entry.queue

    def _abandoned(self, channel: str) -> None:
        # From any thread, even in the middle of a garbage collection.
        if channel in self.channels:
            # A closed loop has freed everything.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.detach, channel)

    def _pause(self, entry: Channel) -> None:
        # In a group it may be received again; without one that makes it anew.
        entry.keeps, entry.queue = False, None
        if not entry.groups:
            self.detach(entry.name)

    def _read(self, item: Any) -> Any:
        # Each receiver has an object of its own, which it may change.
        return item[0] if isinstance(item, tuple) else self.channel_layer.deserialize(item)

    async def _spread(self, members: dict[str, Channel], message: Any, payload: bytes) -> None:
        for entry in list(members.values()):
            # Unless it has left while others had their turn.
            if entry.name in members:
                self._deliver(entry, message, payload)
            self._turn += 1
            if self._turn >= TURN:
                self._turn = 0
                await asyncio.sleep(0)

    def _deliver(self, entry: Channel, message: Any, payload: Any) -> None:
        if entry.sink is not None:
            self._call(entry, message)
        elif entry.keeps:
            try:
                self._queue(entry).put_nowait(payload)
            except asyncio.QueueFull:
                self.channel_layer.counts.dropped += 1
                self._log("%s is full; what came last is dropped", entry.name)

    def _call(self, entry: Channel, message: Any) -> None:
        if entry.sink is not None:
            try:
                entry.sink(message)
            except Exception:  # noqa: BLE001 (it is logged)
                self._log("The sink of %s failed", entry.name)

    def _deliver_direct(self, message: Any) -> None:
        try:
            channel, inner = message
            entry = self.channels.get(channel)
        except (TypeError, ValueError):
            self._reject(self._direct)
            return
        if entry is not None:
            self._deliver(entry, inner, (inner,))

    def _reject(self, name: str) -> None:
        self.channel_layer.counts.poisoned += 1
        self._log("What was published to %s cannot be read", name)

    def _log(self, text: str, name: str) -> None:
        # Once a second for each text: such things come by the thousand.
        now = self._loop.time()
        if now - self._logged.get(text, -math.inf) >= LOG_SECONDS:
            self._logged[text] = now
            logger.error(text, name, exc_info=sys.exc_info())

    def _announce(self, event_type: str | None) -> None:
        if event_type is not None:
            message = {"type": event_type}
            for entry in list(self.channels.values()):
                self._deliver(entry, message, (dict(message),))
