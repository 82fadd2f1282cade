"""A reader's sockets and lists speak the same language, whoever else gets the same."""

import pytest

from notifications import broadcast, notify

pytestmark = pytest.mark.any_database

DATA = {"address": "192.0.2.9"}
SPOKEN = {"de": "Neue Anmeldung", "en": "New sign-in"}


def titles(frame):
    return [item["title"] for item in frame["items"]]


@pytest.mark.parametrize("language", SPOKEN)
def test_frames_and_lists_come_in_the_readers_language(either_site, worker, ada, language):
    browser = either_site.browser(ada)
    asked = f"tlh, {language};q=0.9"
    title = SPOKEN[language]
    cursor = browser.get("/api/v1/inbox/")["cursor"]
    with browser.socket(cursor, language=asked) as socket:
        socket.recv_until("hello")
        notify(ada, "demo.signed_in", data=DATA)
        assert titles(socket.recv_until("notifications")) == [title]
        broadcast("everyone", "demo.signed_in", data=DATA)
        assert socket.recv_until("broadcast")["item"]["title"] == title
    # What was missed comes in it, too.
    with browser.socket(cursor, language=asked) as socket:
        assert title in titles(socket.recv_until("sync"))
    status, page = browser.request("GET", "/api/v1/inbox/", headers={"Accept-Language": asked})
    assert status == 200
    assert page.count(f'"title": "{title}"') == 2


def test_one_broadcast_in_two_languages(either_site, worker, ada, bob):
    with (
        either_site.browser(ada).socket(language="de") as hers,
        either_site.browser(bob).socket() as his,
    ):
        for socket in (hers, his):
            socket.recv_until("hello")
        broadcast("everyone", "demo.signed_in", data=DATA)
        assert hers.recv_until("broadcast")["item"]["title"] == SPOKEN["de"]
        assert his.recv_until("broadcast")["item"]["title"] == SPOKEN["en"]
