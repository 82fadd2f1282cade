"""Sockets share parsers, and never each other's bytes."""

import socket as sockets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from notifications.live.parsers import ends_between_frames
from tests.support.waiting import wait_until

pytestmark = pytest.mark.any_database

SIZES = st.one_of(st.integers(0, 200), st.sampled_from([65535, 65536, 70000]))
FRAMES = st.lists(st.tuples(SIZES, st.booleans()), min_size=1, max_size=4)


def sent(text, fin=True, opcode=Opcode.TEXT):
    """A frame as clients send it."""
    return Frame(opcode, text.encode(), fin).serialize(mask=True)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(FRAMES, st.data())
def test_ends_between_frames(frames, data):
    parts = [sent("x" * size, fin) for size, fin in frames]
    ends, position = {0}, 0
    for part in parts:
        position += len(part)
        ends.add(position)
    stream = b"".join(parts)
    cuts = [data.draw(st.integers(0, len(stream))) for _ in range(20)]
    # Around the ends, where it is easy to be wrong.
    cuts += [end + offset for end in ends for offset in range(-8, 9)]
    for cut in cuts:
        if 0 <= cut <= len(stream):
            assert ends_between_frames(stream[:cut]) == (cut in ends)


REQUEST = (
    b"GET /PATH HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Raw:
    """A socket whose bytes are sent one by one."""

    def __init__(self, server, path):
        self.connection = sockets.create_connection(("127.0.0.1", server.port), timeout=10)
        self.connection.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        self.connection.sendall(REQUEST.replace(b"PATH", path.encode()))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.connection.recv(1)

    def send(self, data):
        self.connection.sendall(data)

    def expect(self, text):
        """The next frame, but for pings, is this short text."""
        while (head := self.take(2))[0] == 0x89:
            self.take(head[1])
        assert head + self.take(head[1]) == bytes((0x81, len(text))) + text.encode()

    def take(self, size):
        """So many bytes."""
        got = b""
        while len(got) < size:
            part = self.connection.recv(size - len(got))
            assert part, got
            got += part
        return got

    def close(self):
        self.connection.close()


@pytest.mark.parametrize("way", ["", "?detach=1"])
def test_interleaved(server, way):
    """Halves of frames and fragments of messages, with others' frames in between."""
    sockets = [Raw(server, f"raw-{number}{way}") for number in range(4)]
    frames = [sent(f"message {number}") for number in range(4)]
    for cut in (1, 2, 5, 6, 7, 10):
        for socket, frame in zip(sockets, frames, strict=True):
            socket.send(frame[:cut])
        other = Raw(server, f"raw-other{way}")
        other.send(sent("whole"))
        other.expect("whole")
        for number, (socket, frame) in enumerate(zip(sockets, frames, strict=True)):
            socket.send(frame[cut:] + sent("more"))
            socket.expect(f"message {number}")
            socket.expect("more")
        other.close()
    for socket in sockets:
        socket.close()


@pytest.mark.parametrize("way", ["", "?detach=1"])
def test_fragments(server, way):
    """Fragments of messages, each a frame of its own, with others' messages in between."""
    sockets = [Raw(server, f"fragments-{number}{way}") for number in range(4)]
    for number, socket in enumerate(sockets):
        socket.send(sent(f"begun {number}", fin=False))
        # Control frames may come in between; the answer says that the fragment was read.
        socket.send(sent("?", opcode=Opcode.PING))
        assert socket.connection.recv(3) == b"\x8a\x01?"
    for number, socket in enumerate(sockets):
        socket.send(sent(", ended", opcode=Opcode.CONT))
        socket.expect(f"begun {number}, ended")
        socket.send(sent("after"))
        socket.expect("after")
        socket.close()


def test_frames_before_accept(server):
    """A client in a hurry does not wait for the answer."""
    with sockets.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(REQUEST.replace(b"PATH", b"hurry?slow=1"))
        wait_until(lambda: "hurry" in server.get("/state")["sockets"])
        connection.sendall(sent("soon"))
        server.get("/do/hurry/accept")
        got = b""
        while not got.endswith(b"\x81\x04soon"):
            part = connection.recv(4096)
            assert part, got
            got += part
    assert got.startswith(b"HTTP/1.1 101 ")


def test_unmasked_frame(server):
    """Against the protocol: closed with 1002, and the next one gets a parser that works."""
    bad = Raw(server, "bad")
    bad.send(b"\x81\x03bad")
    assert bad.connection.recv(100)[2:4] == (1002).to_bytes(2)
    bad.close()
    good = Raw(server, "good")
    good.send(sent("good"))
    good.expect("good")
    good.close()
