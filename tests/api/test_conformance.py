"""Whatever is asked of the API, it answers as its description says, and never with a 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from notifications import broadcast, notify
from notifications.testing import capture, quiet
from tests.api.conftest import MakeService
from tests.support.site import login_session

pytestmark = [pytest.mark.django_db]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# The same requests each time; `pytest --hypothesis-seed` and a profile of one's own explore.
PROFILE = settings(
    max_examples=10,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
CSRF = "t" * 32


@pytest.fixture
def asking(settings: Any, ada: Any, service: MakeService) -> Iterator[dict[str, dict[str, str]]]:
    """What a person and a service show, who have something to ask about."""
    settings.CLARION_RATE_PERSON = settings.CLARION_RATE_KEY = settings.CLARION_RATE_ADDRESS = 0
    settings.CLARION_REDIS_URL = ""
    settings.ALLOWED_HOSTS = ["*"]
    # As Django's test client: a request leaves the test's connection open.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    with capture() as sent:
        for number in range(3):
            notify(ada, "message", title=f"Said {number}", thread="one", actor=f"Actor {number}")
        notify(ada, "message", title="Alone", actions=[{"label": "Look", "url": "/"}])
        broadcast("everyone", "message", title="To all")
        sent.deliver()
    person = {
        "Cookie": f"sessionid={login_session(ada)}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
    }
    with quiet():
        yield {
            "PersonSession": person,
            "ApiKeyAuth": {"Authorization": f"Bearer {service(may_embed=True).shown}"},
        }
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


DESCRIBED = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
OPERATIONS = [found.ok() for found in DESCRIBED.get_all_operations()]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_every_answer_is_as_described(operation: Any, asking: dict[str, dict[str, str]]) -> None:
    # Of several ways in, the last is the person's own.
    *_, scheme = operation.definition.raw["security"]
    shown = asking[next(iter(scheme))]

    @PROFILE
    @given(operation.as_strategy())
    def check(case: Any) -> None:
        headers = {**dict(case.headers or {}), **shown}
        case.call_and_validate(headers=headers, checks=CHECKS)

    check()
