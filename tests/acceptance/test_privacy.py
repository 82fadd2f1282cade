"""Two persons' inboxes never mix."""

import json

import pytest

from notifications import notify
from notifications.models import Inbox, Item
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of

pytestmark = pytest.mark.promise_8

WRITES = [
    "/api/v1/inbox/seen",
    "/api/v1/inbox/read",
    "/api/v1/inbox/unread",
    "/api/v1/inbox/archive",
]


def test_interleaved_while_both_are_connected(processes, screen, ada, bob, crowd):
    """Direct and bulk, to one, the other and both, relayed by several processes at once."""
    processes.worker()
    hers, his = screen(ada), screen(bob)
    others = crowd(12)
    for number in range(30):
        notify(ada, "message", title=f"For ada {number}")
        notify([bob, *others], "message", title=f"For bob {number}")
        if number % 3 == 0:
            notify([ada, bob], "message", title=f"For both {number}")
        if number % 7 == 0:
            relay()
    both = [f"For both {number}" for number in range(0, 30, 3)]
    for page, name in ((hers, "ada"), (his, "bob")):
        mine = [f"For {name} {number}" for number in range(30)]
        page.follow_until(*both, *mine)
        assert sorted(page.titles) == sorted(both + mine)
        said = [
            item["title"]
            for frame in page.socket.frames
            for item in [*frame.get("items", ()), *filter(None, [frame.get("item")])]
        ]
        assert set(said) == set(both + mine), "nothing else even came down the wire"
        assert page.agrees()


def test_other_peoples_ids_are_like_unknown_ones(live_site, screen, ada, bob):
    notify(bob, "message", title="His")
    notify(ada, "message", title="Hers")
    relay()
    his_page = screen(bob)
    (his,) = his_page.known
    browser = live_site.browser(ada)
    before = list(Item.objects.order_by("pk").values()), list(Inbox.objects.order_by("pk").values())
    for path in WRITES:
        foreign = browser.post(path, {"ids": [his]})
        assert foreign == browser.post(path, {"ids": ["987654321"]})
        assert foreign["items"] == []
    after = list(Item.objects.order_by("pk").values()), list(Inbox.objects.order_by("pk").values())
    assert after == before
    his_page.follow_heartbeats()
    assert his_page.came == []
    # His id does not show hers from his place on, either.
    listing = browser.get(f"/api/v1/inbox/?before={int(his) + 1}")
    assert listing["items"] == []


def test_mixed_ids_change_only_mine(live_site, screen, ada, bob):
    notify(bob, "message", title="His")
    notify(ada, "message", title="Hers")
    relay()
    ids = [str(pk) for pk in Item.objects.values_list("notification_id", flat=True)]
    answer = live_site.browser(ada).post("/api/v1/inbox/archive", {"ids": ids})
    assert [item["title"] for item in answer["items"]] == ["Hers"]
    assert screen(bob).titles == ["His"]
    assert screen(ada).titles == []


def test_each_shared_notification_has_states_of_its_own(screen, ada, bob):
    notify([ada, bob], "message", title="Shared")
    relay()
    hers, his = screen(ada), screen(bob)
    (shared,) = hers.known
    hers.browser.post("/api/v1/inbox/archive", {"ids": [shared]})
    hers.follow(lambda page: page.titles == [])
    his.follow_heartbeats()
    assert his.titles == ["Shared"]
    assert his.badge("unread") == 1
    assert his.agrees()


def test_signed_out_people_get_nothing(live_site, ada):
    notify(ada, "message", title="Hers")
    relay()
    nobody = live_site.browser()
    status, body = nobody.request("GET", "/api/v1/inbox/")
    assert status == 401
    assert "Hers" not in body
    for path in [*WRITES, "/api/v1/inbox/read-all", "/api/v1/inbox/seen-all"]:
        nobody.post(path, {"ids": ["1"], "cursor": "a.0.0"}, expect=401)


def test_no_write_without_the_csrf_token(live_site, ada):
    notify(ada, "message", title="Hers")
    relay()
    browser = live_site.browser(ada)
    (item,) = browser.get("/api/v1/inbox/")["items"]
    body = json.dumps({"ids": [item["id"]]}).encode()
    status, _ = browser.request(
        "POST", "/api/v1/inbox/read", body, {"Content-Type": "application/json"}
    )
    assert status == 403
    assert browser.get("/api/v1/inbox/")["unread"] == 1


def test_another_persons_cursor_brings_nothing_of_theirs(live_site, screen, ada, bob):
    """A cursor says where, the login says whose."""
    for number in range(3):
        notify(bob, "message", title=f"His {number}")
    notify(ada, "message", title="Hers")
    relay()
    epoch = screen(bob).epoch
    with live_site.browser(ada).socket(f"{epoch}.0.0") as socket:
        assert [item["title"] for item in socket.recv_until("sync")["items"]] == ["Hers"]
        socket.send({"type": "resume", "epoch": epoch, "seq": 0, "position": 0})
        assert [item["title"] for item in socket.recv_until("sync")["items"]] == ["Hers"]
    assert titles_of(ada) == ["Hers"]
