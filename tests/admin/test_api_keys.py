"""API keys in the admin: made by whom it concerns, shown once, revoked at once."""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from notifications.models import ApiKey
from notifications.selectors.api_keys import valid
from notifications.services import api_keys
from tests.admin.conftest import MakeOperator, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

KEYS = "/admin/clarion/apikey/"
ADD = f"{KEYS}add/"
NEW = {"name": "CI", "types": ["message"], "topics": ["staff"], "may_notify": "on"}
EVERYONE = "announce_to_everyone"


def shown_on(page: Any) -> str:
    found = re.search(r'id="clarion-key">([^<]+)<', text_of(page))
    assert found, text_of(page)
    return found[1]


def test_made_and_shown_once(operator: MakeOperator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = operator("add_apikey", "view_apikey", "compose")
    page = client.post(ADD, NEW)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    shown = shown_on(page)
    key = ApiKey.objects.get()
    assert valid(shown) == key
    assert (key.types, key.topics, key.may_notify) == (["message"], ["staff"], True)
    assert key.created_by == client.user  # type: ignore[attr-defined]
    # Here, and nowhere else.
    secret = shown.split("_", 2)[2]
    assert page.content.decode().count(secret) == 1
    assert secret not in caplog.text
    assert secret not in str(page.cookies)
    assert secret not in str(dict(client.session))
    assert not any(secret in str(vars(entry)) for entry in LogEntry.objects.all())
    for where in (KEYS, f"{KEYS}{key.pk}/change/", ADD):
        assert secret not in text_of(client.get(where))


def test_the_list_says_what_it_may_and_whether_it_still_does(operator: MakeOperator) -> None:
    now = timezone.now()
    scope = {"types": ["*"], "topics": ["staff"], "may_notify": True}
    api_keys.create(ApiKey(name="Good", **scope), None)
    api_keys.create(ApiKey(name="Empty"), None)
    api_keys.create(ApiKey(name="Old", expires_at=now - timedelta(days=1)), None)
    api_keys.create(ApiKey(name="Gone"), None)
    api_keys.revoke(ApiKey.objects.filter(name="Gone"))
    page = text_of(operator("view_apikey").get(KEYS))
    rows = dict(
        re.findall(r">(Good|Empty|Old|Gone)<.*?field-state_shown\">(\w+)<", page, re.DOTALL)
    )
    assert rows == {"Good": "Valid", "Empty": "Valid", "Old": "Expired", "Gone": "Revoked"}
    assert "all to people, staff" in page
    assert "nothing" in page


def test_revoked_at_once(operator: MakeOperator) -> None:
    new = [api_keys.create(ApiKey(name=f"{number}"), None) for number in range(2)]
    chosen = {"action": "revoke", "_selected_action": [str(one.key.pk) for one in new]}
    operator("view_apikey").post(KEYS, chosen)
    assert valid(new[0].shown)
    client = operator("change_apikey", name="chief")
    assert "2 keys were revoked." in text_of(client.post(KEYS, chosen, follow=True))
    assert not any(valid(one.shown) for one in new)
    first = ApiKey.objects.values_list("revoked_at", flat=True)
    before = list(first)
    client.post(KEYS, chosen)
    assert list(first.all()) == before
    assert LogEntry.objects.filter(change_message="Revoked.").count() == 2


def test_a_key_is_neither_changed_nor_deleted(operator: MakeOperator) -> None:
    new = api_keys.create(ApiKey(name="CI", types=["message"], may_notify=True), None)
    client = operator("change_apikey", "delete_apikey", "view_apikey")
    one = f"{KEYS}{new.key.pk}"
    assert client.post(f"{one}/change/", NEW | {"name": "Other"}).status_code == 403
    assert client.post(f"{one}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.get().name == "CI"
    page = text_of(client.get(f"{one}/change/"))
    assert new.key.prefix in page
    assert new.key.digest not in page


def test_only_with_the_permission(operator: MakeOperator) -> None:
    client = operator("compose", "view_apikey", "change_apikey")
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, NEW).status_code == 403
    assert Client().get(KEYS).status_code == 302
    assert operator("compose", name="other").get(KEYS).status_code == 403
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("permissions", "scope", "given"),
    [
        ([], {"topics": ["staff"]}, False),
        ([], {"may_notify": "on"}, False),
        (["compose"], {"topics": ["staff"]}, True),
        (["compose"], {"may_notify": "on"}, True),
        (["compose"], {"topics": ["everyone"]}, False),
        (["compose"], {"topics": ["*"]}, False),
        (["compose", EVERYONE], {"topics": ["everyone", "*"]}, True),
        (["compose", EVERYONE], {"topics": ["nowhere"]}, False),
        (["compose", EVERYONE], {}, False),
        (["compose", EVERYONE], {"topics": ["staff"], "types": []}, False),
        (["compose", EVERYONE], {"topics": ["staff"], "types": ["*"]}, True),
        (["compose", EVERYONE], {"topics": ["staff"], "types": ["nope"]}, False),
    ],
)
def test_nobody_gives_more_than_they_have(
    operator: MakeOperator, permissions: list[str], scope: dict[str, Any], given: bool
) -> None:
    client = operator("add_apikey", *permissions)
    page = client.post(ADD, {"name": "CI", "types": ["message"]} | scope)
    assert page.status_code == 200
    assert ApiKey.objects.exists() == given
    if not given:
        assert "Please correct the error" in text_of(page)


def test_groups_can_be_given(operator: MakeOperator) -> None:
    group = Group.objects.create(name="Press")
    client = operator("add_apikey", "compose")
    assert "Press" in text_of(client.get(ADD))
    shown_on(client.post(ADD, {"name": "x", "types": ["*"], "topics": [f"auth_group.{group.pk}"]}))
    assert ApiKey.objects.get().topics == [f"auth_group.{group.pk}"]
