"""One connection to Redis: what is said on it, in order, at little cost."""

import asyncio
import math
from collections.abc import Iterable

from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import InvalidResponse, ResponseError

try:
    import hiredis
except ImportError:
    hiredis = None  # type: ignore[assignment]

READ_SIZE = 65536
NOTHING = object()


class Link:
    """Writes without waiting; reads replies and pushed messages alike.

    Goes around redis-py's own reading and writing, which costs several times as much: it sets up
    time-outs and formats a log line for each message. Connecting, TLS and signing in remain
    redis-py's. The attributes of its connections used here are not its public face.
    """

    def __init__(self, pool: ConnectionPool, connection: AbstractConnection) -> None:
        """For a connection that was just made; see `open`."""
        reader, writer = connection._reader, connection._writer  # noqa: SLF001
        if reader is None or writer is None:
            raise RedisConnectionError("Redis closed the connection")
        self._pool = pool
        self._connection = connection
        self._reader = reader
        self._writer = writer
        self._parser: hiredis.Reader | None = None
        if hiredis is not None:
            self._parser = hiredis.Reader(
                protocolError=InvalidResponse, replyError=ResponseError, notEnoughData=NOTHING
            )

    @classmethod
    async def open(cls, pool: ConnectionPool, seconds: float) -> "Link":
        """Connect. Raises redis's errors, or `TimeoutError` after so many seconds."""
        async with asyncio.timeout(seconds):
            connection: AbstractConnection = await pool.get_connection()  # type: ignore[no-untyped-call]
        try:
            return cls(pool, connection)
        except BaseException:
            await pool.release(connection)
            raise

    @property
    def has_ended(self) -> bool:
        """Whether it is known that Redis closed it."""
        return self._reader.at_eof() or self._writer.is_closing()

    def write(self, *command: str) -> None:
        """Send a command, without waiting for it to be sent."""
        self._writer.writelines(self._connection.pack_command(*command))

    def write_packed(self, commands: bytes) -> None:
        """Send commands that are in Redis's protocol already."""
        self._writer.write(commands)

    async def next(self) -> object:
        """The next reply: a list, bytes, a number, an exception that Redis answers with.

        Raises redis's `ConnectionError` when the connection has ended.
        """
        if self._parser is None:
            return await self._next_slowly()
        while (reply := self._parser.gets()) is NOTHING:
            data = await self._reader.read(READ_SIZE)
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

    def abort(self) -> None:
        """Cut it, without waiting for what is unsent to be taken; whoever reads is told."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Cut it and give it back to its pool, which connects anew when asked again."""
        self.abort()
        await self._connection.disconnect(nowait=True)
        await self._pool.release(self._connection)


def packed_publish(commands: Iterable[tuple[str, bytes]]) -> bytes:
    """Commands that publish payloads under names, in Redis's protocol (RESP2 and 3)."""
    pieces = []
    for name, payload in commands:
        encoded = name.encode()
        pieces.append(
            b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n"
            % (len(encoded), encoded, len(payload), payload)
        )
    return b"".join(pieces)
