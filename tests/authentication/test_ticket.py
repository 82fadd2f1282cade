"""A ticket stands for a login: for thirty seconds, and only beside the cookie it was issued to."""

from uuid import UUID

import pytest
from django.db import models

from notifications.authentication import Login, password_mark, seal, ticket
from notifications.authentication.ticket import TICKET_SECONDS, issue, redeem

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database]
NOW = 1_800_000_000.0
KEY = "k" * 32
LOGIN = Login(7, KEY, password_mark("hash"), 11, NOW + 1000)


@pytest.mark.parametrize(
    "login", [LOGIN, Login(7, KEY), Login(7, KEY, "mark", None, NOW + 5), Login(2**62, KEY)]
)
def test_comes_back_as_it_was(login):
    assert redeem(issue(login, NOW), KEY, NOW + 1) == login


def test_is_a_token():
    """Browsers take nothing else as the name of a subprotocol (RFC 9110, section 5.6.2)."""
    allowed = set("!#$%&'*+-.^_`|~0123456789")
    for number in range(200):
        name = ticket.PREFIX + issue(Login(number, KEY), NOW + number)
        assert all(char in allowed or (char.isascii() and char.isalpha()) for char in name)
        assert len(name) < 256


def test_runs_out():
    shown = issue(LOGIN, NOW)
    assert redeem(shown, KEY, NOW + TICKET_SECONDS - 0.1)
    assert redeem(shown, KEY, NOW + TICKET_SECONDS + 0.1) is None


def test_runs_out_with_the_login_session():
    shown = issue(Login(7, KEY, expires_at=NOW + 10), NOW)
    assert redeem(shown, KEY, NOW + 9)
    assert redeem(shown, KEY, NOW + 10) is None


@pytest.mark.parametrize("key", ["", "x" * 32, KEY[:-1], KEY + "k", KEY.upper()])
def test_is_worthless_without_its_cookie(key):
    assert redeem(issue(LOGIN, NOW), key, NOW) is None


def test_nobody_without_a_login_session():
    assert redeem(issue(Login(7, ""), NOW), "", NOW) is None


def test_no_change_passes():
    good = issue(LOGIN, NOW)
    for place, old in enumerate(good):
        # Every other character: neighbours may differ only in the bits that base64 throws away.
        for new in "A~b.":
            if new != old:
                assert redeem(good[:place] + new + good[place + 1 :], KEY, NOW) is None
        assert redeem(good[:place], KEY, NOW) is None
    assert redeem(good + "A", KEY, NOW) is None


def test_no_other_way_to_cut_it():
    """What is signed is the session key and the payload, whose border nobody can move."""
    payload, _, signature = issue(LOGIN, NOW).partition("~")
    for length in range(1, len(payload)):
        moved = f"{payload[length:]}~{signature}"
        assert redeem(moved, f"{KEY}~{payload[:length]}", NOW) is None
        assert redeem(moved, f"{KEY}{payload[:length]}", NOW) is None


@pytest.mark.parametrize("junk", ["", "~", "a", "a~b", "~~", "é~é", "\x00~\x00", "W10~" + "A" * 32])
def test_junk(junk):
    assert redeem(junk, KEY, NOW) is None


def test_another_secret(settings):
    shown = issue(LOGIN, NOW)
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 8
    # The cookie tells, then: what a ticket carries was made with the old secret as well.
    settings.SECRET_KEY_FALLBACKS = [before]
    assert redeem(shown, KEY, NOW) is None
    settings.SECRET_KEY = before
    assert redeem(shown, KEY, NOW) == LOGIN


def test_users_with_other_keys(monkeypatch):
    """A primary key comes back as what the database knows, whatever its type."""

    class Meta:
        pk = models.UUIDField()

    class Person:
        _meta = Meta()

    monkeypatch.setattr(seal, "get_user_model", lambda: Person)
    key = UUID("12345678-1234-5678-1234-567812345678")
    assert redeem(issue(Login(key, KEY), NOW), KEY, NOW) == Login(key, KEY)
