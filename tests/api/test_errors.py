"""Errors that are nobody's fault but ours, and those that django-ninja finds by itself."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from notifications.api import publishing
from tests.api.conftest import Service, refused

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has a read fail."""

    def make(error: Exception) -> None:
        def fail(*_: object) -> None:
            raise error

        monkeypatch.setattr(publishing, "progress", fail)

    return make


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_a_database_that_is_away(
    ci: Service, broken: Any, kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    broken(kind("the server closed the connection unexpectedly"))
    answer = ci.get("notifications/1")
    body = refused(answer, 503, "unavailable")
    assert int(answer["Retry-After"]) > 0
    # For us, not for whoever asks.
    assert "unexpectedly" in caplog.text
    assert "unexpectedly" not in body["detail"]


def test_mistakes_of_ours_stay_djangos(ci: Service, broken: Any) -> None:
    broken(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        ci.get("notifications/1")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "notifications", "POST"),
        ("DELETE", "notifications/1", "GET"),
        ("PUT", "inbox/", "GET"),
        ("GET", "ticket", "POST"),
    ],
)
def test_other_methods(ci: Service, method: str, path: str, allowed: str) -> None:
    answer = ci.ask(method, path)
    refused(answer, 405, "method_not_allowed")
    assert allowed in answer["Allow"]


def test_pages_of_elsewhere(ada: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    answer = strict.post("/api/v1/inbox/read", {"ids": ["1"]}, content_type="application/json")
    refused(answer, 403, "csrf_failed")
