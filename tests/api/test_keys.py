"""Who may publish: a key of ours, neither revoked nor expired, within its scope."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.serializers import serialize
from django.db import transaction
from django.test import Client
from django.utils import timezone

from notifications.models import ApiKey, Notification
from notifications.services import api_keys
from tests.api.conftest import MakeService, Service, refused
from tests.support.threads import elsewhere

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database, pytest.mark.django_db]


def test_a_key_opens_publishing(ci: Service, ada: Any) -> None:
    answer = ci.notify("ada")
    assert answer.status_code == 202
    assert Notification.objects.get().title == "Hello"


def test_nothing_of_the_secret_is_kept(ci: Service) -> None:
    mark, prefix, secret = ci.shown.split("_", 2)
    assert mark == "clarion"
    # 256 bits in base64url.
    assert len(secret) == 43
    stored = serialize("json", ApiKey.objects.all())
    assert prefix in stored
    assert secret not in stored


@pytest.mark.parametrize(
    "spoil",
    [
        lambda shown: "",
        lambda shown: shown[:-1],
        lambda shown: f"{shown}x",
        lambda shown: shown.swapcase(),
        lambda shown: shown.replace("clarion_", "clarion__"),
        lambda shown: "_".join(shown.split("_")[:2]),
        lambda shown: f"clarion_{'0' * 12}_{shown.split('_', 2)[2]}",
        lambda shown: "clarion_%_x",
        lambda shown: "é" * 20,
        lambda shown: "x" * 10_000,
    ],
)
def test_what_is_no_key_opens_nothing(ci: Service, ada: Any, spoil: Any) -> None:
    ci.shown = spoil(ci.shown)
    answer = ci.notify("ada")
    refused(answer, 401, "unauthorized")
    assert answer["WWW-Authenticate"] == "Bearer"
    assert not Notification.objects.exists()


@pytest.mark.parametrize("header", ["{}", "Basic {}", "bearer{}", "Token {}"])
def test_another_scheme_opens_nothing(ci: Service, header: str) -> None:
    answer = ci.ask("POST", "notifications", {}, Authorization=header.format(ci.shown))
    refused(answer, 401, "unauthorized")


def test_the_scheme_in_any_case(ci: Service, ada: Any) -> None:
    """RFC 9110, section 11.1."""
    said = {"type": "message", "title": "x", "recipients": {"ids": [ada.pk]}}
    answer = ci.ask("POST", "notifications", said, Authorization=f"bEARER {ci.shown}")
    assert answer.status_code == 202


def test_revoked_at_once(ci: Service, ada: Any) -> None:
    assert ci.notify("ada").status_code == 202
    assert api_keys.revoke(ApiKey.objects.all()) == 1
    assert api_keys.revoke(ApiKey.objects.all()) == 0
    refused(ci.notify("ada"), 401, "unauthorized")


def test_expiry(service: MakeService, ada: Any) -> None:
    now = timezone.now()
    assert service(expires_at=now + timedelta(minutes=1)).notify("ada").status_code == 202
    refused(service(expires_at=now).notify("ada"), 401, "unauthorized")


def test_a_key_that_was_given_nothing_can_do_nothing(ada: Any) -> None:
    service = Service(api_keys.create(ApiKey(name="New"), None).shown)
    refused(service.notify("ada"), 403, "out_of_scope")
    refused(service.broadcast(), 403, "out_of_scope")


@pytest.mark.parametrize(
    ("scope", "notify", "broadcast"),
    [
        ({"types": []}, 403, 403),
        ({"types": ["other"]}, 403, 403),
        ({"types": ["message"]}, 202, 202),
        ({"may_notify": False}, 403, 202),
        ({"topics": []}, 202, 403),
        ({"topics": ["everyone"]}, 202, 403),
        ({"topics": ["everyone", "staff"]}, 202, 202),
    ],
)
def test_scope(
    service: MakeService, ada: Any, scope: dict[str, Any], notify: int, broadcast: int
) -> None:
    publisher = service(**scope)
    assert publisher.notify("ada").status_code == notify
    assert publisher.broadcast("staff").status_code == broadcast
    for answer in (publisher.notify("ada"), publisher.broadcast("staff")):
        if answer.status_code != 202:
            refused(answer, 403, "out_of_scope")


def test_a_key_opens_no_inbox(ci: Service, ada: Any) -> None:
    for method, path in (("GET", "inbox/"), ("POST", "inbox/read"), ("POST", "ticket")):
        assert ci.ask(method, path, {"ids": ["1"]}).status_code in (401, 403)


def test_a_login_session_does_not_publish(ada: Any) -> None:
    ada.is_superuser = True
    ada.save()
    browser = Client()
    browser.force_login(ada)
    said = {"type": "message", "title": "x", "recipients": {"ids": [ada.pk]}}
    for path in ("notifications", "broadcasts"):
        answer = browser.post(f"/api/v1/{path}", said, content_type="application/json")
        refused(answer, 401, "unauthorized")
    refused(browser.get("/api/v1/notifications/1"), 401, "unauthorized")


def test_a_key_beside_a_login_session_needs_no_csrf_token(ci: Service, ada: Any) -> None:
    ci.client.force_login(ada)
    assert ci.notify("ada").status_code == 202


def test_last_use_is_noted_once_a_minute(
    ci: Service, ada: Any, django_assert_num_queries: Any
) -> None:
    assert ci.key.last_used_at is None
    ci.get("notifications/1")
    first = ci.key.last_used_at
    assert first is not None
    with django_assert_num_queries(2):  # the key, and the publication that is not there
        ci.get("notifications/1")
    assert ci.key.last_used_at == first
    earlier = first - timedelta(seconds=api_keys.USED_SECONDS)
    ApiKey.objects.update(last_used_at=earlier)
    ci.get("notifications/1")
    assert ci.key.last_used_at > first


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_noting_the_last_use_waits_for_nobody(ci: Service) -> None:
    with transaction.atomic():
        ApiKey.objects.select_for_update().get()
        assert elsewhere(lambda: ci.get("notifications/1").status_code) == 404
    assert ci.key.last_used_at is None
    ci.get("notifications/1")
    assert ci.key.last_used_at is not None


def test_the_key_is_not_in_an_answer(ci: Service, ada: Any) -> None:
    secret = ci.shown.split("_", 2)[2]
    for answer in (ci.notify("ada"), ci.notify("nobody"), ci.get("notifications/1")):
        assert secret not in json.dumps([answer.content.decode(), dict(answer.headers)])
