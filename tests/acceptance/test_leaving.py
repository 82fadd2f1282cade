"""However a login ends, its open sockets are closed with a code that says so; no others are."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user, get_user_model, logout, update_session_auth_hash
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone

from notifications import notify, receivers
from notifications.services.relay import relay

pytestmark = [pytest.mark.promise_8]
SIGNED_OUT = 4401


def connected(browser, *, ticket=False):
    socket = browser.socket(
        browser.get("/api/v1/inbox/")["cursor"], ticket=browser.ticket() if ticket else ""
    )
    socket.recv_until("hello")
    return socket


def request_of(browser):
    """A request with the login session of a browser, for what this process does in its name."""
    request = RequestFactory().get("/")
    request.session = SessionStore(browser.session_key)
    request.user = get_user(request)
    assert request.user.is_authenticated
    return request


def sign_out(browser):
    logout(request_of(browser))


class Scene:
    """One person with two browsers, each with a socket by cookie and one by ticket; and another."""

    def __init__(self, site, person, other):
        self.person, self.other = person, other
        self.here, self.elsewhere = site.browser(person), site.browser(person)
        self.sockets_here = [connected(self.here), connected(self.here, ticket=True)]
        self.sockets_elsewhere = [connected(self.elsewhere), connected(self.elsewhere, ticket=True)]
        self.of_other = connected(site.browser(other))

    def end(self):
        """Leave nobody at a process that other tests use."""
        for socket in (*self.sockets_here, *self.sockets_elsewhere):
            socket.close()

    def closes(self, *sockets):
        for socket in sockets:
            assert socket.closed() == SIGNED_OUT

    def stays(self, person, *sockets):
        notify(person, "message", title="Still here")
        relay()
        for socket in sockets:
            socket.recv_until("notifications")
            socket.close()


@pytest.fixture
def at_once(patient_site, ada, bob):
    """A scene where only events can tell: the next heartbeat comes in an hour."""
    scene = Scene(patient_site, ada, bob)
    yield scene
    scene.stays(bob, scene.of_other)
    scene.end()


@pytest.fixture
def in_time(either_site, ada, bob):
    """A scene where only the heartbeat can tell, once a second."""
    scene = Scene(either_site, ada, bob)
    yield scene
    scene.stays(bob, scene.of_other)
    scene.end()


# -- at once -----------------------------------------------------------------------------------


@pytest.mark.any_database
def test_signed_out(at_once):
    """The browser that signs out, and no other of the same person."""
    sign_out(at_once.here)
    at_once.closes(*at_once.sockets_here)
    at_once.stays(at_once.person, *at_once.sockets_elsewhere)


@pytest.mark.any_database
def test_signed_out_over_http(patient_site, ada):
    browser = patient_site.browser(ada)
    socket = connected(browser)
    token = "t" * 32
    form = f"csrfmiddlewaretoken={token}".encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = browser.request("POST", "/accounts/logout/", form, headers, {"csrftoken": token})
    assert status == 302
    assert socket.closed() == SIGNED_OUT


@pytest.mark.any_database
def test_a_new_password(at_once):
    """Somebody else sets it, as in the admin: all login sessions of the person are over."""
    at_once.person.set_password("another")
    at_once.person.save()
    at_once.closes(*at_once.sockets_here, *at_once.sockets_elsewhere)


@pytest.mark.any_database
def test_an_own_new_password(at_once):
    """The browser stays signed in, with a new login session; its sockets have to come back."""
    request = request_of(at_once.here)
    request.user.set_password("another")
    request.user.save()
    update_session_auth_hash(request, request.user)
    request.session.save()
    at_once.closes(*at_once.sockets_here, *at_once.sockets_elsewhere)
    at_once.here.session_key = request.session.session_key
    at_once.stays(at_once.person, connected(at_once.here), connected(at_once.here, ticket=True))


@pytest.mark.any_database
def test_deactivated(at_once):
    at_once.person.is_active = False
    at_once.person.save(update_fields=["is_active"])
    at_once.closes(*at_once.sockets_here, *at_once.sockets_elsewhere)


@pytest.mark.any_database
def test_deleted(at_once):
    at_once.person.delete()
    at_once.closes(*at_once.sockets_here, *at_once.sockets_elsewhere)


@pytest.mark.any_database
def test_a_ticket_of_a_login_session_that_ended(at_once):
    """Good for thirty seconds as far as it knows; the database knows better."""
    ticket = at_once.here.ticket()
    sign_out(at_once.here)
    with at_once.here.socket(ticket=ticket) as socket:
        assert socket.closed() == SIGNED_OUT
        assert socket.frames == []


# -- within a heartbeat ------------------------------------------------------------------------


def test_the_sign_out_is_lost_on_the_way(in_time, monkeypatch):
    monkeypatch.setattr(receivers, "publish_many", lambda pairs: False)
    sign_out(in_time.here)
    in_time.closes(*in_time.sockets_here)
    in_time.stays(in_time.person, *in_time.sockets_elsewhere)


def test_the_login_session_runs_out(in_time):
    row = Session.objects.filter(pk=in_time.here.session_key)
    row.update(expire_date=timezone.now() - timedelta(seconds=1))
    in_time.closes(*in_time.sockets_here)
    in_time.stays(in_time.person, *in_time.sockets_elsewhere)


def test_the_login_session_is_swept_away(in_time):
    old = timezone.now() - timedelta(days=1)
    Session.objects.filter(pk=in_time.here.session_key).update(expire_date=old)
    call_command("clearsessions")
    Session.objects.filter(pk=in_time.elsewhere.session_key).delete()
    in_time.closes(*in_time.sockets_here, *in_time.sockets_elsewhere)


def test_deactivated_in_bulk(in_time):
    get_user_model().objects.filter(pk=in_time.person.pk).update(is_active=False)
    in_time.closes(*in_time.sockets_here, *in_time.sockets_elsewhere)


def test_a_new_password_in_bulk(in_time):
    get_user_model().objects.filter(pk=in_time.person.pk).update(password="!")
    in_time.closes(*in_time.sockets_here, *in_time.sockets_elsewhere)
