"""API keys, and services that publish with them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from notifications.models import ApiKey
from notifications.services import api_keys

EVERYTHING = [ApiKey.EVERYTHING]


class Service:
    """A program elsewhere: it has an API key, and neither cookies nor a CSRF token."""

    def __init__(self, shown: str) -> None:
        self.shown = shown
        # Django's test client lets everybody off the CSRF check unless told otherwise.
        self.client = Client(enforce_csrf_checks=True)

    @property
    def key(self) -> ApiKey:
        """The key as it is in the database now."""
        return ApiKey.objects.get(prefix=self.shown.split("_")[1])

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The answer to a request; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            method,
            f"/api/v1/{path}",
            b"" if body is None else data,
            "application/json" if body is not None else "",
            headers={"Authorization": f"Bearer {self.shown}", **headers},
        )

    def get(self, path: str) -> Any:
        """The answer to a GET below /api/v1/."""
        return self.ask("GET", path)

    def post(self, path: str, body: object, once: str = "", **headers: str) -> Any:
        """The answer to a POST below /api/v1/, perhaps with an idempotency key."""
        if once:
            headers["Idempotency-Key"] = once
        return self.ask("POST", path, body, **headers)

    def notify(self, *names: str, once: str = "", **fields: object) -> Any:
        """Notify people by username."""
        said = {"type": "message", "title": "Hello", "recipients": {"usernames": names}} | fields
        return self.post("notifications", said, once)

    def broadcast(self, topic: str = "everyone", once: str = "", **fields: object) -> Any:
        """Broadcast to a topic."""
        said = {"type": "message", "title": "Hello", "topic": topic} | fields
        return self.post("broadcasts", said, once)


MakeService = Callable[..., Service]


@pytest.fixture
def service(db: None) -> MakeService:
    """Makes services whose keys may do everything but for what a test names."""

    def make(**scope: Any) -> Service:
        given = {"name": "CI", "types": EVERYTHING, "topics": EVERYTHING, "may_notify": True}
        return Service(api_keys.create(ApiKey(**given | scope), None).shown)

    return make


@pytest.fixture
def ci(service: MakeService) -> Service:
    """A service that may do everything."""
    return service()


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that this is the error; its body."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert answer["Content-Type"] == "application/problem+json"
    assert body["status"] == status
    return body
