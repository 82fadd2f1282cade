"""Coming back: from any cursor, whatever was done elsewhere meanwhile."""

import pytest
from django.conf import settings

from notifications import broadcast, notify
from notifications.models import LogHead
from notifications.services.relay import relay

pytestmark = [pytest.mark.promise_2, pytest.mark.promise_3]

LIMIT = settings.CLARION_RESUME_LIMIT


def say(user, *titles):
    for title in titles:
        notify(user, "message", title=title)
    relay()


def ids(browser):
    return {item["title"]: item["id"] for item in browser.get("/api/v1/inbox/?limit=100")["items"]}


@pytest.mark.promise_4
def test_from_every_cursor_on_the_way(live_site, screen, ada):
    """Reconnecting from each point of a history ends at the same, which is a fresh page."""
    browser = live_site.browser(ada)
    history = [
        lambda: say(ada, "One", "Two"),
        lambda: browser.post("/api/v1/inbox/read", {"ids": [ids(browser)["One"]]}),
        lambda: say(ada, "Three", "Four"),
        lambda: broadcast("everyone", "message", title="All one"),
        relay,
        lambda: browser.post("/api/v1/inbox/archive", {"ids": [ids(browser)["Two"]]}),
        lambda: broadcast("everyone", "message", title="All two"),
        relay,
        lambda: browser.post("/api/v1/inbox/archive", {"ids": [ids(browser)["All one"]]}),
        lambda: browser.post("/api/v1/inbox/unread", {"ids": [ids(browser)["One"]]}),
        lambda: say(ada, "Five"),
        lambda: browser.post("/api/v1/inbox/seen-all", {"cursor": listing()["cursor"]}),
        lambda: broadcast("everyone", "message", title="All three"),
        relay,
    ]

    def listing():
        return browser.get("/api/v1/inbox/")

    left_behind = []
    for step in history:
        page = screen(ada)
        page.socket.close()
        left_behind.append(page)
        step()
    for page in left_behind:
        page.connect()
        page.follow(lambda p: p.titles == ["All three", "Five", "All two", "Four", "Three", "One"])
        assert "reset" not in page.came
    # Afterwards, because looking takes the log in.
    for page in left_behind:
        assert page.agrees()


@pytest.mark.promise_4
def test_two_devices_agree_at_once(screen, ada):
    desk, phone = screen(ada), screen(ada)
    say(ada, "One", "Two", "Three")
    broadcast("everyone", "message", title="All")
    relay()
    for device in (desk, phone):
        device.follow_until("One", "Two", "Three", "All")
    known = {item["title"]: key for key, item in desk.known.items()}
    phone.browser.post("/api/v1/inbox/read", {"ids": [known["One"]]})
    desk.follow(lambda d: d.known[known["One"]]["read_at"])
    phone.browser.post("/api/v1/inbox/archive", {"ids": [known["Two"]]})
    desk.follow(lambda d: d.titles == ["All", "Three", "One"])
    phone.browser.post("/api/v1/inbox/read-all", {"cursor": phone.cursor})
    desk.follow(lambda d: d.badge("unread") == 0)
    phone.follow(lambda d: d.badge("unread") == 0)
    assert phone.titles == desk.titles
    assert desk.agrees()
    assert phone.agrees()
    assert "sync" not in desk.came, "changes come as they happen"


def test_all_marks_nothing_newer(screen, ada):
    """What arrived after the page was looked at stays unread."""
    page = screen(ada)
    say(ada, "Known")
    page.follow_until("Known")
    looked_at = page.cursor
    say(ada, "Newer")
    page.follow_until("Newer")
    page.browser.post("/api/v1/inbox/read-all", {"cursor": looked_at})
    page.follow(lambda p: p.badge("unread") == 1)
    assert [item["title"] for item in page.known.values() if not item["read_at"]] == ["Newer"]
    assert page.agrees()


def test_pages_and_the_bound(live_site, screen, ada):
    """Within the bound page by page; past it a reset and a first page."""
    page = screen(ada)
    page.socket.close()
    far = page.cursor
    for number in range(LIMIT - 1):
        notify(ada, "message", title=f"Said {number}")
    broadcast("everyone", "message", title="All")
    relay()
    page.connect()
    page.follow_until("All", "Said 0", f"Said {LIMIT - 2}")
    assert len(page.titles) == LIMIT
    syncs = [frame for frame in page.socket.frames if frame["type"] == "sync"]
    assert len(syncs) == -(-LIMIT // settings.CLARION_PAGE_SIZE)
    assert [sync["more"] for sync in syncs] == [True] * (len(syncs) - 1) + [False]

    say(ada, "One too many")
    with live_site.browser(ada).socket(far) as socket:
        assert socket.recv_until("reset")["reason"] == "too_far"
    # From a little later it can be had in pages again: what counts is the number of changes.
    epoch, seq, position = far.split(".")
    with live_site.browser(ada).socket(f"{epoch}.{int(seq) + 1}.{position}") as socket:
        assert socket.recv_until("sync")["more"]


def test_cost_is_that_of_what_changed(live_site, ada):
    """Many changes of one item come as its newest state, once."""
    browser = live_site.browser(ada)
    say(ada, "Restless", "Quiet")
    restless = ids(browser)["Restless"]
    start = browser.get("/api/v1/inbox/")["cursor"]
    for _ in range(10):
        browser.post("/api/v1/inbox/read", {"ids": [restless]})
        browser.post("/api/v1/inbox/unread", {"ids": [restless]})
    with browser.socket(start) as socket:
        sync = socket.recv_until("sync")
    assert [item["title"] for item in sync["items"]] == ["Restless"]
    assert not sync["more"]


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [
        ("", "no_cursor"),
        ("nonsense", "no_cursor"),
        ("other.0.0", "epoch"),
        ("{epoch}.9.0", "ahead"),
        ("{epoch}.0.9", "ahead"),
        ("{epoch}.9007199254740993.0", "no_cursor"),
    ],
)
def test_cursors_of_elsewhere(live_site, ada, cursor, reason):
    say(ada, "One")
    epoch = LogHead.objects.get().epoch
    browser = live_site.browser(ada)
    with browser.socket(cursor.format(epoch=epoch)) as socket:
        assert socket.recv_until("reset")["reason"] == reason
        # The socket is live nevertheless: the page is loaded beside it.
        say(ada, "Two")
        assert socket.recv_until("notifications")["items"][0]["title"] == "Two"


def test_restored_database(screen, ada):
    """Another epoch: everything that clients know is void."""
    page = screen(ada)
    say(ada, "One")
    page.follow_until("One")
    page.socket.close()
    LogHead.objects.update(epoch="restored")
    page.connect()
    page.follow(lambda p: p.epoch == "restored")
    assert page.came == ["reset"]
    assert page.titles == ["One"]
    answer = page.browser.post("/api/v1/inbox/read-all", {"cursor": "old.1.0"}, expect=409)
    assert answer["code"] == "cursor_invalid"


def test_asking_on_an_open_socket(screen, ada):
    """A client that holds less than the socket brought asks, and is answered."""
    page = screen(ada)
    say(ada, "One", "Two")
    page.follow_until("One", "Two")
    page.load({"cursor": f"{page.epoch}.0.0", "items": [], "unread": 0, "unseen": 0, "taken": 0})
    page.follow_until("One", "Two")
    assert page.came[-1] == "sync"
    assert page.agrees()
