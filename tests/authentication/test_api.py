"""`POST /api/v1/ticket`."""

import json

import pytest
from django.test import Client

from notifications.authentication.ticket import redeem
from notifications.models import Inbox
from tests.support.site import login_session

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database, pytest.mark.django_db]


@pytest.fixture
def browser(ada):
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = login_session(ada)
    client.cookies["csrftoken"] = "t" * 32
    return client


def ask(client, **headers):
    return client.post("/api/v1/ticket", headers={"X-CSRFToken": "t" * 32} | headers)


def test_ticket(browser, ada):
    Inbox.objects.all().delete()
    answer = ask(browser)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    body = json.loads(answer.content)
    assert body["expires_in"] == 30
    key = browser.cookies["sessionid"].value
    login = redeem(body["ticket"], key)
    # The inbox is made, so that the socket need not.
    assert (login.user_id, login.inbox_id) == (ada.pk, Inbox.objects.get(user=ada).pk)
    assert login.session_key == key


def test_nobody_gets_one(ada):
    assert ask(Client()).status_code == 401


def test_a_page_of_elsewhere_gets_none(browser):
    assert browser.post("/api/v1/ticket").status_code == 403
    assert ask(browser, Origin="https://evil.example").status_code == 403
    assert browser.get("/api/v1/ticket").status_code == 405


def test_somebody_inactive_gets_none(browser, ada):
    ada.is_active = False
    ada.save()
    assert ask(browser).status_code == 401
