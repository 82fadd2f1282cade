"""The wheel on which the sockets of a process sit, so that they beat one after the other."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from notifications.conf import settings

logger = logging.getLogger(__name__)

# A socket beats once per turn; each step of the wheel is one query for the sockets of a slot.
SLOTS = 30
T = TypeVar("T", bound=Hashable)


class Wheel(Generic[T]):
    """Things in slots, one of which is served every `CLARION_HEARTBEAT_SECONDS / SLOTS`."""

    def __init__(self, serve: Callable[[list[T]], Awaitable[None]]) -> None:
        self._serve = serve
        # Dicts for their order: whoever waited longest in a slot is served first.
        self._slots: list[dict[T, None]] = [{} for _ in range(SLOTS)]
        self._slot_of: dict[T, int] = {}
        self._next = self._last = 0
        self._task: asyncio.Task[None] | None = None

    def add(self, thing: T) -> None:
        """Serve this from now on, first within one turn."""
        # In turn, so that a storm of connects spreads over the whole wheel.
        self._last = slot = (self._last + 1) % SLOTS
        self._slots[slot][thing] = None
        self._slot_of[thing] = slot
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._turn())

    def remove(self, thing: T) -> None:
        """Serve it no more; fine if it was never added."""
        slot = self._slot_of.pop(thing, None)
        if slot is not None:
            del self._slots[slot][thing]

    async def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        next_at = loop.time()
        while self._slot_of:
            # By the clock, so that serving takes nothing away from the pace.
            next_at = max(next_at + settings.heartbeat_seconds / SLOTS, loop.time())
            await asyncio.sleep(next_at - loop.time())
            self._next = (self._next + 1) % SLOTS
            things = list(self._slots[self._next])
            if things:
                try:
                    await self._serve(things)
                except Exception:
                    # They stay, and have their turn again.
                    logger.exception("A step of the heartbeat failed")
