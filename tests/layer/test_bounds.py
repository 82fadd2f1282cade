"""Slow receivers, poison and leaks: each costs a bounded amount and harms nobody else."""

import asyncio
import gc

import msgpack
import pytest
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.layers import channel_layers

from tests.layer.waiting import until


async def test_a_queue_that_nobody_empties_is_bounded(make_layer, caplog):
    layer = make_layer(capacity=10)
    slow, quick = await layer.new_channel(), await layer.new_channel()
    for channel in (slow, quick):
        await layer.group_add("group", channel)
    for number in range(25):
        await layer.group_send("group", {"number": number})
        assert await layer.receive(quick) == {"number": number}
    assert layer.stats().dropped == 15
    assert "is full" in caplog.text
    assert [(await layer.receive(slow))["number"] for _ in range(10)] == list(range(10))


@pytest.mark.parametrize("poison", [b"\xc1", b"", msgpack.packb({1: 2}), b"\x81\xa1a"])
async def test_poison_is_skipped(layer, redis_server, poison, caplog):
    got = []
    loop_layer = layer.of_running_loop()
    channel = await layer.new_channel()
    sink = loop_layer.new_name()
    loop_layer.attach(sink, got.append)
    await layer.group_add("group", channel)
    await layer.group_add("group", sink)
    with redis_server.client() as client:
        client.publish("asgi__group__group", poison)
        for text in (poison, msgpack.packb("no address"), msgpack.packb([[], 1])):
            client.publish(channel.partition("!")[0] + "!", text)
    layer.publish("group", {"number": 1})
    assert await layer.receive(channel) == {"number": 1}
    await until(lambda: got == [{"number": 1}])
    assert layer.stats().poisoned == 4
    assert "cannot be read" in caplog.text


async def test_what_nobody_could_read_is_not_sent(layer):
    channel = await layer.new_channel()
    for message in ({1: 2}, {"at": object()}, {"number": 2**70}):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            await layer.group_send("group", message)
        with pytest.raises((TypeError, ValueError, OverflowError)):
            await layer.send(channel, message)


async def test_logs_are_bounded_too(layer, caplog):
    loop_layer = layer.of_running_loop()

    def broken(message):
        raise ZeroDivisionError

    for _ in range(100):
        channel = loop_layer.new_name()
        loop_layer.attach(channel, broken)
        loop_layer.subscribe_group("group", channel)
    await layer.group_add("group", await layer.new_channel())
    for _ in range(10):
        await layer.group_send("group", {})
    await until(lambda: "The sink of" in caplog.text)
    assert caplog.text.count("The sink of") < 5


class Gone(OSError):
    """What a server raises for a client that vanished."""


class SyncChat(WebsocketConsumer):
    """The textbook's, which leaves its group in `disconnect` and sends what it hears."""

    groups = ["room"]

    def chat_message(self, event):
        self.send(text_data=event["text"])


class AsyncChat(AsyncWebsocketConsumer):
    """The same, asynchronous."""

    groups = ["room"]

    async def chat_message(self, event):
        await self.send(text_data=event["text"])


class Client:
    """A server's side of a socket whose client vanishes."""

    def __init__(self, consumer, frames):
        self.incoming = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.frames_left = frames
        self.vanished = asyncio.Event()
        scope = {"type": "websocket", "path": "/", "headers": []}
        self.task = asyncio.create_task(
            self.run(consumer.as_asgi()(scope, self.receive, self.send))
        )

    async def receive(self):
        return await self.incoming.get()

    async def send(self, message):
        if message["type"] == "websocket.send":
            self.frames_left -= 1
            if self.frames_left < 0:
                self.vanished.set()
                raise Gone

    async def run(self, application):
        # As uvicorn: whatever the application raises is not the server's end.
        try:
            await application
        except (Gone, ValueError):
            self.vanished.set()


@pytest.mark.parametrize("consumer", [SyncChat, AsyncChat])
@pytest.mark.parametrize("end", ["vanish", "cancel", "leave", "unknown event"])
async def test_consumers_leave_nothing_however_they_die(layer, redis_server, consumer, end):
    """Channels does not tell a layer when a handler raises (django/channels#1466)."""
    channel_layers.set("default", layer)
    stop = asyncio.Event()

    async def talk():
        while not stop.is_set():
            await layer.group_send("room", {"type": "chat.message", "text": "on and on"})

    talking = asyncio.create_task(talk())
    try:
        for _ in range(5):
            clients = [
                Client(consumer, frames=number if end == "vanish" else 10**6) for number in range(6)
            ]
            if end == "vanish":
                await asyncio.gather(*(client.vanished.wait() for client in clients))
            await until(
                lambda clients=clients: all(client.frames_left < 10**6 for client in clients)
            )
            if end == "unknown event":
                await layer.group_send("room", {"type": "unheard.of"})
            for client in clients:
                if end == "leave":
                    client.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
                elif end == "cancel":
                    client.task.cancel()
            await asyncio.wait([client.task for client in clients])
    finally:
        # Whoever asks next gets the site's.
        channel_layers.backends = {}
        stop.set()
        await talking
    del clients, client

    def nothing_is_left():
        # An exception and the frames it came through hold each other, and the consumer.
        gc.collect()
        return layer.stats().channels == layer.stats().groups == 0

    await until(nothing_is_left)
    with redis_server.client() as client:
        await until(lambda: not client.pubsub_channels("asgi__group__*"))
    assert not layer.of_running_loop()._waiting
