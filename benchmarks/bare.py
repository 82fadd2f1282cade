"""A sender with nothing behind it: what a Python process pays for writing to sockets at all.

`python -m benchmarks.bare`: accepts every handshake and on command writes ready-made frames. It
shows how fast the load generator counts, and how near a server is to what cannot be had cheaper.
"""

import asyncio
import json

from benchmarks.load import MARK
from benchmarks.remote import serve_async

ACCEPT = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
# characters; with this the payload is as long as Clarion's frame of a benchmark's broadcast
PADDING = 420


class Sender(asyncio.Protocol):
    """One accepted connection."""

    transports: set[asyncio.Transport] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET "):
            self.transport.write(ACCEPT)
            self.transports.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transports.discard(self.transport)


def payload(number: int, serial: int) -> bytes:
    """Shaped as what Clarion sends."""
    title = f"{MARK.decode()}{number}-{serial}"
    return json.dumps({"title": title, "body": "x" * PADDING}).encode()


async def listen(port: int) -> None:
    """Start listening."""
    await asyncio.get_running_loop().create_server(Sender, "127.0.0.1", port, backlog=2048)


async def broadcasts(number: int, first: int, count: int) -> float:
    """Write so many frames to everybody; when that began (monotonic clock)."""
    began = asyncio.get_running_loop().time()
    for serial in range(first, first + count):
        text = payload(number, serial)
        frame = b"\x81\x7e" + len(text).to_bytes(2, "big") + text
        for transport in Sender.transports:
            transport.write(frame)
        await asyncio.sleep(0)
    return began


if __name__ == "__main__":
    asyncio.run(serve_async({"listen": listen, "broadcasts": broadcasts}))
