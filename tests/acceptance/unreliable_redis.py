"""A proxy before Redis that loses, delays and reorders what is published, and nothing else."""

from __future__ import annotations

import asyncio
import random
import re
import threading
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit, urlunsplit

# A published message as subscribers get it, in either version of the protocol.
MESSAGE = re.compile(rb"[*>]3\r\n\$7\r\nmessage\r\n")


class Incomplete(Exception):
    """The rest of a reply has yet to arrive."""


class UnreliableRedis:
    """Passes everything on but published messages, whose fate is decided by a seeded chance.

    A quarter is lost, a third is held until others have overtaken it.
    """

    def __init__(self, url: str, seed: int) -> None:
        """Stand before the Redis at this URL."""
        self._target = urlsplit(url)
        self._chance = random.Random(seed)
        self._held: list[tuple[asyncio.StreamWriter, bytes]] = []
        self.passed = self.lost = self.overtaken = 0
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The address of the proxy, with the password of the server."""
        address = f":{self._target.password}@127.0.0.1:{self.port}"
        return urlunsplit(self._target._replace(netloc=address))

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _end(self) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._connections.add(task)
        host, port = self._target.hostname, self._target.port
        server_reader, server_writer = await asyncio.open_connection(host, port)
        asking = asyncio.create_task(self._pass_on(reader, server_writer))
        try:
            await self._answer(server_reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            asking.cancel()
            writer.close()
            server_writer.close()
            self._connections.discard(task)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        # The client has left.
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = b""
        while data := await reader.read(65536):
            buffer += data
            start = 0
            for end in ends(buffer):
                reply, start = buffer[start:end], end
                if MESSAGE.match(reply):
                    self._decide(writer, reply)
                else:
                    writer.write(reply)
            buffer = buffer[start:]
            await writer.drain()

    def _decide(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        fate = self._chance.random()
        if fate < 0.25:
            self.lost += 1
            return
        if fate < 0.6:
            self._held.append((writer, message))
            return
        self.passed += 1
        self._write(writer, message)
        self._chance.shuffle(self._held)
        while self._held and self._chance.random() < 0.6:
            self.overtaken += 1
            self._write(*self._held.pop())

    def _write(self, writer: asyncio.StreamWriter, message: bytes) -> None:
        if not writer.is_closing():
            writer.write(message)


def ends(data: bytes) -> Iterator[int]:
    """Where each whole reply ends."""
    end = 0
    while end < len(data):
        try:
            end = end_of(data, end)
        except Incomplete:
            return
        yield end


def end_of(data: bytes, start: int) -> int:
    """Where the reply that starts here ends. Raises `Incomplete`."""
    line_end = data.find(b"\r\n", start)
    if line_end < 0:
        raise Incomplete
    kind, number = data[start : start + 1], data[start + 1 : line_end]
    end = line_end + 2
    if kind in b"$=!" and number != b"-1":
        end += int(number) + 2
    elif kind in b"*>~%|" and number != b"-1":
        for _ in range(int(number) * (2 if kind in b"%|" else 1)):
            end = end_of(data, end)
    if end > len(data):
        raise Incomplete
    return end
