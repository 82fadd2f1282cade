"""From `notify()` to a live browser, on real processes."""

import pytest

from notifications import broadcast, notify


@pytest.mark.promise_1
def test_notify_arrives_live_and_in_the_inbox(either_site, worker, ada, bob):
    browser = either_site.browser(ada)
    page = browser.get("/api/v1/inbox/")
    with browser.socket(page["cursor"]) as socket:
        assert socket.recv_until("hello")["unread"] == 0
        notify(ada, "message", title="It works", body="Really", url="/inbox/")
        frame = socket.recv_until("notifications")
    assert [item["title"] for item in frame["items"]] == ["It works"]
    assert (frame["since"], frame["seq"], frame["unread"], frame["unseen"]) == (0, 1, 1, 1)
    page = browser.get("/api/v1/inbox/")
    assert [item["title"] for item in page["items"]] == ["It works"]
    assert either_site.browser(bob).get("/api/v1/inbox/")["items"] == []


@pytest.mark.promise_5
def test_broadcast_arrives_live_and_in_the_inbox(either_site, worker, ada, bob):
    browser = either_site.browser(ada)
    page = browser.get("/api/v1/inbox/")
    with browser.socket(page["cursor"]) as socket:
        socket.recv_until("hello")
        broadcast("everyone", "message", title="All of you")
        frame = socket.recv_until("broadcast")
    assert frame["item"]["title"] == "All of you"
    for person in (ada, bob):
        page = either_site.browser(person).get("/api/v1/inbox/")
        assert [item["title"] for item in page["items"]] == ["All of you"]
        assert page["unread"] == 1
