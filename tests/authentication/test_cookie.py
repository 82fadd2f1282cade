"""The cookie path lets in whom Django lets in, and asks for many at once."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from notifications.authentication import Login, login_id, password_mark
from notifications.authentication.cookie import logins
from notifications.authentication.sessions import expiry_of, store_class
from tests.support.site import login_session

pytestmark = [pytest.mark.promise_8, pytest.mark.django_db]

ENGINES = ("db", "cached_db", "cache", "file", "signed_cookies")
OURS = "django.contrib.auth.backends.ModelBackend"


def django_says(key):
    """Who the session is for `AuthenticationMiddleware`; changes the session, so ask it last."""
    request = HttpRequest()
    request.session = store_class()(key)
    user = get_user(request)
    return user.pk if user.is_active else None


class Strict(ModelBackend):
    """A backend that knows better who may sign in."""

    def user_can_authenticate(self, user):
        return user.username != "barred"


class Moody(ModelBackend):
    """A backend with a `get_user` of its own, such as those that ask a directory."""

    def get_user(self, user_id):
        user = super().get_user(user_id)
        if user and user.username == "unlucky":
            raise ConnectionError("the directory is away")
        return user


@pytest.fixture(params=ENGINES)
def engine(request, settings, tmp_path):
    settings.SESSION_ENGINE = f"django.contrib.sessions.backends.{request.param}"
    if request.param == "file":
        settings.SESSION_FILE_PATH = str(tmp_path)
        store_class()._storage_path = str(tmp_path)
    cache.clear()
    return request.param


@pytest.fixture
def session_of(engine):
    """Makes a login session in whatever engine; returns its key."""

    def make(user, **changes):
        store = store_class()()
        store.update(
            {
                "_auth_user_id": str(user.pk),
                "_auth_user_backend": OURS,
                "_auth_user_hash": user.get_session_auth_hash(),
            }
            | changes
        )
        store.save()
        return store.session_key

    return make


def test_finds_what_django_finds(engine, session_of, settings, ada, bob):
    inactive = get_user_model().objects.create_user("ivy", is_active=False)
    settings.SECRET_KEY_FALLBACKS = ["an older secret" * 3]
    (older,) = ada.get_session_auth_fallback_hash()
    keys = {
        "ada": session_of(ada),
        "ada again": session_of(ada, other="data"),
        "bob": session_of(bob),
        "an older secret": session_of(ada, _auth_user_hash=older),
        "another password": session_of(ada, _auth_user_hash="x" * 64),
        "no hash": session_of(ada, _auth_user_hash=""),
        "inactive": session_of(inactive),
        "a backend that is gone": session_of(ada, _auth_user_backend="gone.Backend"),
        "nobody's": session_of(ada, _auth_user_id="4711000"),
        "no number": session_of(ada, _auth_user_id="ada"),
        "too large": session_of(ada, _auth_user_id=str(2**70)),
    }
    found = logins(keys.values())
    names = {key: name for name, key in keys.items()}
    assert {names[key] for key in found} == {"ada", "ada again", "bob", "an older secret"}
    login = found[keys["ada"]]
    assert (login.user_id, login.session_key, login.inbox_id) == (
        ada.pk,
        keys["ada"],
        ada.inbox.pk,
    )
    assert login.id == login_id(keys["ada"])
    assert login.password_mark == password_mark(ada.password)
    for name, key in keys.items():
        if name not in ("no number", "too large"):
            # Django raises for these two.
            assert django_says(key) == (found[key].user_id if key in found else None), name


def test_takes_two_queries(ada, bob, django_assert_num_queries):
    keys = [login_session(user) for user in (ada, bob, ada, bob)]
    with django_assert_num_queries(2):
        assert len(logins(keys)) == 4


def test_a_session_that_has_run_out(ada):
    key = login_session(ada)
    assert logins([key])[key].expires_at == Session.objects.get(pk=key).expire_date.timestamp()
    Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert logins([key]) == {}


def test_every_login_ends(session_of, settings, ada):
    """With engines that keep nothing of login sessions, sockets have no other end."""
    now = time.time()
    soon = datetime.fromtimestamp(now + 3600, tz=UTC).isoformat()
    ends = {
        session_of(ada): now + settings.SESSION_COOKIE_AGE,
        session_of(ada, _session_expiry=0): now + settings.SESSION_COOKIE_AGE,
        session_of(ada, _session_expiry=300): now + 300,
        session_of(ada, _session_expiry=soon): now + 3600,
    }
    found = logins(ends)
    for key, end in ends.items():
        assert found[key].expires_at == pytest.approx(end, abs=60)
        assert expiry_of(store_class()(key)) == pytest.approx(end, abs=60)


@pytest.mark.parametrize("key", ["\x00" * 32, "k" * 5000, "', '", "é" * 32, "", "../../etc"])
def test_a_strange_cookie_harms_nobody(session_of, ada, key):
    good = session_of(ada)
    assert set(logins([key, good])) == {good}


def test_a_backend_of_its_own(settings, ada, make_user):
    settings.AUTHENTICATION_BACKENDS = [OURS, f"{__name__}.Moody"]
    unlucky = make_user("unlucky")
    keys = [login_session(user) for user in (ada, unlucky)]
    settings.AUTHENTICATION_BACKENDS.reverse()
    moody = [login_session(user) for user in (ada, unlucky)]
    found = logins(keys + moody)
    assert [found[key].user_id for key in keys] == [ada.pk, unlucky.pk]
    assert found[moody[0]].user_id == ada.pk
    assert isinstance(found[moody[1]], ConnectionError)


def test_a_backend_decides_who_may_but_nobody_inactive(settings, ada, make_user):
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Strict"]
    barred, inactive = make_user("barred"), make_user("ivy", is_active=False)
    ours, theirs, nobodys = (login_session(user) for user in (ada, barred, inactive))
    assert set(logins([ours, theirs, nobodys])) == {ours}


def test_a_person_without_an_inbox(ada):
    ada.inbox.delete()
    key = login_session(ada)
    assert logins([key])[key] == Login(
        ada.pk,
        key,
        password_mark(ada.password),
        None,
        Session.objects.get(pk=key).expire_date.timestamp(),
    )
