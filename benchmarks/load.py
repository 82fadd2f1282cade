"""The load generator: holds the sockets of a side and counts what arrives: `... benchmarks.load`.

A process of its own, so that it takes no time from a server's loop, and one loop around epoll
without anything above it: it must hold 10,000 sockets and read frames faster than any server here
writes them. While a round runs it walks over frame headers, counts `MARK` and keeps the number
behind it; JSON is not parsed at all. What arrived where is looked at after the round.
"""

import base64
import itertools
import json
import os
import select
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from benchmarks.remote import answer

# Every notification of a benchmark has the title "benchmark <round>-<serial>".
MARK = b"benchmark "
MARK_SIZE = len(MARK)
# bytes behind it that are kept; longer than any two numbers
NUMBERS = 16
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
# Handshakes at the same time: enough to keep a server busy, not so many that any waits for long.
AT_ONCE = 100
# Without any progress for so many seconds connecting has failed. The textbook first says goodbye to
# all who were there before.
OPEN_SECONDS = 120
# More is slower: each read takes a new block of memory of this size and gives most of it back.
RECEIVE_BYTES = 2**15
# With one source address there are 28,000 ports for all connections to a server, those that closed
# a minute ago among them.
SOURCES = tuple(f"127.0.0.{n}" for n in range(2, 10))
IP_BIND_ADDRESS_NO_PORT = 24
ABORT = struct.pack("ii", 1, 0)
CONNECTING, SHAKING, GREETING, OPEN, GONE = range(5)


class Generator:
    """All sockets of one side."""

    def __init__(self) -> None:
        self.epoll = select.epoll()
        self.ready: dict[int, Callable[[int], None]] = {}
        self.sockets: list[Socket] = []
        self.failure = ""
        self.opened = 0
        self.sources = itertools.cycle(SOURCES)
        self.expect(0)

    def turn(self, seconds: float) -> None:
        """Wait for sockets, for so long at most, and read what they have."""
        for fd, event in self.epoll.poll(seconds, 1024):
            if ready := self.ready.get(fd):
                ready(event)

    # -- commands ------------------------------------------------------------------------------

    def connect(
        self,
        port: int,
        path: str,
        cookies: list[str],
        subprotocol: str = "",
        tickets: list[str] | None = None,
        cursors: list[str] | None = None,
        greeted: bool = False,
        at_once: int = AT_ONCE,
    ) -> dict[str, float]:
        """Open a socket per cookie; when that began, and the seconds it took.

        `greeted`: the server sends a first frame, and a socket is open when that is there.
        """
        begun = 0
        self.opened, self.failure = 0, ""
        began = progress = time.monotonic()
        while self.opened < len(cookies):
            while begun < len(cookies) and begun - self.opened < at_once:
                request = handshake(
                    port,
                    f"{path}?cursor={cursors[begun]}" if cursors else path,
                    cookies[begun],
                    f"{subprotocol}, ticket.{tickets[begun]}" if tickets else subprotocol,
                )
                self.sockets.append(Socket(self, port, request, next(self.sources), greeted))
                begun += 1
            before = self.opened
            self.turn(1)
            if self.opened > before:
                progress = time.monotonic()
            elif time.monotonic() - progress > OPEN_SECONDS:
                self.failure = f"no socket opened for {OPEN_SECONDS} s, after {self.opened}"
            if self.failure:
                raise ConnectionError(self.failure)
        return {"began": began, "seconds": time.monotonic() - began}

    def drop(self) -> int:
        """Reset all connections at once, without a goodbye; how many there were."""
        dropped = len(self.sockets)
        for each in self.sockets:
            each.abort()
        self.sockets.clear()
        return dropped

    def expect(self, count: int, timed: bool = False, keep: bool = False) -> None:
        """Start counting from nothing.

        `timed`: and note when each notification arrives. `keep` what was received.
        """
        self.counted = self.frames = 0
        self.last = 0.0
        self.expected, self.timed = count, timed
        self.times: list[tuple[bytes, float]] = []
        if not keep:
            for each in self.sockets:
                each.received.clear()

    def wait(self, seconds: float, nap: float = 0) -> dict[str, Any]:
        """When the last expected notification arrived (monotonic clock), and how many did.

        `nap`: sleep for so long before each look. Who waits in epoll is woken by each frame that a
        server on the same machine sends, at the server's expense; clients elsewhere cost it none.
        """
        deadline = time.monotonic() + seconds
        while self.counted < self.expected and time.monotonic() < deadline:
            if nap:
                time.sleep(nap)
            self.turn(0 if nap else 0.1)
        return {"counted": self.counted, "frames": self.frames, "last": self.last}

    def collect(self, round_number: int) -> list[list[int]]:
        """The serial numbers of the round's notifications that each socket received, in order."""
        return [
            [serial for number, serial in map(numbers, each.received) if number == round_number]
            for each in self.sockets
        ]

    def arrivals(self, round_number: int) -> dict[str, float]:
        """When (monotonic clock) each of the round's notifications arrived, by serial number."""
        found = ((numbers(title), moment) for title, moment in self.times)
        return {str(serial): moment for (n, serial), moment in found if n == round_number}

    def cursors(self) -> list[str]:
        """What each socket's first frame says where the inbox and the log are."""
        hellos = (json.loads(each.hello) for each in self.sockets)
        return [f"{hello['epoch']}.{hello['seq']}.{hello['position']}" for hello in hellos]

    # -- from sockets --------------------------------------------------------------------------

    def arrived(self, at: "Socket", count: int) -> None:
        """A frame with so many notifications is here."""
        self.counted += count
        self.frames += 1
        self.last = now = time.monotonic()
        if self.timed:
            self.times += [(title, now) for title in at.received[-count:]]


class Socket:
    """The client's end of one WebSocket: frames without extensions, as servers send them."""

    __slots__ = ("fd", "generator", "hello", "received", "request", "rest", "sock", "state", "then")

    def __init__(
        self, generator: Generator, port: int, request: bytes, source: str, greeted: bool
    ) -> None:
        self.generator = generator
        self.request = request
        self.then = GREETING if greeted else OPEN
        self.hello = self.rest = b""
        self.received: list[bytes] = []
        self.state = CONNECTING
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        self.sock.bind((source, 0))
        self.sock.connect_ex(("127.0.0.1", port))
        self.fd = self.sock.fileno()
        generator.ready[self.fd] = self.ready
        generator.epoll.register(self.fd, select.EPOLLOUT)

    def ready(self, event: int) -> None:
        if self.state == CONNECTING:
            self.connected()
            return
        try:
            data = self.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self.gone(str(error))
            return
        if not data:
            self.gone("closed by the server")
            return
        if self.rest:
            data = self.rest + data
        if self.state == SHAKING:
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.gone(f"refused: {head[:200].decode('latin-1')}")
                return
            self.enter(self.then)
        self.rest = data[self.walk(data) :]

    def connected(self) -> None:
        if error := self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.gone(os.strerror(error))
            return
        self.sock.send(self.request)
        self.request = b""
        self.state = SHAKING
        self.generator.epoll.modify(self.fd, select.EPOLLIN)

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
                self.text(data, start, end)
            elif opcode == PING:
                # Masked with zeros: the payload stays as it is.
                pong = bytes([0x80 | PONG, 0x80 | length, 0, 0, 0, 0]) + data[start:end]
                self.sock.send(pong)
            elif opcode == CLOSE:
                self.gone(f"closed by the server: {data[start:end]!r}")
                return size
            position = end
        return position

    def text(self, data: bytes, start: int, end: int) -> None:
        """A text frame is here, between these places."""
        if self.state == GREETING:
            self.hello = data[start:end]
            self.enter(OPEN)
        count = 0
        found = data.find(MARK, start, end)
        while found >= 0:
            behind = found + MARK_SIZE
            self.received.append(data[behind : behind + NUMBERS])
            count += 1
            found = data.find(MARK, behind, end)
        if count:
            self.generator.arrived(self, count)

    def enter(self, state: int) -> None:
        self.state = state
        self.generator.opened += state == OPEN

    def gone(self, reason: str) -> None:
        """Nothing more comes; while connecting that is a failure, later a round will show it."""
        if self.state < OPEN:
            self.generator.failure = reason
        self.abort()

    def abort(self) -> None:
        if self.state != GONE:
            self.state = GONE
            self.generator.epoll.unregister(self.fd)
            del self.generator.ready[self.fd]
            # Reset, so that no port is kept for a minute.
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            self.sock.close()


def numbers(title: bytes) -> tuple[int, int]:
    """Round and serial number, from what follows `MARK`."""
    number, _, serial = title.partition(b'"')[0].partition(b"-")
    return int(number), int(serial)


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


def main() -> None:
    generator = Generator()
    names = ("connect", "drop", "expect", "wait", "collect", "arrivals", "cursors")
    commands = {name: getattr(generator, name) for name in names}
    generator.epoll.register(sys.stdin.fileno(), select.EPOLLIN)
    lines: deque[str] = deque()
    generator.ready[sys.stdin.fileno()] = lambda event: lines.append(sys.stdin.readline())
    while True:
        generator.turn(-1)
        while lines:
            line = lines.popleft()
            if not line:
                return
            answer(commands, line)


if __name__ == "__main__":
    main()
