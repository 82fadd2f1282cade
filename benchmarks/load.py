"""The load generator: holds the sockets and counts what arrives. `python -m benchmarks.load`.

A process of its own, so that it takes no time from a server's loop. While a round runs it walks
over frame headers, counts `MARK` in the bytes and keeps them; JSON is not parsed at all. What
arrived where is looked at after the round.
"""

import asyncio
import base64
import os
import re
import time
from contextlib import suppress
from typing import Any

from benchmarks.remote import serve_async

# Every notification of a benchmark has the title "benchmark <round>-<serial>".
MARK = b"benchmark "
TITLE = re.compile(rb"benchmark (\d+)-(\d+)")
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
# Handshakes at the same time: enough to keep a server busy, not so many that one has to wait.
AT_ONCE = 20
OPEN_SECONDS = 30


class Generator:
    """All sockets of one run, by side."""

    def __init__(self) -> None:
        self.sockets: dict[str, list[Socket]] = {}
        self.counted = self.expected = self.frames = 0
        self.last = 0.0
        self.complete = asyncio.Event()

    async def connect(
        self, side: str, port: int, path: str, cookies: list[str], subprotocol: str = ""
    ) -> float:
        """Open a socket per cookie; the seconds it took."""
        gate = asyncio.Semaphore(AT_ONCE)
        began = time.monotonic()

        async def open_one(cookie: str) -> Socket:
            request = handshake(port, path, cookie, subprotocol)
            async with gate:
                loop = asyncio.get_running_loop()
                _, socket = await loop.create_connection(
                    lambda: Socket(self, request), "127.0.0.1", port
                )
                await asyncio.wait_for(socket.opened, OPEN_SECONDS)
            return socket

        self.sockets[side] = await asyncio.gather(*map(open_one, cookies))
        return time.monotonic() - began

    def disconnect(self, side: str) -> None:
        """Close a side's sockets."""
        for socket in self.sockets.pop(side, []):
            socket.transport.close()

    def expect(self, count: int) -> None:
        """Start counting from nothing."""
        self.counted = self.frames = 0
        self.expected = count
        self.complete.clear()
        for sockets in self.sockets.values():
            for socket in sockets:
                socket.received.clear()

    async def wait(self, seconds: float) -> dict[str, Any]:
        """When the last expected notification arrived (monotonic clock), and how many did."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.complete.wait(), seconds)
        return {"counted": self.counted, "frames": self.frames, "last": self.last}

    def collect(self, side: str, round_number: int) -> list[list[int]]:
        """The serial numbers of the round's notifications that each socket received, in order."""
        return [
            [
                int(serial)
                for frame in socket.received
                for number, serial in TITLE.findall(frame)
                if int(number) == round_number
            ]
            for socket in self.sockets[side]
        ]

    def arrived(self, count: int) -> None:
        """A frame with so many notifications is here."""
        self.counted += count
        self.frames += 1
        if self.counted >= self.expected and not self.complete.is_set():
            self.last = time.monotonic()
            self.complete.set()


class Socket(asyncio.Protocol):
    """The client's end of one WebSocket: frames without extensions, as servers send them."""

    transport: asyncio.Transport

    def __init__(self, generator: Generator, request: bytes) -> None:
        self.generator = generator
        self.request = request
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.received: list[bytes] = []
        self.rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        if self.rest:
            data = self.rest + data
        if not self.opened.done():
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.opened.set_exception(ConnectionError(head[:200].decode("latin-1")))
                self.transport.close()
                return
            self.opened.set_result(None)
        self.rest = data[self.walk(data) :]

    def walk(self, data: bytes) -> int:
        """Take whole frames from the front; how many bytes they were."""
        position, size = 0, len(data)
        while size - position >= 2:
            start, length = position + 2, data[position + 1]
            if length > 125:
                start += 2 if length == 126 else 8
                length = int.from_bytes(data[position + 2 : start], "big")
            end = start + length
            if start > size or end > size:
                break
            opcode = data[position] & 0x0F
            if opcode == TEXT:
                if count := data.count(MARK, start, end):
                    self.received.append(data[start:end])
                    self.generator.arrived(count)
            elif opcode == PING:
                # Masked with zeros: the payload stays as it is.
                answer = bytes([0x80 | PONG, 0x80 | length, 0, 0, 0, 0]) + data[start:end]
                self.transport.write(answer)
            elif opcode == CLOSE:
                self.transport.close()
            position = end
        return position

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("closed during the handshake"))


def handshake(port: int, path: str, cookie: str, subprotocol: str) -> bytes:
    """The request that opens a WebSocket, as a browser on the site's own page sends it."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"Origin: http://127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
    ]
    if cookie:
        lines.append(f"Cookie: sessionid={cookie}")
    if subprotocol:
        lines.append(f"Sec-WebSocket-Protocol: {subprotocol}")
    return "\r\n".join([*lines, "", ""]).encode()


async def main() -> None:
    generator = Generator()
    names = ("connect", "disconnect", "expect", "wait", "collect")
    await serve_async({name: getattr(generator, name) for name in names})


if __name__ == "__main__":
    asyncio.run(main())
