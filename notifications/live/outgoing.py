"""Publishing from an event loop: what is published at about the same time goes together."""

import asyncio
from collections.abc import Callable

from redis.asyncio.connection import ConnectionPool
from redis.exceptions import TimeoutError as RedisTimeoutError

from notifications.live.link import Link, packed_publish

# Commands that are answered before the next are sent.
CHUNK = 500

Waiting = tuple[str, bytes, asyncio.Future[None]]


class Outgoing:
    """Publishes over one connection, in order."""

    def __init__(self, pool: Callable[[], ConnectionPool], timeout: float) -> None:
        """Connect through `pool()`; a chunk may take `timeout` seconds."""
        self._pool = pool
        self._timeout = timeout
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._link: Link | None = None

    async def publish(self, name: str, payload: bytes) -> None:
        """Return when Redis has it. Raises redis's errors, its `TimeoutError` among them."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.append((name, payload, future))
        if self._task is None:
            self._task = loop.create_task(self._run())
        await future

    async def close(self) -> None:
        """Publish nothing more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._disconnect()

    async def _run(self) -> None:
        chunk: list[Waiting] = []
        try:
            while self._waiting:
                chunk, self._waiting = self._waiting[:CHUNK], self._waiting[CHUNK:]
                await self._publish(chunk)
        finally:
            self._task = None
            for _, _, future in [*chunk, *self._waiting]:
                # Only when this was cancelled.
                future.cancel()
            self._waiting.clear()

    async def _publish(self, chunk: list[Waiting]) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                link = await self._connected()
                link.write_packed(packed_publish((name, payload) for name, payload, _ in chunk))
                replies = [await link.next() for _ in chunk]
        except TimeoutError:
            await self._disconnect()
            replies = [RedisTimeoutError("Redis did not answer in time")] * len(chunk)
        except Exception as error:  # noqa: BLE001 (it is raised by each `publish`)
            # Answers may be under way that belong to nobody.
            await self._disconnect()
            replies = [error] * len(chunk)
        for (_, _, future), reply in zip(chunk, replies, strict=True):
            if future.done():
                continue
            if isinstance(reply, Exception):
                future.set_exception(reply)
            else:
                future.set_result(None)

    async def _connected(self) -> Link:
        if self._link is not None and self._link.has_ended:
            await self._disconnect()
        if self._link is None:
            self._link = await Link.open(self._pool(), self._timeout)
        return self._link

    async def _disconnect(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()
