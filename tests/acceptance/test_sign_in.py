"""Who may open a socket, and what they may send on it."""

import pytest
from websockets.exceptions import InvalidStatus

from notifications import notify
from notifications.services.relay import relay

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database]


def test_anonymous(either_site):
    with either_site.browser().socket() as socket:
        assert socket.closed() == 4401
        assert socket.frames == []


def test_expired_login_session(either_site, ada):
    browser = either_site.browser(ada)
    browser.session_key = "0" * 32
    with browser.socket() as socket:
        assert socket.closed() == 4401


def test_inactive(either_site, ada):
    browser = either_site.browser(ada)
    ada.is_active = False
    ada.save()
    with browser.socket() as socket:
        assert socket.closed() == 4401
        assert socket.frames == []


def test_unknown_path(live_site, ada):
    browser = live_site.browser(ada)
    ws_url = browser.site.ws_url
    try:
        browser.site.ws_url = f"{ws_url}/elsewhere"
        with browser.socket() as socket:
            assert socket.closed() == 4404
    finally:
        browser.site.ws_url = ws_url


@pytest.mark.parametrize(
    "origin",
    [
        "https://127.0.0.1:{port}",
        "http://localhost:{port}",
        "http://evil.example:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://127.0.0.1:{port}.evil.example",
        "null",
        None,
    ],
)
def test_pages_of_elsewhere(live_site, ada, origin):
    """Scheme, host and port must all be those of the site."""
    with pytest.raises(InvalidStatus) as refused:
        live_site.browser(ada).socket(origin=origin and origin.format(port=live_site.port))
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("offered", [["clarion.v1"], ["other", "clarion.v1"], ["other"], None])
def test_subprotocol(live_site, ada, offered):
    with live_site.browser(ada).socket(subprotocols=offered) as socket:
        chosen = "clarion.v1" if "clarion.v1" in (offered or ()) else None
        assert socket.connection.subprotocol == chosen
        assert socket.recv()["type"] == "hello"


def test_with_a_ticket(live_site, ada):
    browser = live_site.browser(ada)
    with browser.socket(ticket=browser.ticket()) as socket:
        # Browsers insist on one that they offered, and the ticket is nobody else's business.
        assert socket.connection.subprotocol == "clarion.v1"
        socket.recv_until("hello")
        notify(ada, "message", title="For the holder")
        relay()
        socket.recv_until("notifications")


def test_with_a_ticket_of_somebody_else(live_site, ada, bob):
    """It is worth nothing beside another cookie, or beside none."""
    ticket = live_site.browser(ada).ticket()
    with live_site.browser().socket(ticket=ticket) as socket:
        assert socket.closed() == 4401
    with live_site.browser(bob).socket(ticket=ticket) as socket:
        socket.recv_until("hello")
        notify(ada, "message", title="For Ada")
        notify(bob, "message", title="For Bob")
        relay()
        frame = socket.recv_until("notifications")
        assert [item["title"] for item in frame["items"]] == ["For Bob"]


def test_with_a_bad_ticket(live_site, ada):
    with live_site.browser(ada).socket(ticket="junk~junk") as socket:
        socket.recv_until("hello")


def test_whoever_has_no_inbox_yet_gets_one(either_site, crowd):
    (person,) = crowd(1)
    with either_site.browser(person).socket() as socket:
        socket.recv_until("hello")
        notify(person, "message", title="The first")
        relay()
        socket.recv_until("notifications")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no JSON", "not_json"),
        ("[]", "not_json"),
        ("[" * 5000, "not_json"),
        ('{"type": "notify"}', "unknown_type"),
        ('{"type": "resume", "epoch": 1, "seq": 0, "position": 0}', "bad_field"),
        ('{"type": "ack", "seq": -1, "position": 0}', "bad_field"),
        ('{"type": "ack", "seq": true, "position": 0}', "bad_field"),
        ('{"type": "ack", "seq": 9007199254740992, "position": 0}', "bad_field"),
        (b"bytes", "not_json"),
    ],
)
def test_bad_frames_are_answered(live_site, ada, text, code):
    with live_site.browser(ada).socket() as socket:
        socket.connection.send(text)
        assert socket.recv_until("error")["code"] == code
        notify(ada, "message", title="Still here")
        relay()
        socket.recv_until("notifications")


def test_more_than_ten_bad_frames(live_site, ada):
    with live_site.browser(ada).socket() as socket:
        for _ in range(10):
            socket.connection.send("bad")
            assert socket.recv_until("error")
        socket.connection.send("bad")
        assert socket.closed() == 4400


def test_oversized_frame(live_site, ada, bob):
    with live_site.browser(bob).socket() as other, live_site.browser(ada).socket() as socket:
        socket.connection.send("x" * 20_000)
        assert socket.closed() == 1009
        notify(bob, "message", title="Unharmed")
        relay()
        other.recv_until("notifications")


def test_resumes_are_limited(live_site, ada):
    """A client that asks all the time is answered once; the rest wait five seconds together."""
    browser = live_site.browser(ada)
    with browser.socket(browser.get("/api/v1/inbox/")["cursor"]) as socket:
        epoch = socket.recv_until("hello")["epoch"]
        for _ in range(200):
            socket.send({"type": "resume", "epoch": epoch, "seq": 0, "position": 0})
        socket.recv_until("sync")
        for _ in range(2):
            socket.recv_until("heartbeat")
        assert [frame["type"] for frame in socket.frames].count("sync") == 1


def test_deleted_person(either_site, ada):
    with either_site.browser(ada).socket() as socket:
        socket.recv_until("hello")
        ada.delete()
        assert socket.closed() == 4401


def test_pages_and_sockets_say_whose_they_are(live_site, ada, bob):
    for user in (ada, bob):
        browser = live_site.browser(user)
        assert browser.get("/api/v1/inbox/")["person"] == str(user.pk)
        for ticket in ("", browser.ticket()):
            with browser.socket(ticket=ticket) as socket:
                assert socket.recv_until("hello")["person"] == str(user.pk)
