"""A client that stops reading costs little and slows nobody; when it reads again it catches up."""

import socket as sockets
from pathlib import Path

import pytest

from notifications import notify
from notifications.services.relay import relay

pytestmark = [pytest.mark.promise_7, pytest.mark.any_database]

# Each 12 KB on the wire; together more than the 4 MB that a kernel keeps for a connection, and
# fewer than a resume may bring.
BIG = {"body": "\N{FOX FACE}" * 2000, "data": {"padding": "x" * 4000}}
ROUNDS = 32
PER_ROUND = 15
TOTAL = ROUNDS * PER_ROUND


@pytest.fixture
def stalled(live_site, ada):
    """A socket of Ada's that is open and not read from."""
    raw = sockets.socket()
    # A small window, so that the server notices early.
    raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", live_site.port))
    browser = live_site.browser(ada)
    cursor = browser.get("/api/v1/inbox/")["cursor"]
    # With `max_queue` the library's own thread stops reading, too.
    with browser.socket(cursor, sock=raw, max_queue=1, ping_interval=None) as socket:
        socket.recv_until("hello")
        yield socket


def resident(live_site):
    """Memory of the web process in bytes."""
    return int(Path(f"/proc/{live_site.process.pid}/statm").read_text().split()[1]) * 4096


def test_stalled_beside_healthy(live_site, stalled, screen, ada, bob):
    hers, his = screen(ada), screen(bob)
    memory = resident(live_site)
    for number in range(ROUNDS):
        for index in range(PER_ROUND):
            notify(ada, "message", title=f"Big {number}.{index}", **BIG)
        notify(bob, "message", title=f"For bob {number}")
        relay()
        # Each round arrives while the stalled socket owes everything from the first on.
        his.follow_until(f"For bob {number}")
        hers.follow_until(f"Big {number}.{PER_ROUND - 1}")
    assert len(hers.titles) == TOTAL
    assert resident(live_site) - memory < 16 * 1024 * 1024

    # It reads again: what had been written, and then from the database what it was skipped for.
    titles = []

    def complete(frame):
        titles.extend(item["title"] for item in frame.get("items", ()))
        return len(set(titles)) == TOTAL

    stalled.recv_until(complete, 60)
    assert sorted(titles) == sorted(hers.titles), "everything, once"
    types = [frame["type"] for frame in stalled.frames]
    assert types.count("notifications") < ROUNDS, "it was skipped, nothing was queued for it"
    assert types[-1] == "sync"
    # And it is live again.
    notify(ada, "message", title="Next")
    relay()
    assert stalled.recv_until("notifications")["items"][0]["title"] == "Next"
    hers.follow_until("Next")
    assert his.agrees()


def test_vanishing_while_stalled(stalled, screen, ada):
    """Someone who never reads again and whose connection breaks harms nobody either."""
    page = screen(ada)
    for number in range(ROUNDS):
        for index in range(PER_ROUND):
            notify(ada, "message", title=f"Big {number}.{index}", **BIG)
        relay()
    stalled.abort()
    notify(ada, "message", title="After")
    relay()
    page.follow_until("After", f"Big {ROUNDS - 1}.{PER_ROUND - 1}")
    assert len(page.titles) == TOTAL + 1
