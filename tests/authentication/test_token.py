"""A token is one person's, for a quarter of an hour, as long as the key is good it was made for."""

from typing import Any

import pytest

from notifications.authentication import token
from notifications.authentication.token import TOKEN_SECONDS, issue, person, read
from notifications.models import ApiKey
from notifications.services import api_keys
from notifications.services.inboxes import ensure

pytestmark = [pytest.mark.promise_8, pytest.mark.django_db, pytest.mark.any_database]

NOW = 1_800_000_000.0


@pytest.fixture
def key(db: None) -> ApiKey:
    """A key that may."""
    return api_keys.create(ApiKey(name="Shop", may_embed=True), None).key


def made(key: ApiKey, user: Any, now: float | None = None) -> str:
    found = issue(key, user.pk, now)
    assert found is not None
    assert found.person == str(user.pk)
    return found.token


def test_says_who(key: ApiKey, ada: Any, bob: Any) -> None:
    for user in (ada, bob):
        shown = made(key, user)
        assert person(shown) == user
        claim = read(shown)
        assert claim is not None
        assert (claim.login.user_id, claim.login.inbox_id) == (user.pk, ensure(user).pk)
        assert (claim.login.session_key, claim.key_id) == ("", key.pk)


def test_is_a_token_and_tells_nothing_of_the_password(key: ApiKey, ada: Any) -> None:
    shown = made(key, ada)
    allowed = set("!#$%&'*+-.^_`|~0123456789")
    assert all(char in allowed or (char.isascii() and char.isalpha()) for char in shown)
    assert ada.password not in shown
    assert len(shown) < token.LONGEST


def test_runs_out(key: ApiKey, ada: Any) -> None:
    claim = read(made(key, ada, NOW))
    assert claim is not None
    assert not claim.has_expired(NOW + TOKEN_SECONDS - 1)
    assert claim.has_expired(NOW + TOKEN_SECONDS)
    assert person(made(key, ada, now=0)) is None


def test_ends_with_the_password_the_account_or_the_person(key: ApiKey, ada: Any) -> None:
    shown = made(key, ada)
    ada.set_password("another")
    ada.save()
    assert person(shown) is None
    shown = made(key, ada)
    assert person(shown) == ada
    ada.is_active = False
    ada.save()
    assert person(shown) is None
    assert issue(key, ada.pk) is None
    ada.delete()
    assert person(shown) is None


def test_ends_with_its_key(key: ApiKey, ada: Any) -> None:
    shown = made(key, ada)
    ApiKey.objects.update(may_embed=False)
    assert person(shown) is None
    ApiKey.objects.update(may_embed=True)
    api_keys.revoke(ApiKey.objects.all())
    assert person(shown) is None


def test_no_change_passes(key: ApiKey, ada: Any) -> None:
    good = made(key, ada)
    for place, old in enumerate(good):
        # Every other character: neighbours may differ only in the bits that base64 throws away.
        for new in "A~b.":
            if new != old:
                assert read(good[:place] + new + good[place + 1 :]) is None
        assert read(good[:place]) is None
    assert read(good + "A") is None


@pytest.mark.parametrize(
    "junk", ["", "~", "a", "a~b", "~~", "é~é", "\x00~\x00", "W10~" + "A" * 43, "A" * 10_000]
)
def test_junk(junk: str) -> None:
    assert read(junk) is None
    assert person(junk) is None


def test_a_ticket_is_none_and_the_other_way_round(key: ApiKey, ada: Any) -> None:
    from notifications.authentication import Login, ticket

    assert read(ticket.issue(Login(ada.pk, "k" * 32))) is None
    for session_key in ("k" * 32, ""):
        assert ticket.redeem(made(key, ada), session_key) is None


def test_another_secret(key: ApiKey, ada: Any, settings: Any) -> None:
    shown = made(key, ada)
    settings.SECRET_KEY = "another" * 8
    assert read(shown) is None


@pytest.mark.parametrize("user_id", [2**62, -1, 0, "", "x", None, True, 1.5, "9" * 400])
def test_nobody(key: ApiKey, user_id: object) -> None:
    assert issue(key, user_id) is None
