"""Sockets of pages of other origins: listed, with a token that holds, and not otherwise."""

import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from notifications import notify
from notifications.authentication import token
from notifications.authentication.token import TOKEN_SECONDS
from notifications.models import ApiKey
from notifications.services import api_keys
from tests.support.processes import Processes
from tests.support.site import Site, Socket
from tests.support.waiting import wait_until

pytestmark = [
    *(pytest.mark.promise_8, pytest.mark.any_database),
    pytest.mark.usefixtures("worker"),
]

SHOP = "http://shop.example:8100"


@pytest.fixture
def site(processes: Processes) -> Site:
    """A site that lists one other origin."""
    return processes.web(CLARION_ORIGINS=SHOP, CLARION_HEARTBEAT_SECONDS="1")


@pytest.fixture
def key(transactional_db: None) -> ApiKey:
    """The shop's."""
    return api_keys.create(ApiKey(name="Shop", may_embed=True), None).key


def token_for(key: ApiKey, user: Any, left: float = TOKEN_SECONDS) -> str:
    issued = token.issue(key, user.pk, time.time() - TOKEN_SECONDS + left)
    assert issued is not None
    return issued.token


def open_socket(site: Site, shown: str = "", user: Any = None, origin: str = SHOP) -> Socket:
    """A socket from a page, in a browser in which `user` may have signed in."""
    subprotocols = ["clarion.v1", *([f"token.{shown}"] if shown else [])]
    return site.browser(user).socket(origin=origin, subprotocols=subprotocols)


def test_who_may_connect(site: Site, key: ApiKey, ada: Any, bob: Any) -> None:
    shown = token_for(key, ada)
    socket = open_socket(site, shown)
    assert socket.connection.subprotocol == "clarion.v1"
    assert socket.recv_until("hello")["person"] == str(ada.pk)
    notify(ada, "message", title="Hello")
    assert socket.recv_until("notifications")["items"][0]["title"] == "Hello"

    # In a browser in which somebody else has signed in here, it is the token that counts.
    assert open_socket(site, shown, bob).recv_until("hello")["person"] == str(ada.pk)
    # Cookies open nothing to pages from there, though the browser may send them.
    assert open_socket(site, user=ada).closed() == 4401
    for wrong in ("x", shown[:-1], token_for(key, ada, left=TOKEN_SECONDS) + "A"):
        assert open_socket(site, wrong, ada).closed() == 4401
    # Pages from elsewhere do not get as far, with whatever they have.
    for origin in ("https://evil.example", "http://shop.example", "null", f"{SHOP}0"):
        for given in ({"user": ada}, {"shown": shown}):
            with pytest.raises(InvalidStatus) as refused:
                open_socket(site, origin=origin, **given)
            assert refused.value.response.status_code == 403
    # The site's own pages go on as before, with a token, too.
    assert open_socket(site, user=bob, origin=site.url).recv_until("hello")["person"] == str(bob.pk)
    assert open_socket(site, shown, bob, site.url).recv_until("hello")["person"] == str(ada.pk)


def test_it_ends_with_its_token(site: Site, key: ApiKey, ada: Any) -> None:
    def greeted() -> Socket | None:
        """A socket that came before its token ended."""
        socket = open_socket(site, token_for(key, ada, left=3))
        with suppress(ConnectionClosed):
            socket.recv_until("hello")
            return socket
        return None

    socket = wait_until(greeted)
    assert socket is not None
    assert socket.closed() == 4001
    assert open_socket(site, token_for(key, ada, left=0)).closed() == 4001
    # Come back with a new one.
    open_socket(site, token_for(key, ada)).recv_until("hello")


def test_it_ends_with_the_password_and_the_account(site: Site, key: ApiKey, ada: Any) -> None:
    old = token_for(key, ada)
    socket = open_socket(site, old)
    socket.recv_until("hello")
    ada.set_password("another")
    ada.save()
    assert socket.closed() == 4401
    assert open_socket(site, old).closed() == 4401
    socket = open_socket(site, token_for(key, ada))
    socket.recv_until("hello")
    ada.is_active = False
    ada.save()
    assert socket.closed() == 4401


def test_a_revoked_key_opens_no_more(site: Site, key: ApiKey, ada: Any) -> None:
    shown = token_for(key, ada)
    open_socket(site, shown).recv_until("hello")
    api_keys.revoke(ApiKey.objects.all())
    assert open_socket(site, shown).closed() == 4401
