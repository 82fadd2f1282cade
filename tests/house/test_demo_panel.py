"""The panel beside the inbox, as a form of a browser without scripts and as its script sends it."""

from typing import Any

import pytest
from django.test import Client

from notifications.models import Notification
from notifications.testing import capture
from tests.pages.conftest import Reader, fields_of

pytestmark = pytest.mark.django_db

SEND = "/demo/send/"
JSON = {"accept": "application/json"}


@pytest.fixture
def asked(ada: Any) -> dict[str, str]:
    """What somebody fills in."""
    return {
        "to": f"person:{ada.pk}",
        "title": "Lunch?",
        "body": "At one",
        "url": "/menu/",
        "level": "warning",
        "when": "now",
    }


def test_it_sends(ada: Any, asked: dict[str, str]) -> None:
    with capture() as sent:
        answer = Reader(ada).send(SEND, **asked)
    assert answer.redirect_chain == [("/inbox/", 302)]
    assert "Sent." in answer.content.decode()
    sent.assert_notified(ada, title="Lunch?", url="/menu/", level="warning", times=1)


@pytest.mark.parametrize("when", ["now", "later"])
def test_what_cannot_be_said_is_told_at_once(ada: Any, asked: dict[str, str], when: str) -> None:
    client = Client()
    client.force_login(ada)
    answer = client.post(SEND, asked | {"when": when, "url": "javascript:x"}, headers=JSON)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("url must be a path")
    assert not Notification.objects.exists()


def test_what_was_refused_is_still_there_once(ada: Any, asked: dict[str, str]) -> None:
    reader = Reader(ada)
    page = reader.send(SEND, **asked | {"url": "javascript:x", "to": "topic:everyone"})
    shown = page.content.decode()
    assert "url must be a path" in shown
    assert 'value="javascript:x"' in shown
    assert 'value="Lunch?"' in shown
    assert "At one</textarea>" in shown
    assert '<option value="warning" selected>' in shown
    assert '<option value="topic:everyone" selected>' in shown
    assert "javascript:x" not in reader.open()


def test_nobody_is_led_to_the_login_and_from_there_to_the_inbox(asked: dict[str, str]) -> None:
    answer = Client().post(SEND, asked)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/inbox/")
    told = Client().post(SEND, asked, headers=JSON)
    assert (told.status_code, told.json()["detail"]) == (401, "Sign in first.")
    assert not Notification.objects.exists()


def test_it_has_a_csrf_token(ada: Any) -> None:
    assert len(fields_of(Reader(ada).open())["csrfmiddlewaretoken"]) == 64
