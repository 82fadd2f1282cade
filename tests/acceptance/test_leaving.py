"""Sockets of people who may not be there any more are closed with a code that says so."""

import urllib.parse

import pytest

pytestmark = [pytest.mark.promise_8]
SIGNED_OUT = 4401


def connected(browser):
    socket = browser.socket(browser.get("/api/v1/inbox/")["cursor"])
    socket.recv_until("hello")
    return socket


def test_signing_out_closes_the_sockets_of_that_browser_at_once(live_site, ada):
    one, other = live_site.browser(ada), live_site.browser(ada)
    mine, theirs = connected(one), connected(other)
    token = "t" * 32
    form = urllib.parse.urlencode({"csrfmiddlewaretoken": token}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = one.request("POST", "/accounts/logout/", form, headers, {"csrftoken": token})
    assert status == 302
    assert mine.closed() == SIGNED_OUT
    theirs.recv_until("heartbeat")
    theirs.close()


def test_a_deactivated_person_is_gone_within_a_heartbeat(live_site, ada, bob):
    sockets = [connected(live_site.browser(person)) for person in (ada, bob)]
    ada.is_active = False
    ada.save()
    assert sockets[0].closed() == SIGNED_OUT
    sockets[1].recv_until("heartbeat")
    sockets[1].close()


def test_a_deleted_person_too(live_site, ada):
    socket = connected(live_site.browser(ada))
    ada.delete()
    assert socket.closed() == SIGNED_OUT
