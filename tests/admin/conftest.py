"""Operators with just the permissions that a test names, and their browsers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from django.test import Client

from notifications.models import Heard

MakeOperator = Callable[..., Client]


@pytest.fixture(autouse=True)
def _heard(db: None) -> None:
    """Beat was heard just now, so that no page asks the broker for workers."""
    Heard.objects.create(name="beat", at=Now())


@pytest.fixture
def operator(make_user: Any) -> MakeOperator:
    """Makes staff with these permissions (of clarion, or `app.codename`), signed in."""

    def make(*permissions: str, name: str = "ops", **fields: Any) -> Client:
        user = make_user(name, is_staff=True, **fields)
        for permission in permissions:
            app, _, codename = permission.rpartition(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app or "clarion", codename=codename)
            )
        return signed_in(user)

    return make


def signed_in(user: Any) -> Client:
    """A browser in which they are signed in; `.user` is them."""
    client = Client()
    client.force_login(user)
    client.user = user  # type: ignore[attr-defined]
    return client


def hidden(page: Any) -> dict[str, str]:
    """The hidden fields of the page's last form, by name."""
    text = page.content.decode()
    form = text[text.rindex('<form method="post"') :]
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = value[1] if value else ""
    return found


def text_of(page: Any) -> str:
    """The page's HTML."""
    return page.content.decode()
