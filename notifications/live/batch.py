"""Many small reads as few large ones."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from concurrent.futures import Executor
from itertools import islice
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
# The database is away or busy: that is nobody's key, and to ask again makes it worse.
AWAY = (OperationalError, InterfaceError)


class Missing(LookupError):
    """A read had nothing for the key. Does not name it: keys may hold secrets."""


class MicroBatch(Generic[K, V]):
    """Reads keys that are asked for at about the same time in one blocking call.

    One call runs at a time, in a thread; what is asked for meanwhile is the next one's, so a batch
    grows with the load and a lone key waits for nobody. `read` starts after every `get` that it
    answers. A batch that fails is read key by key, so that a bad one harms no other, unless the
    database is away. For one event loop.
    """

    def __init__(
        self,
        read: Callable[[Sequence[K]], Mapping[K, V]],
        limit: int,
        executor: Executor | None = None,
    ) -> None:
        """Read up to `limit` keys at a time; keys that `read` leaves out raise `Missing`."""
        self._read = read
        self._limit = limit
        self._executor = executor
        self._wanted: dict[K, asyncio.Future[V]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V:
        """The value of a key. Raises `Missing`, or what `read` raised for this key."""
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
                keys = list(islice(self._wanted, self._limit))
                futures = {key: self._wanted.pop(key) for key in keys}
                values: Mapping[K, V] = {}
                errors: dict[K, Exception] = {}
                try:
                    values, errors = await loop.run_in_executor(
                        self._executor, self._read_apart, keys
                    )
                except Exception as error:  # noqa: BLE001 (it is raised by each `get`)
                    errors = dict.fromkeys(keys, error)
                for key, future in futures.items():
                    if key not in values:
                        _fail(future, errors.get(key) or Missing())
                    elif not future.done():
                        future.set_result(values[key])
        finally:
            self._task = None

    def _read_apart(self, keys: list[K]) -> tuple[Mapping[K, V], dict[K, Exception]]:
        """What was read, and the errors of single keys. Raises what concerns all of them."""
        try:
            return self._read(keys), {}
        except AWAY:
            raise
        except Exception as error:
            if len(keys) == 1:
                raise
            name = type(error).__name__
            logger.warning("Could not read %d keys at once (%s); one by one", len(keys), name)
        values: dict[K, V] = {}
        errors: dict[K, Exception] = {}
        for place, key in enumerate(keys):
            try:
                values.update(self._read([key]))
            except AWAY as error:
                errors |= dict.fromkeys(keys[place:], error)
                break
            except Exception as error:  # noqa: BLE001 (it is raised by the key's `get`)
                errors[key] = error
        return values, errors


def _fail(future: "asyncio.Future[V]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        # Asked for by nobody any more: that is no reason for a warning.
        future.exception()
