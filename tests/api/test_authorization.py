"""Who may do what: every operation, and everybody who may ask."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from notifications import notify
from notifications.api import api
from notifications.models import ApiKey, Inbox, Item, Notification, Outbox
from notifications.services import api_keys, relay
from tests.api.conftest import EVERYTHING, Service

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database, pytest.mark.django_db]

UNKNOWN = 2**52


@dataclass(frozen=True)
class Operation:
    """An operation with a request that succeeds for whoever may do it, about one notification."""

    method: str
    path: str
    body: Callable[[int, str], object] | None = None
    succeeds: int = 200

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def publishes(self) -> bool:
        """Whether it is for API keys."""
        return self.path.startswith(("notifications", "broadcasts"))

    def ask(self, client: Any, about: int, cursor: str = "", **headers: str) -> Any:
        """The answer to this request about a notification."""
        path = self.path.replace("{notification_id}", str(about)).replace("{cursor}", cursor)
        body = None if self.body is None else json.dumps(self.body(about, cursor))
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        return client.generic(self.method, f"/api/v1/{path}", headers=headers, **content)


def ids(about: int, cursor: str) -> object:
    """A body that names a notification."""
    return {"ids": [str(about)]}


def up_to(about: int, cursor: str) -> object:
    """A body with the cursor of whoever asks."""
    return {"cursor": cursor}


def said(**fields: object) -> Callable[[int, str], object]:
    """A body that says something."""
    return lambda about, cursor: {"type": "message", "title": "Hello", **fields}


OPERATIONS = [
    Operation("GET", "inbox/"),
    Operation("GET", "inbox/counts"),
    Operation("GET", "inbox/items/{notification_id}"),
    Operation("GET", "inbox/changes?cursor={cursor}"),
    *(
        Operation("POST", f"inbox/{state}", ids)
        for state in ("seen", "read", "unread", "archive", "unarchive", "unsnooze")
    ),
    Operation(
        "POST",
        "inbox/snooze",
        lambda about, cursor: {
            "ids": [about],
            "until": (timezone.now() + timedelta(days=1)).isoformat(),
        },
    ),
    *(
        Operation("POST", f"inbox/{state}", up_to)
        for state in ("seen-all", "read-all", "archive-read")
    ),
    Operation("GET", "inbox/choices"),
    *(
        Operation("POST", f"inbox/{choice}", lambda about, cursor: {"category": "messages"})
        for choice in ("opt-out", "opt-in", "mute", "unmute")
    ),
    Operation("GET", "inbox/topics"),
    *(
        Operation("POST", f"inbox/topics/{choice}", lambda about, cursor: {"topic": "releases"})
        for choice in ("subscribe", "unsubscribe")
    ),
    Operation("GET", "inbox/export"),
    Operation("DELETE", "inbox/"),
    Operation("POST", "ticket"),
    Operation("POST", "notifications", said(recipients={"usernames": ["ada"]}), 202),
    Operation("POST", "broadcasts", said(topic="everyone"), 202),
    Operation("GET", "notifications/{notification_id}"),
    Operation("GET", "broadcasts/{notification_id}"),
    # Asked by nobody here: tests/api/test_embedding.py says who may.
    Operation("POST", "tokens"),
]
PERSONAL = [o for o in OPERATIONS if o.path.startswith(("inbox/", "ticket"))]
PUBLISHING = [operation for operation in OPERATIONS if operation.publishes]
# Those that name a notification.
ABOUT_ONE = [o for o in PERSONAL if o.body is ids or "{notification_id}" in o.path]


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """Rates are not what this is about, nor is Redis."""
    settings.CLARION_RATE_PERSON = settings.CLARION_RATE_KEY = settings.CLARION_RATE_ADDRESS = 0
    settings.CLARION_REDIS_URL = ""


@pytest.fixture
def theirs(ada: Any) -> Notification:
    """A notification of Ada's."""
    notification = notify(ada, "message", title="For Ada's eyes only", thread="private")
    for lane in Outbox.Lane:
        relay.relay_batch(lane)
    return notification


def browser(user: Any, **options: Any) -> Client:
    """A browser in which somebody is signed in."""
    client = Client(**options)
    client.force_login(user)
    return client


def key(**fields: Any) -> Service:
    """A service whose key may do everything but for what is named."""
    given = {"name": "CI", "types": EVERYTHING, "topics": EVERYTHING, "may_notify": True}
    return Service(api_keys.create(ApiKey(**given | fields), None).shown)


def bearer(service: Service) -> dict[str, str]:
    """What a service shows."""
    return {"Authorization": f"Bearer {service.shown}"}


def cursor_of(user: Any) -> str:
    """Where a person's client is."""
    answer = browser(user).get("/api/v1/inbox/")
    cursor: str = answer.json()["cursor"]
    return cursor


def state_of(user: Any) -> list[Any]:
    """All that a change could change for a person."""
    inbox = Inbox.objects.filter(user=user).values_list("seq", "unread", "unseen", "choices")
    items = Item.objects.filter(inbox__user=user).order_by("pk").values_list()
    return [*inbox, *items]


def test_no_operation_is_left_out() -> None:
    described = {
        (method.upper(), path.removeprefix("/api/v1/"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    assert {(o.method, o.path.partition("?")[0]) for o in OPERATIONS} == described


@pytest.mark.parametrize("operation", PERSONAL, ids=str)
class TestPersonal:
    def test_its_owner_may(self, operation: Operation, ada: Any, theirs: Any) -> None:
        answer = operation.ask(browser(ada), theirs.pk, cursor_of(ada))
        assert answer.status_code == operation.succeeds, answer.content

    def test_nobody_else_may(self, operation: Operation, ada: Any, theirs: Any) -> None:
        cursor, before = cursor_of(ada), state_of(ada)
        expired = key(expires_at=timezone.now() - timedelta(seconds=1))
        revoked = key()
        api_keys.revoke(ApiKey.objects.filter(pk=revoked.key.pk))
        for headers in ({}, bearer(key()), bearer(expired), bearer(revoked)):
            answer = operation.ask(Client(), theirs.pk, cursor, **headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert state_of(ada) == before

    def test_who_is_signed_in_but_not_active_is_nobody(
        self, operation: Operation, ada: Any, theirs: Any, settings: Any
    ) -> None:
        cursor, before = cursor_of(ada), state_of(ada)
        # The one of Django's that signs in whoever has a password.
        settings.AUTHENTICATION_BACKENDS = [
            "django.contrib.auth.backends.AllowAllUsersModelBackend"
        ]
        User.objects.filter(pk=ada.pk).update(is_active=False)
        answer = operation.ask(browser(ada), theirs.pk, cursor)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert state_of(ada) == before

    def test_a_form_of_another_site_may_not(
        self, operation: Operation, ada: Any, theirs: Any
    ) -> None:
        before = state_of(ada)
        strict = browser(ada, enforce_csrf_checks=True)
        answer = operation.ask(strict, theirs.pk, Origin="https://evil.example")
        if operation.method != "GET":
            assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
            assert state_of(ada) == before

    @pytest.mark.parametrize("staff", [False, True], ids=["person", "staff"])
    def test_others_have_only_their_own(
        self, operation: Operation, staff: bool, ada: Any, bob: Any, theirs: Any
    ) -> None:
        User.objects.filter(pk=bob.pk).update(is_staff=staff)
        before = state_of(ada)
        answer = operation.ask(browser(bob), theirs.pk, cursor_of(bob))
        assert "eyes only" not in answer.content.decode()
        assert state_of(ada) == before


@pytest.mark.parametrize("operation", ABOUT_ONE, ids=str)
def test_what_is_anothers_answers_like_what_is_not_there(
    operation: Operation, bob: Any, theirs: Any
) -> None:
    signed_in = browser(bob)
    answers = [operation.ask(signed_in, about) for about in (theirs.pk, UNKNOWN)]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize("filter", ["thread=private", "category=messages"])
def test_filters_find_nothing_of_others(filter: str, bob: Any, theirs: Any) -> None:
    answer = browser(bob).get(f"/api/v1/inbox/?{filter}")
    assert answer.json()["items"] == []


@pytest.mark.parametrize("operation", PUBLISHING, ids=str)
class TestPublishing:
    def test_its_key_may(self, operation: Operation, ada: Any) -> None:
        service = key()
        answer = operation.ask(Client(), published(service, operation), **bearer(service))
        assert answer.status_code == operation.succeeds, answer.content

    def test_nobody_else_may(self, operation: Operation, ada: Any) -> None:
        service = key()
        about = published(service, operation)
        root = User.objects.create_superuser("root")
        expired = key(expires_at=timezone.now() - timedelta(seconds=1))
        revoked = key()
        api_keys.revoke(ApiKey.objects.filter(pk=revoked.key.pk))
        before = Notification.objects.count()
        asking = [
            (Client(), {}),
            (browser(ada), {}),
            (browser(root), {}),
            (Client(), bearer(expired)),
            (Client(), bearer(revoked)),
        ]
        for client, headers in asking:
            answer = operation.ask(client, about, **headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
        assert Notification.objects.count() == before

    def test_a_key_without_the_scope_may_not(self, operation: Operation, ada: Any) -> None:
        about = published(key(), operation)
        before = Notification.objects.count()
        for scope in ({"types": []}, {"topics": [], "may_notify": False}):
            answer = operation.ask(Client(), about, **bearer(key(**scope)))
            if operation.method == "POST":
                assert (answer.status_code, answer.json()["code"]) == (403, "out_of_scope")
            else:
                unknown = operation.ask(Client(), UNKNOWN, **bearer(key(**scope)))
                assert answer.status_code == 404
                assert answer.json() == unknown.json()
        assert Notification.objects.count() == before


def published(service: Service, operation: Operation) -> int:
    """Something that this key has said, of the kind that the operation is about."""
    to_people = operation.path.startswith("notifications")
    answer = service.notify("ada") if to_people else service.broadcast()
    assert answer.status_code == 202
    return int(answer.json()["id"])
