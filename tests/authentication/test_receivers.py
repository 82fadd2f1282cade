"""Whatever may end a login is told to the person's sockets, once it is committed."""

from types import SimpleNamespace

import pytest
from channels.auth import logout as channels_logout
from django.contrib.auth import get_user_model, login, logout, update_session_auth_hash
from django.db import transaction
from django.test import RequestFactory

from notifications import receivers
from notifications.authentication import login_id
from notifications.authentication.sessions import store_class

pytestmark = [pytest.mark.promise_8, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def told(monkeypatch):
    """What was published, as pairs of group and kind of event."""
    pairs = []

    def publish_many(published):
        pairs.extend((group, message["kind"]) for group, message in published)
        return True

    monkeypatch.setattr(receivers, "publish_many", publish_many)
    return pairs


def signed_in(user):
    """A request of somebody who has just signed in."""
    request = RequestFactory().get("/")
    request.session, request.user = store_class()(), user
    login(request, user)
    return request


@pytest.fixture
def group(ada):
    return f"user.{ada.inbox.pk}"


def test_a_new_password(ada, group, told):
    ada.set_password("another")
    ada.save()
    ada.set_password("and another")
    ada.save(update_fields=["password"])
    assert told == [(group, "recheck")] * 2


def test_no_password_any_more(ada, group, told):
    ada.set_unusable_password()
    ada.save()
    assert told == [(group, "recheck")]


def test_deactivated(ada, group, told):
    ada.is_active = False
    ada.save(update_fields=["is_active"])
    assert told == [(group, "recheck")]


def test_deleted(ada, bob, group, told):
    get_user_model().objects.filter(pk=ada.pk).delete()
    assert told == [(group, "recheck")]


def test_only_when_it_is_committed(ada, group, told):
    with transaction.atomic():
        ada.set_password("another")
        ada.save()
        assert told == []
    assert told == [(group, "recheck")]
    told.clear()
    with transaction.atomic():
        ada.delete()
        transaction.set_rollback(True)
    assert told == []


def test_what_has_nothing_to_do_with_it(ada, told):
    ada.first_name = "Ada"
    ada.save(update_fields=["first_name"])
    signed_in(ada)
    get_user_model().objects.create_user("new")
    assert told == []


def test_signed_out(ada, group, monkeypatch):
    published = []
    monkeypatch.setattr(receivers, "publish_many", published.extend)
    request = signed_in(ada)
    key = request.session.session_key
    logout(request)
    ((to, message),) = published
    assert (to, message["kind"], message["login"]) == (group, "signed_out", login_id(key))


def test_an_own_new_password(ada, group, told):
    request = signed_in(ada)
    request.user.set_password("another")
    request.user.save()
    update_session_auth_hash(request, request.user)
    assert told == [(group, "recheck")]


async def test_signed_out_inside_a_socket(ada, told):
    """Channels' `logout` sends the signal without a request."""
    session = store_class()("k" * 32)
    await channels_logout({"user": ada, "session": session})
    assert told == []


def test_signed_out_without_a_login_session(ada, told):
    logout(SimpleNamespace(session=store_class()(), user=ada))
    assert [kind for _, kind in told] == ["signed_out"]
