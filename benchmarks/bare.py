"""A sender with nothing behind it, to see how fast the load generator counts.

`python -m benchmarks.bare`: accepts every handshake and on command writes ready-made frames.
"""

import asyncio
import json

from benchmarks.load import MARK
from benchmarks.remote import serve_async

ACCEPT = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
# bytes; about those of a real notification
PAYLOAD = json.dumps({"title": f"{MARK.decode()}0-0", "body": "x" * 400}).encode()
FRAME = b"\x81\x7e" + len(PAYLOAD).to_bytes(2, "big") + PAYLOAD


class Sender(asyncio.Protocol):
    """One accepted connection."""

    transports: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET "):
            self.transport.write(ACCEPT)
            self.transports.append(self.transport)


async def listen() -> int:
    """Start listening; the port."""
    server = await asyncio.get_running_loop().create_server(Sender, "127.0.0.1", 0)
    return int(server.sockets[0].getsockname()[1])


async def send(times: int) -> float:
    """Write the frame so many times to everybody; when that began (monotonic clock)."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(times):
        for transport in Sender.transports:
            transport.write(FRAME)
        await asyncio.sleep(0)
    return began


if __name__ == "__main__":
    asyncio.run(serve_async({"listen": listen, "send": send}))
