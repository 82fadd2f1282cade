"""How sockets end: keepalive, the cap, shutdown."""

import signal
import socket as sockets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from tests.server.conftest import closed
from tests.server.test_parsers import Raw, sent
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.any_database, pytest.mark.promise_7]


def test_keepalive(start):
    """Who answers stays; who does not read is cut off, though nothing can be sent to him."""
    server = start("--ws-ping-interval 0.3 --ws-ping-timeout 3", TEST_LINGER_SECONDS="1")
    with server.socket("answers") as answers:
        stalled = server.stalled("stalled")
        server.fill("stalled")
        server.wait_for("stalled", lambda state: state["disconnect"])
        assert server.ceiling()["used"] == 0
        answers.send("still here")
        assert answers.recv(10) == "still here"
        stalled.socket.close()


@pytest.mark.parametrize("way", ["", "?detach=1"])
def test_pinged_again(start, way):
    """Who answers is asked again, and may be silent otherwise."""
    server = start("--ws-ping-interval 0.2 --ws-ping-timeout 5")
    client = Raw(server, f"pinged{way}")
    for _ in range(3):
        ping = client.take(6)
        assert ping[:2] == b"\x89\x04"
        client.send(sent("", opcode=Opcode.PONG)[:-4] + b"\0\0\0\0")  # not an answer
        client.send(Frame(Opcode.PONG, ping[2:]).serialize(mask=True))
    client.send(sent("hello"))
    client.expect("hello")
    client.close()


def test_silent_client(start):
    """The close frame says why."""
    server = start("--ws-ping-interval 0.2 --ws-ping-timeout 0.2")
    request = b"GET /mute HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    answer = server.raw(request, to_the_end=True)
    assert answer.count(b"\x89\x04") == 1
    assert answer.endswith(b"\x88\x18\x03\xf3keepalive ping timeout")


def test_cap(start):
    """One more than the process takes is told so before the application knows of it."""
    server = start(CLARION_MAX_SOCKETS="2")
    with server.socket("first"), server.socket("second") as second:
        with pytest.raises(InvalidStatus) as refused:
            server.socket("third")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["Retry-After"] == "5"
        assert server.get("/statistics") == {"sockets": 2, "refused": 1}
        assert "CLARION_MAX_SOCKETS=2" in server.process.output()
        second.close()
        wait_until(lambda: server.get("/statistics")["sockets"] == 1)
        with server.socket("third"):
            pass
    assert set(server.get("/state")["sockets"]) == {"first", "second", "third"}


def test_shutdown(start):
    """Everybody is closed with 1012; one who does not read does not hold it up."""
    server = start("--timeout-graceful-shutdown 20", TEST_LINGER_SECONDS="1")
    stalled = server.stalled("stalled")
    server.fill("stalled")
    healthy = [server.socket(f"healthy-{number}?detach={number}") for number in range(2)]
    server.process.signal(signal.SIGTERM)
    assert [closed(socket) for socket in healthy] == [1012, 1012]
    wait_until(lambda: not server.process.running)
    output = server.process.output()
    assert "timeout graceful shutdown exceeded" not in output
    assert "Traceback" not in output
    stalled.socket.close()


def test_shutdown_is_spread(start):
    server = start("--timeout-graceful-shutdown 20", CLARION_SHUTDOWN_SPREAD="2")
    healthy = [server.socket(f"healthy-{number}") for number in range(20)]
    server.process.signal(signal.SIGTERM)
    # Some are gone while others are still served.
    with ThreadPoolExecutor(len(healthy)) as threads:
        ends = threads.map(lambda socket: (closed(socket), time.monotonic()), healthy)
    codes, times = zip(*ends, strict=True)
    assert set(codes) == {1012}
    assert max(times) - min(times) > 0.5
    wait_until(lambda: not server.process.running)


def test_vanished_client(server):
    """A connection that breaks leaves nothing."""
    before = server.get("/statistics")["sockets"]
    for name in ("vanished", "vanished-detached?detach=1"):
        socket = server.stalled(name)
        server.fill(name.partition("?")[0])
        socket.socket.setsockopt(
            sockets.SOL_SOCKET, sockets.SO_LINGER, b"\1\0\0\0\0\0\0\0"
        )  # a reset
        socket.socket.close()
        server.wait_for(name.partition("?")[0], lambda state: state["disconnect"])
    wait_until(lambda: server.get("/statistics")["sockets"] == before)
    assert server.ceiling()["used"] == 0
