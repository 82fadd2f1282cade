"""`clarion.frame`: framed bytes straight to the transport."""

from uuid import uuid4

import pytest

from tests.server.conftest import closed
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.any_database, pytest.mark.promise_7]


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


def test_pings_of_stalled_reader(server):
    """Answers that nobody reads do not pile up."""
    with server.stalled("pings") as socket:
        server.fill("pings")
        buffered = server.state("pings")["buffered"]
        for _ in range(100):
            socket.ping(uuid4().bytes)
        socket.send("over")
        server.wait_for("pings", lambda state: state["heard"] == ["over"])
        assert server.state("pings")["buffered"] <= buffered
        socket.socket.close()


@pytest.mark.parametrize("way", ["close", "send-close"])
def test_close_of_stalled_reader(server, way):
    name = f"stalled-{way}"
    with server.stalled(name) as socket:
        server.fill(name)
        server.get(f"/do/{name}/{way}?code=4000")
        wait_until(lambda: server.state(name)["ended"])
        assert closed(socket) == 4000, "who reads on gets everything, then the close frame"


def test_close_of_dead_reader(start):
    server = start(TEST_LINGER_SECONDS="1")
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


def test_both_ways_with_deflate(start):
    """Frames without compression are legal between compressed ones, and come in order."""
    server = start("--ws-per-message-deflate true")
    with server.socket("deflate", compression="deflate") as socket:
        assert "permessage-deflate" in socket.response.headers["Sec-WebSocket-Extensions"]
        for size in (5, 300, 100_000):
            server.get(f"/do/deflate/send?size={size}")
            server.get(f"/do/deflate/write?n=1&size={size}")
            assert socket.recv(10) == "y" * size
            assert socket.recv(10) == "x" * size
            socket.send("z" * size)
            assert socket.recv(10) == "z" * size


def test_ceiling(start):
    """What all sockets together hold is bounded, whatever the budget of each."""
    server = start(TEST_CEILING="300000")
    names = [f"ceiling-{number}" for number in range(4)]
    budget = "?budget=100000000"
    first = server.stalled(names[0] + budget)
    server.fill(names[0], 10_000)
    assert server.state(names[0])["events"] == ["full"]
    counted = server.ceiling()
    assert 300_000 <= counted["used"] <= counted["peak"] < 320_000
    assert (counted["over_ceiling"], counted["over_budget"]) == (1, 0)
    assert counted["refused"]
    # One who reads is served at the ceiling, too.
    with server.socket(names[1]) as healthy:
        server.get(f"/do/{names[1]}/write?n=1&size=10")
        assert healthy.recv(10) == "x" * 10
    # Another who does not has no room at all.
    third = server.stalled(names[2] + budget)
    server.fill(names[2], 10_000)
    assert server.ceiling()["used"] < 340_000
    third.socket.close()
    first.socket.close()
    wait_until(lambda: server.ceiling()["used"] == 0)


def test_detached(server):
    tasks = server.get("/state")["tasks"]
    with server.socket("detached?detach=1") as socket:
        server.wait_for("detached", lambda state: state["taken"] == 0)
        for number in range(3):
            socket.send(str(number))
            assert socket.recv(10) == str(number)
        assert server.get("/state")["tasks"] == tasks
        # Fragments and a ping in between.
        socket.send(["a", "b", "c"])
        assert socket.recv(10) == "abc"
        assert socket.ping().wait(10)
    server.wait_for("detached", lambda state: state["disconnect"] == {"code": 1000, "reason": ""})


def test_detached_closes(server):
    with server.socket("leaving?detach=1") as socket:
        socket.send("close")
        assert closed(socket) == 4001
    state = server.wait_for("leaving", lambda state: state["disconnect"])
    assert state["disconnect"] == {"code": 4001, "reason": "asked to"}
    assert "AssertionError" not in server.process.output(), "the last event came from within close"


def test_detached_raises(server):
    with server.socket("raising?detach=1") as socket:
        socket.send("raise")
        assert closed(socket) == 1006
    server.wait_for("raising", lambda state: state["disconnect"])
    assert "ValueError: told to" in server.process.output()


def test_detached_and_stalled(server):
    with server.stalled("detached-stalled?detach=1") as socket:
        server.fill("detached-stalled")
        for _ in range(server.state("detached-stalled")["taken"]):
            assert len(socket.recv(10)) == 100_000
        server.wait_for("detached-stalled", lambda state: state["events"] == ["full", "drained"])
