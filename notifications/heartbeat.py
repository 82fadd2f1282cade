"""The wheel that beats for every socket of a process and finds those left behind."""

import asyncio
import logging
from collections.abc import Iterable
from typing import ClassVar, Protocol
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from notifications import selectors
from notifications.conf import settings
from notifications.selectors import Positions

logger = logging.getLogger(__name__)

# A socket beats once per turn; each step of the wheel is one query for its slot.
SLOTS = 30


class Socket(Protocol):
    """What the wheel knows of a consumer."""

    inbox_id: int

    def beat(self, positions: Positions) -> None:
        """Take what the database says."""


class Heartbeat:
    """The sockets of one event loop in slots, one of which is served every `interval / SLOTS`."""

    _of_loop: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, "Heartbeat"]] = (
        WeakKeyDictionary()
    )

    def __init__(self) -> None:
        self._slots: list[set[Socket]] = [set() for _ in range(SLOTS)]
        self._slot_of: dict[Socket, int] = {}
        self._next = 0
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def of_running_loop(cls) -> "Heartbeat":
        """The wheel of this event loop, made when it is first asked for."""
        loop = asyncio.get_running_loop()
        return cls._of_loop.setdefault(loop, cls())

    def add(self, socket: Socket) -> None:
        """Beat for this socket from now on, first within one turn."""
        # The emptiest slot, so that a storm of connects spreads over the whole turn.
        slot = min(range(SLOTS), key=lambda index: len(self._slots[index]))
        self._slots[slot].add(socket)
        self._slot_of[socket] = slot
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._turn())

    def remove(self, socket: Socket) -> None:
        """Beat for this socket no more; fine if it was never added."""
        slot = self._slot_of.pop(socket, None)
        if slot is not None:
            self._slots[slot].discard(socket)

    async def _turn(self) -> None:
        while self._slot_of:
            await asyncio.sleep(settings.heartbeat_seconds / SLOTS)
            self._next = (self._next + 1) % SLOTS
            sockets = list(self._slots[self._next])
            if sockets:
                try:
                    await self._serve(sockets)
                except Exception:
                    # The database is away; the sockets stay, and the next turn tries again.
                    logger.exception("A heartbeat could not read the database")

    async def _serve(self, sockets: list[Socket]) -> None:
        read = sync_to_async(_positions, thread_sensitive=False)
        positions = await read({socket.inbox_id for socket in sockets})
        for socket in sockets:
            socket.beat(positions)


def _positions(inbox_ids: Iterable[int]) -> Positions:
    close_old_connections()
    try:
        return selectors.positions(inbox_ids)
    finally:
        close_old_connections()
