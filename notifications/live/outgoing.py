"""Publishing from an event loop: what is published at about the same time goes together."""

import asyncio
from collections.abc import Callable

from redis.asyncio import Redis

# Commands per pipeline.
CHUNK = 500


class Outgoing:
    """Publishes over one connection at a time, in order."""

    def __init__(self, redis: Callable[[], Redis], timeout: float) -> None:
        """Publish through `redis()`, which may take `timeout` seconds for each chunk."""
        self._redis = redis
        self._timeout = timeout
        self._waiting: list[tuple[str, bytes, asyncio.Future[None]]] = []
        self._task: asyncio.Task[None] | None = None

    async def publish(self, name: str, payload: bytes) -> None:
        """Return when Redis has it. Raises redis's errors, `TimeoutError` among them."""
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

    async def _run(self) -> None:
        chunk: list[tuple[str, bytes, asyncio.Future[None]]] = []
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

    async def _publish(self, chunk: list[tuple[str, bytes, asyncio.Future[None]]]) -> None:
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._redis().pipeline(transaction=False) as pipeline,
            ):
                for name, payload, _ in chunk:
                    pipeline.publish(name, payload)
                results = await pipeline.execute(raise_on_error=False)
        except Exception as error:  # noqa: BLE001 (it is raised by each `publish`)
            results = [error] * len(chunk)
        for (_, _, future), result in zip(chunk, results, strict=True):
            if future.done():
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(None)
