"""The subscriptions of one event loop at one Redis."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

from notifications.live.link import Link

logger = logging.getLogger(__name__)

# Names per SUBSCRIBE, so that no single command holds Redis up.
CHUNK = 1000
# Replies that are handled before other tasks of the loop have a turn.
TURN = 256
# Seconds before names that nobody wants any more are unsubscribed: a page that is loaded again
# comes back for them at once.
LINGER = 0.1
# Seconds between attempts to connect: doubled from the first to the last, each shortened by chance
# to at least a half, so that the processes of a site do not come back all at once.
BACKOFF = (0.05, 2.0)
# Seconds after which a Redis that stays away is mentioned again.
REPORT_SECONDS = 60.0


class Listener(Protocol):
    """What subscriptions tell."""

    def message(self, name: str, payload: bytes) -> Awaitable[None]:
        """Something was published."""

    def acknowledged(self, name: str) -> None:
        """What is published from now on arrives."""

    def lost(self) -> None:
        """Nothing arrives for now."""

    def regained(self) -> None:
        """After `lost`: all names are acknowledged again."""


class Subscriptions:
    """Names subscribed over one connection, which is made anew whenever it is lost.

    All names wanted within one turn of the loop go in one command. Redis answers the commands of
    a connection in their order, and `SUBSCRIBE` may be repeated: both are relied upon.
    """

    def __init__(
        self,
        pool: Callable[[], ConnectionPool],
        listener: Listener,
        probe_seconds: float,
        probe_timeout: float,
    ) -> None:
        """Connect through `pool()`; probe a silent connection every `probe_seconds`."""
        self._pool = pool
        self._listener = listener
        self._probe_seconds = probe_seconds
        self._probe_timeout = probe_timeout
        self._loop = asyncio.get_running_loop()
        self.wanted: set[str] = set()
        # Names for which the last command on this connection was SUBSCRIBE...
        self._asked: set[str] = set()
        # ...and how many answers to it are due.
        self._due: dict[str, int] = {}
        # To be asked for at the end of this turn of the loop, and to be given up a little later.
        self._joining: set[str] = set()
        self._leaving: set[str] = set()
        self._joins: asyncio.Handle | None = None
        self._leaves: asyncio.Handle | None = None
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._is_lost = False
        self._reported_at = 0.0
        self._backoff = BACKOFF[0]
        # Counts what was read, so that silence can be noticed.
        self._heard = 0

    def subscribe(self, name: str) -> None:
        """Want what is published under this name; `is_acknowledged` says whether it comes."""
        if self._task is None or self._task.done():
            self._task = self._loop.create_task(self._run())
        self.wanted.add(name)
        if name not in self._asked:
            self._joining.add(name)
            if self._joins is None:
                self._joins = self._loop.call_soon(self._send_joins)

    def unsubscribe(self, name: str) -> None:
        """Do not want it any more."""
        self.wanted.discard(name)
        self._leaving.add(name)
        if self._leaves is None:
            self._leaves = self._loop.call_later(LINGER, self._send_leaves)

    def is_acknowledged(self, name: str) -> bool:
        """Whether what is published under this name arrives, as far as one can know."""
        return name in self._asked and name not in self._due

    @property
    def is_lost(self) -> bool:
        """Whether Redis is away, as far as one knows."""
        return self._is_lost

    async def close(self) -> None:
        """Forget everything and close the connection."""
        for handle in (self._joins, self._leaves):
            if handle is not None:
                handle.cancel()
        self._joins = self._leaves = None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self.wanted.clear()
        self._joining.clear()
        self._leaving.clear()
        self._is_lost = False

    # -- commands --------------------------------------------------------------------------------

    # Without a connection there is nothing to do: connecting asks for all that is wanted.

    def _send_joins(self) -> None:
        self._joins = None
        joining, self._joining = self._joining, set()
        if self._link is not None:
            self._ask([name for name in joining if name in self.wanted and name not in self._asked])

    def _send_leaves(self) -> None:
        self._leaves = None
        leaving, self._leaving = self._leaving, set()
        if self._link is not None:
            gone = [name for name in leaving if name not in self.wanted and name in self._asked]
            self._asked.difference_update(gone)
            self._command("UNSUBSCRIBE", gone)

    def _ask(self, names: list[str]) -> None:
        for name in names:
            self._asked.add(name)
            self._due[name] = self._due.get(name, 0) + 1
        self._command("SUBSCRIBE", names)

    def _ask_again(self, names: set[str]) -> None:
        # What is not answered for so long was refused, perhaps by mistake.
        again = [name for name in names & self._due.keys() if name in self._asked]
        self._command("SUBSCRIBE", again)
        for name in again:
            self._due[name] = 1

    def _command(self, command: str, names: list[str]) -> None:
        link = self._link
        if link is None:
            return
        # Waits for nothing: the probe notices when Redis does not read.
        for start in range(0, len(names), CHUNK):
            link.write(command, *names[start : start + CHUNK])

    # -- the connection --------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            try:
                await self._connect_and_listen()
            except Exception as error:  # noqa: BLE001 (whatever it was, the next one is better)
                self._report(error)
            await asyncio.sleep(self._backoff * random.uniform(0.5, 1))  # noqa: S311
            self._backoff = min(2 * self._backoff, BACKOFF[1])

    def _report(self, error: Exception) -> None:
        now = self._loop.time()
        if not self._is_lost or now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            expected = isinstance(error, RedisError | OSError)
            logger.warning(
                "No subscriptions: %s: %s", type(error).__name__, error, exc_info=not expected
            )
        if not self._is_lost:
            self._is_lost = True
            self._listener.lost()

    async def _connect_and_listen(self) -> None:
        link = await Link.open(self._pool(), self._probe_timeout)
        watching = self._loop.create_task(self._watch(link))
        try:
            self._link = link
            self._ask(list(self.wanted))
            link.write("PING")
            await self._listen(link)
        finally:
            watching.cancel()
            self._link = None
            self._asked.clear()
            self._due.clear()
            await link.close()

    async def _listen(self, link: Link) -> None:
        listener = self._listener
        handled = 0
        while True:
            reply = await link.next()
            self._heard += 1
            if isinstance(reply, list):
                match reply[0]:
                    case b"message":
                        await listener.message(reply[1].decode(), reply[2])
                    case b"subscribe":
                        self._take_acknowledgement(reply[1].decode())
                    case b"pong":
                        self._take_pong()
            elif reply in (b"PONG", "PONG"):
                self._take_pong()
            elif isinstance(reply, Exception):
                # Not allowed, for example. The probe asks again.
                logger.error("Redis refuses: %s", reply)
            handled += 1
            if handled % TURN == 0:
                await asyncio.sleep(0)

    def _take_acknowledgement(self, name: str) -> None:
        due = self._due.pop(name, 1) - 1
        if due:
            # Left and joined again meanwhile: only the last answer says that it holds.
            self._due[name] = due
        elif name in self._asked:
            self._listener.acknowledged(name)

    def _take_pong(self) -> None:
        self._backoff = BACKOFF[0]
        if self._is_lost:
            # The first one of a connection: it was asked for after all the names.
            self._is_lost = False
            logger.warning("The subscriptions are back")
            self._listener.regained()

    async def _watch(self, link: Link) -> None:
        """End a connection that does not answer: a half-open one looks like a silent one."""
        while True:
            heard = self._heard
            due = set(self._due)
            await asyncio.sleep(self._probe_seconds)
            self._ask_again(due)
            if self._heard != heard:
                continue
            link.write("PING")
            await asyncio.sleep(self._probe_timeout)
            # If this process was held up, the answer may be there but not read: a loop may run its
            # timers first.
            for _ in range(3):
                await asyncio.sleep(0)
            if self._heard == heard:
                logger.warning("Redis did not answer within %s s", self._probe_timeout)
                link.abort()
                return
