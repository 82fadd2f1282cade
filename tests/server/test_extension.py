"""`clarion.frame`: framed bytes straight to the transport."""

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.waiting import wait_until

pytestmark = [pytest.mark.any_database, pytest.mark.promise_7]


def closed(socket):
    """Read to the end; the close code, 1006 if none came."""
    try:
        while True:
            socket.recv(10)
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


def test_frames_of_every_length(server):
    with server.socket("lengths") as socket:
        for size in (0, 1, 125, 126, 65535, 65536, 200_000):
            server.get(f"/do/lengths/write?n=1&size={size}")
            assert socket.recv(10) == "x" * size
        socket.send("echo")
        assert socket.recv(10) == "echo"
        state = server.state("lengths")
    assert (state["taken"], state["refused"]) == (7, 2), "none before accept, none before listen"


def test_full_and_drained(server):
    with server.stalled("full") as socket:
        server.fill("full")
        state = server.state("full")
        assert state["events"] == ["full"]
        assert 65536 <= state["buffered"] <= 65536 + 100_014, "the last frame may go over"
        assert server.ceiling()["used"] == state["buffered"]
        for _ in range(state["taken"]):
            assert len(socket.recv(10)) == 100_000
        wait_until(lambda: server.state("full")["events"] == ["full", "drained"])
        assert server.ceiling()["used"] == 0
        server.get("/do/full/write?n=1&size=5")
        assert socket.recv(10) == "xxxxx"
    wait_until(lambda: server.state("full")["ended"])
    refused = server.state("full")["refused"]
    server.get("/do/full/write?n=1&size=5")
    assert server.state("full")["refused"] == refused + 1, "nothing after close"


@pytest.mark.parametrize("way", ["close", "send-close"])
def test_close_of_stalled_reader(server, way):
    name = f"stalled-{way}"
    with server.stalled(name) as socket:
        server.fill(name)
        server.get(f"/do/{name}/{way}?code=4000")
        wait_until(lambda: server.state(name)["ended"])
        assert closed(socket) == 4000, "who reads on gets everything, then the close frame"


def test_close_of_dead_reader(server):
    socket = server.stalled("dead")
    server.fill("dead")
    server.get("/do/dead/close?code=4000")
    assert server.state("dead")["buffered"]
    wait_until(lambda: server.state("dead")["buffered"] == 0, what="cut off")
    assert server.ceiling()["used"] == 0
    socket.socket.close()


def test_abort(server):
    with server.stalled("abort") as socket:
        server.fill("abort")
        server.get("/do/abort/abort")
        wait_until(lambda: server.state("abort")["disconnect"])
        assert closed(socket) == 1006
    assert server.ceiling()["used"] == 0
