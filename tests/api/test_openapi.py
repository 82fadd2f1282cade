"""The description of the API: whole, with examples, and its page asks nobody else."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from notifications.api.publishing_schemas import BroadcastIn, NotificationIn
from tests.api.conftest import Service

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(client.get("/api/v1/openapi.json").content)
    return answer


def operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path, operation)
        for path, methods in schema["paths"].items()
        for operation in methods.values()
    ]


def test_every_body_has_an_example(schema: dict[str, Any]) -> None:
    bodies = [
        operation["requestBody"]
        for _, operation in operations(schema)
        if "requestBody" in operation
    ]
    assert len(bodies) >= 8
    for body in bodies:
        reference = body["content"]["application/json"]["schema"]["$ref"]
        shape = schema["components"]["schemas"][reference.rpartition("/")[2]]
        parts = shape["properties"]
        # Where nothing is required, one way to do it.
        shown = shape.get("required") or [name for name in parts if "examples" in parts[name]][:1]
        assert shape.get("examples") or shown, reference
        assert shape.get("examples") or all("examples" in parts[name] for name in shown), reference


def test_examples_are_taken(ci: Service, ada: Any) -> None:
    for path, shape in (("notifications", NotificationIn), ("broadcasts", BroadcastIn)):
        extra: Any = shape.model_config["json_schema_extra"]
        for example in extra["examples"]:
            assert ci.post(path, example).status_code == 202


def test_who_may(schema: dict[str, Any]) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert {scheme["type"] for scheme in schemes.values()} == {"apiKey", "http"}
    for path, operation in operations(schema):
        schemes = [next(iter(scheme)) for scheme in operation["security"]]
        # All of a person's data is for their own login session.
        if path.endswith("/export") or operation["summary"].startswith("Delete all"):
            assert schemes == ["PersonSession"]
        elif path.startswith("/api/v1/inbox/"):
            assert schemes == ["PersonToken", "PersonSession"]
        else:
            assert schemes == ["PersonSession" if path == "/api/v1/ticket" else "ApiKeyAuth"]


def test_tags(schema: dict[str, Any]) -> None:
    described = {tag["name"] for tag in schema["tags"]}
    assert {tag for _, operation in operations(schema) for tag in operation["tags"]} == described


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    names = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema))
    assert "Problem" in names
    assert set(names) <= set(schema["components"]["schemas"])


def test_the_page_names_no_other_host(client: Client) -> None:
    page = client.get("/api/v1/docs").content.decode()
    assert "//" not in re.sub(r"^\s*//.*$", "", page, flags=re.MULTILINE)
    assert '"validatorUrl": null' in page
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) >= 3
    for asset in assets:
        assert finders.find(asset.removeprefix("/static/"))
