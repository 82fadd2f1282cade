"""One client stops reading beside a hundred that read, while much is said in large texts."""

import json
import socket as sockets
from collections import Counter
from pathlib import Path

import pytest

from notifications import broadcast, notify
from notifications.models import Inbox, Item
from notifications.services import inbox as inbox_service
from notifications.services.relay import relay
from tests.acceptance.screen import Screen, glimpsed, shown

pytestmark = [pytest.mark.promise_7, pytest.mark.any_database]

HEALTHY = 100
BUDGET = 48 * 1024
# Characters of four bytes; a page takes one to four such texts.
SIZES = [500, 2000, 1200, 1600, 1900]
ITEMS = 90
ROUNDS = 10
# Changes of state in each round, of so many items: a hundred kilobytes each. All together are more
# than the three megabytes that a kernel keeps for such a connection by another six.
CHANGES, CHANGED = 8, 20
# What this may cost the process, which needs some for what passes through.
MEMORY = 3 * 1024 * 1024


class Stalled(Screen):
    """A page whose socket is not read from but in `follow` and `step`."""

    def connect(self):
        raw = sockets.socket()
        # A small window, so that the server notices early.
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.browser.site.port))
        # With `max_queue` the library's own thread stops reading, too.
        options = {"sock": raw, "max_queue": 1, "ping_interval": None}
        self.socket = self.browser.socket(self.cursor, **options)
        self._asked_at = 0.0
        self.socket.recv_until("hello")


def resident(site):
    """Memory of the web process in bytes."""
    return int(Path(f"/proc/{site.process.pid}/statm").read_text().split()[1]) * 4096


def big(number):
    return "\N{FOX FACE}" * SIZES[number % len(SIZES)]


def test_one_beside_a_hundred(processes, many, crowd, ada):
    site = processes.web(CLARION_HEARTBEAT_SECONDS="3600", CLARION_SOCKET_BUDGET=str(BUDGET))
    members = many.join(site, crowd(HEALTHY), new=True)
    for number in range(ITEMS):
        notify(ada, "message", title=f"Big {number}", body=big(number))
    relay()
    inbox = Inbox.objects.get(user=ada)
    ids = list(Item.objects.filter(inbox=inbox).values_list("notification_id", flat=True))
    with Stalled(site.browser(ada)) as stalled:
        memory = resident(site)
        for number in range(ROUNDS):
            for change in range(CHANGES):
                start = number * CHANGES + change
                some = [ids[(start + offset) % ITEMS] for offset in range(CHANGED)]
                inbox_service.mark(inbox.pk, "unread" if start % 2 else "read", some)
            notify(ada, "message", title=f"Another {number}", body=big(number))
            broadcast("everyone", "message", title=f"All {number}", body=big(number))
            relay()
            # Each round reaches all others while this one owes everything from the first on.
            many.wait_for(lambda n=number: all(len(m.came) == n + 1 for m in members), "the round")
        assert resident(site) - memory < MEMORY
        for member in members:
            assert set(member.came) == {"broadcast"}, "nobody else was skipped, or had to ask"

        # It reads again: what had been written, then what it was skipped for, and what is new.
        expected = shown(glimpsed(stalled.browser))
        assert shown(stalled) != expected
        stalled.follow(lambda screen: shown(screen) == expected)
        pages = [frame["items"] for frame in stalled.socket.frames if frame["type"] == "sync"]
        came = Counter(item["title"] for page in pages for item in page)
        assert came[f"Another {ROUNDS - 1}"] == 1
        assert came.most_common(1)[0][1] == 1, "in its newest state, once"
        sizes = [len(json.dumps(page, ensure_ascii=False).encode()) for page in pages]
        assert BUDGET / 8 < max(sizes) <= BUDGET / 4, "filled, and no more"
        # And it is live again.
        notify(ada, "message", title="Next")
        relay()
        stalled.follow_until("Next")
        assert stalled.came[-1] == "notifications"
        assert "reset" not in stalled.came
