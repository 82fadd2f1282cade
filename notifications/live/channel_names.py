"""Names of channels that free them when nobody has the name any more."""

import asyncio
import contextlib
from collections.abc import Callable


class ChannelName(str):
    """The name of a channel, held by its consumer.

    A consumer may die without telling its layer: by an exception, or cancelled just after it took
    a message (django/channels#1466). Its name dies with it, and calls `free`.
    """

    __slots__ = ("_free", "_loop")

    _free: Callable[[str], None]
    _loop: asyncio.AbstractEventLoop

    @classmethod
    def of(
        cls, name: str, loop: asyncio.AbstractEventLoop, free: Callable[[str], None]
    ) -> "ChannelName":
        """The name that calls `free` in the loop when it is gone."""
        self = cls(name)
        self._loop = loop
        self._free = free
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Copies and pickles are plain strings: caches keep names."""
        return str, (str.__str__(self),)

    def __del__(self) -> None:
        """From whatever thread drops it last."""
        # A closed loop has freed everything.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._free, str.__str__(self))
