"""Who gets to the pages."""

from typing import Any

import pytest
from django.test import Client

from tests.pages.conftest import CHOICES, INBOX

pytestmark = pytest.mark.django_db

FORM = f"{INBOX}mark/read/"


def test_nobody_is_led_to_the_login() -> None:
    for address in (INBOX, CHOICES):
        answer = Client().get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={address}")
    assert Client().post(FORM, {"id": "1"}).status_code == 302


def test_who_is_signed_in_but_not_active_is_refused(ada: Any, settings: Any) -> None:
    """And not led to the login, which could lead back."""
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    ada.is_active = False
    ada.save()
    client = Client()
    client.force_login(ada)
    assert [client.get(address).status_code for address in (INBOX, CHOICES)] == [403, 403]
    assert client.post(FORM, {"id": "1"}).status_code == 403
