"""Many small reads as few large ones."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class MicroBatch(Generic[K, V]):
    """Reads keys that are asked for at about the same time in one blocking call.

    One call runs at a time, in a thread; what is asked for meanwhile is the next one's, so a batch
    grows with the load and a lone key waits for nobody. `read` starts after every `get` that it
    answers. For one event loop.
    """

    def __init__(
        self,
        read: Callable[[Sequence[K]], Mapping[K, V]],
        limit: int,
        executor: Executor | None = None,
    ) -> None:
        """Read up to `limit` keys at a time; keys that `read` leaves out raise `KeyError`."""
        self._read = read
        self._limit = limit
        self._executor = executor
        self._wanted: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The value of a key. Raises `KeyError`, or whatever `read` raised for its batch."""
        future = self._wanted.get(key)
        if future is None:
            future = self._wanted[key] = asyncio.get_running_loop().create_future()
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        # Others may wait for the same key, so one who gives up must not cancel it.
        return await asyncio.shield(future)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._wanted:
                keys = list(self._wanted)[: self._limit]
                futures = {key: self._wanted.pop(key) for key in keys}
                try:
                    values = await loop.run_in_executor(self._executor, self._read, keys)
                except Exception as error:  # noqa: BLE001 (it is raised by each `get`)
                    for future in futures.values():
                        _fail(future, error)
                else:
                    for key, future in futures.items():
                        if key in values:
                            if not future.done():
                                future.set_result(values[key])
                        else:
                            _fail(future, KeyError(key))
        finally:
            self._task = None


def _fail(future: "asyncio.Future[V]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        # Asked for by nobody any more: that is no reason for a warning.
        future.exception()
