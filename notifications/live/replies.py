"""What Redis says on a connection, in order, at little cost."""

import math

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

try:
    import hiredis
except ImportError:
    hiredis = None  # type: ignore[assignment]

READ_SIZE = 65536
NOTHING = object()


class Replies:
    """Reads replies and pushed messages alike: lists, bytes, numbers, exceptions.

    With hiredis this goes around redis-py's own reading, which costs several times as much: it
    sets up a time-out and formats a log line for each message. Connecting, TLS and signing in
    remain redis-py's.
    """

    def __init__(self, connection: AbstractConnection) -> None:
        """Read what comes on a connection that was just made."""
        self._connection = connection
        self._stream = connection._reader  # noqa: SLF001 (redis-py has no public face for it)
        self._parser = None if hiredis is None else hiredis.Reader(notEnoughData=NOTHING)

    async def next(self) -> object:
        """The next reply. Raises redis's `ConnectionError` when the connection has ended."""
        if self._parser is None or self._stream is None:
            return await self._next_slowly()
        while (reply := self._parser.gets()) is NOTHING:
            data = await self._stream.read(READ_SIZE)
            if not data:
                raise RedisConnectionError("Redis closed the connection")
            self._parser.feed(data)
        return reply

    async def _next_slowly(self) -> object:
        try:
            return await self._connection.read_response(
                disable_decoding=True,
                timeout=math.inf,
                disconnect_on_error=False,
                push_request=True,
            )
        except ResponseError as error:
            return error
