"""Writing to a socket: what goes wrong ends in the log, not in those who clean up."""

import asyncio

import pytest

from notifications.live.writer import Writer
from tests.layer.waiting import until

pytestmark = pytest.mark.any_database


class Socket:
    """Notes what it is sent; raises what it is given."""

    def __init__(self, error=None):
        self.error = error
        self.sent = []
        self.drained = asyncio.Event()
        self.asked = asyncio.Event()

    async def send(self, message):
        self.asked.set()
        if self.error is not None:
            raise self.error
        self.sent.append(message.get("text"))

    def writer(self, on_drained=None):
        return Writer(self.send, 10, lambda: None, on_drained or self.drained.set)


async def test_writes_and_tells_when_it_has():
    socket = Socket()
    writer = socket.writer()
    assert writer.write(["a", "b" * 10])
    assert not writer.write(["c"])
    assert writer.buffered == 11
    await socket.drained.wait()
    assert writer.write(["d"])
    writer.close(1000, "")
    await until(lambda: socket.sent == ["a", "b" * 10, "d", None])
    assert writer.buffered == 0
    await writer.stop()


@pytest.mark.parametrize("error", [KeyError("type"), OSError("gone"), RuntimeError("closing")])
async def test_what_send_raises_does_not_reach_who_stops(error, caplog):
    socket = Socket(error)
    writer = socket.writer()
    writer.write(["a"])
    await socket.asked.wait()
    await writer.stop()
    await writer.stop()
    # Servers say so when a client is gone; anything else is worth a line.
    assert ("KeyError" in caplog.text) == isinstance(error, KeyError)
    assert not caplog.text or "A socket is written to no more" in caplog.text


async def test_nor_what_a_session_raises(caplog):
    socket = Socket()

    def fail():
        socket.drained.set()
        raise ValueError("a bug")

    writer = socket.writer(fail)
    writer.write(["a" * 10])
    await socket.drained.wait()
    await writer.stop()
    assert "ValueError: a bug" in caplog.text


async def test_stopping_is_not_cut_short():
    socket = Socket()
    writer = socket.writer()
    stopping = asyncio.create_task(writer.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    await stopping
