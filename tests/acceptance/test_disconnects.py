"""Sockets that end while messages flow leave no group, channel, task or thread behind."""

import asyncio
import threading
from itertools import cycle
from pathlib import Path

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

from notifications import broadcast, notify
from notifications.consumers import NotificationConsumer
from notifications.services.relay import relay
from tests.support.waiting import wait_until

pytestmark = [
    *(pytest.mark.promise_7, pytest.mark.any_database),
    pytest.mark.django_db(transaction=True),
]

VISITS = 60
# Threads that a process may keep for reads, handlers and heartbeats, however many sockets it had.
POOL = 12


def subscriptions(redis_server):
    """Groups that somebody listens to."""
    prefix = settings.CHANNEL_LAYERS["default"]["CONFIG"]["prefix"]
    with redis_server.client() as client:
        return client.pubsub_channels(f"{prefix}__group__*")


class Visit:
    """A server's side of one socket, whose client vanishes after so many frames."""

    def __init__(self, user, frames):
        self.frames_left = frames
        self.enough = asyncio.Event()
        self.incoming = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        scope = {
            "type": "websocket",
            "user": user,
            "headers": [],
            "query_string": b"",
            "subprotocols": [],
            "path": "/ws/notifications/",
        }
        consumer = NotificationConsumer.as_asgi()
        self.task = asyncio.create_task(consumer(scope, self.incoming.get, self.send))

    async def send(self, message):
        if self.enough.is_set():
            raise OSError("The client is gone.")
        if message["type"] == "websocket.send":
            self.frames_left -= 1
            if self.frames_left == 0:
                self.enough.set()

    async def end(self, how):
        """End as uvicorn does: the client left, was lost while we wrote, or we must hurry."""
        await asyncio.wait_for(self.enough.wait(), 20)
        if how == "cancelled":
            self.task.cancel()
        elif how == "left":
            self.incoming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        else:
            # Only after the consumer has tried to write to it.
            asyncio.get_running_loop().call_later(
                0.05, self.incoming.put_nowait, {"type": "websocket.disconnect", "code": 1006}
            )
        await asyncio.wait({self.task}, timeout=20)
        assert self.task.done()


def talk(user, stop):
    """Notify and broadcast without a pause."""
    try:
        while not stop.is_set():
            notify(user, "message", title="On and on")
            broadcast("everyone", "message", title="On and on")
            relay()
    finally:
        connection.close()


async def test_sixty_disconnects_while_messages_flow(redis_server, ada):
    layer = get_channel_layer()
    threads = threading.active_count()
    stop = threading.Event()
    talking = asyncio.create_task(asyncio.to_thread(talk, ada, stop))
    ways = cycle(["left", "lost", "cancelled"])
    try:
        for _ in range(VISITS // 6):
            # Some right after the greeting, some in the middle of what follows.
            visits = [Visit(ada, frames=1 + number) for number in range(6)]
            await asyncio.gather(*(visit.end(next(ways)) for visit in visits))
    finally:
        stop.set()
        await talking
    assert layer.channels == {}
    assert layer.groups == {}
    assert await asyncio.to_thread(wait_until, lambda: not subscriptions(redis_server))
    names = {
        task.get_coro().__qualname__ for task in asyncio.all_tasks() - {asyncio.current_task()}
    }
    assert not {name for name in names if "Writer" in name or "Consumer" in name or "Queue" in name}
    assert threading.active_count() <= threads + POOL
    await layer.flush()


def test_sixty_clients_vanish_from_a_web_process(live_site, redis_server, screen, ada):
    """The same on uvicorn, where clients really vanish."""
    threads = Path(f"/proc/{live_site.process.pid}/task")
    browser = live_site.browser(ada)
    before = len(list(threads.iterdir()))
    stop = threading.Event()
    talker = threading.Thread(target=talk, args=(ada, stop))
    talker.start()
    try:
        for _ in range(VISITS // 10):
            sockets = [browser.socket() for _ in range(10)]
            for socket in sockets:
                socket.recv_until(lambda frame: frame["type"] not in ("hello", "reset"))
                socket.abort()
    finally:
        stop.set()
        talker.join()
    wait_until(lambda: not subscriptions(redis_server))
    assert len(list(threads.iterdir())) <= before + POOL
    page = screen(ada)
    notify(ada, "message", title="Well and truly")
    relay()
    page.follow_until("Well and truly")
