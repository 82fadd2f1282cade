"""What `Authenticate` does with a handshake, the consumer left out."""

import asyncio
import time
from dataclasses import replace

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from notifications.authentication import Authenticate, Login, cookie, login_of, password_mark
from notifications.authentication.sessions import store_class
from notifications.authentication.ticket import issue, login_for
from notifications.checks import check_sessions
from notifications.hub import code_of, holds
from notifications.wire import close_codes
from tests.support.site import login_session

pytestmark = [
    pytest.mark.promise_8,
    pytest.mark.any_database,
    pytest.mark.django_db(transaction=True),
]


def scope_of(*, key="", ticket="", subprotocols=("clarion.v1",)):
    offered = [*subprotocols, f"ticket.{ticket}"] if ticket else [*subprotocols]
    cookies = f"theme=dark; sessionid={key}" if key else "theme=dark"
    headers = [(b"host", b"testserver"), (b"cookie", cookies.encode())]
    return {"type": "websocket", "headers": headers, "subprotocols": offered}


async def shake_hands(scope):
    """The scope as the consumer gets it, or the messages that refused the handshake."""
    got, sent = [], []

    async def inner(scope, receive, send):
        got.append(scope)

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    await Authenticate(inner)(scope, receive, send)
    assert len(got) + bool(sent) == 1
    return got[0] if got else sent


def kinds(messages):
    return [(message["type"], message.get("code")) for message in messages]


REFUSED = [("websocket.accept", None), ("websocket.close", 4401)]


@pytest.fixture
def no_queries(monkeypatch):
    """Whoever looks a cookie up fails."""

    def read(keys):
        raise AssertionError("the database was asked")

    monkeypatch.setattr(cookie, "logins", read)


@sync_to_async
def signed_in(user):
    key = login_session(user)
    login = login_for(user, store_class()(key))
    return key, login, issue(login)


async def test_with_a_ticket(ada, no_queries):
    key, login, ticket = await signed_in(ada)
    scope = await shake_hands(scope_of(key=key, ticket=ticket))
    seen = login_of(scope)
    assert (seen.user_id, seen.inbox_id, seen.session_key) == (ada.pk, login.inbox_id, key)
    assert seen.password_mark == password_mark(ada.password)
    assert login.expires_at - 1 <= seen.expires_at <= login.expires_at
    assert scope["subprotocols"] == ["clarion.v1"]


async def test_with_a_cookie(ada):
    key, login, _ = await signed_in(ada)
    scope = await shake_hands(scope_of(key=key))
    assert login_of(scope) == login


async def test_the_user_is_loaded_when_something_is_asked(ada, django_assert_num_queries):
    for offered in ({}, {"ticket": True}):
        key, _, ticket = await signed_in(ada)
        scope = await shake_hands(scope_of(key=key, ticket=ticket if offered else ""))

        @sync_to_async
        def ask(user=scope["user"]):
            with django_assert_num_queries(1):
                return user.username, user.is_authenticated, user == ada

        assert await ask() == ("ada", True, True)


async def test_a_bad_ticket_leaves_it_to_the_cookie(ada, bob):
    key, login, _ = await signed_in(ada)
    _, _, of_bob = await signed_in(bob)
    for ticket in ("junk", of_bob, issue(login, now=0)):
        assert login_of(await shake_hands(scope_of(key=key, ticket=ticket))) == login


async def test_a_ticket_without_its_cookie(ada):
    _, _, ticket = await signed_in(ada)
    for key in ("", "k" * 32):
        assert kinds(await shake_hands(scope_of(key=key, ticket=ticket))) == REFUSED


async def test_nobody():
    for scope in (scope_of(), scope_of(key="k" * 32), scope_of(subprotocols=())):
        assert kinds(await shake_hands(scope)) == REFUSED


async def test_only_our_subprotocol_is_echoed():
    accept, _ = await shake_hands(scope_of(ticket="junk"))
    assert accept["subprotocol"] == "clarion.v1"


async def test_handshakes_of_a_moment_share_their_queries(ada, bob, monkeypatch):
    batches = []
    read = cookie.logins
    monkeypatch.setattr(cookie, "logins", lambda keys: batches.append(len(keys)) or read(keys))
    users = [(await signed_in(user), user) for user in (ada, bob) * 50]
    scopes = await asyncio.gather(*(shake_hands(scope_of(key=key)) for (key, _, _), _ in users))
    assert [login_of(scope).user_id for scope in scopes] == [user.pk for _, user in users]
    assert len(batches) <= 2


async def test_an_outage_is_no_reason_to_sign_in_again(ada, monkeypatch):
    """The code says that the client should come back, instead of going to the login page."""
    key, _, _ = await signed_in(ada)

    def read(keys):
        raise OperationalError("away")

    monkeypatch.setattr(cookie, "logins", read)
    assert kinds(await shake_hands(scope_of(key=key))) == [REFUSED[0], ("websocket.close", 1013)]


async def test_a_login_from_channels(ada):
    """Behind `AuthMiddlewareStack` the login is made of what that one found."""
    session = store_class()("k" * 32)
    assert login_of({"user": ada, "session": session}) == Login(
        ada.pk, "k" * 32, password_mark(ada.password)
    )
    ada.is_active = False
    assert login_of({"user": ada, "session": session}) is None
    assert login_of({}) is None


def test_a_login_from_channels_in_signed_cookies_ends(ada, settings):
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    session = store_class()()
    session["_auth_user_id"] = str(ada.pk)
    session.save()
    login = login_of({"user": ada, "session": session})
    assert login.expires_at == pytest.approx(time.time() + settings.SESSION_COOKIE_AGE, abs=60)
    assert holds(login, ada.password, logins=None)
    passed = replace(login, expires_at=time.time() - 1)
    assert not holds(passed, ada.password, logins=None)


def test_signed_cookies_are_warned_of(settings):
    assert check_sessions(None) == []
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
    assert [problem.id for problem in check_sessions(None)] == ["clarion.W002"]


def test_who_had_a_token_that_ran_out_while_the_socket_opened_is_to_get_a_new_one():
    past, ahead = time.time() - 1, time.time() + 60
    assert code_of(Login(7, "", "mark", 11, past)) == close_codes.TOKEN_EXPIRED
    # Another password, or a login session that is over: the person has to come back.
    assert code_of(Login(7, "", "mark", 11, ahead)) == close_codes.SIGNED_OUT
    assert code_of(Login(7, "key", "mark", 11, past)) == close_codes.SIGNED_OUT
