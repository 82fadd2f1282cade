"""docs/api.md has every path, field and error code, and no other."""

import inspect
import re
from typing import Any

from django.test import Client
from django.urls import URLPattern, get_resolver

from notifications.api import api, errors
from notifications.api.schemas import ChangeOut, ListOut, TicketOut
from tests.docs.pages import code, named, page, section, table

TEXT = page("api.md")


def test_every_operation_is_there_and_no_other() -> None:
    operations = {
        (method.upper(), path)
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    described = set(re.findall(r"^### `([A-Z]+) (/\S+)`", TEXT, re.MULTILINE)) | {
        ("POST", path) for path in named(table(section(TEXT, "## The inbox"), "path"))
    }
    assert described == operations
    for _, path in operations:
        assert path in TEXT or path.rpartition("/")[2] in code(TEXT)


def test_fields() -> None:
    rows = table(section(TEXT, "### `GET /api/v1/inbox/`"), "field of the answer")
    assert named(rows) == set(ListOut.model_fields)
    rows = table(section(TEXT, "### `POST /api/v1/ticket`"), "field of the answer")
    assert named(rows) == set(TicketOut.model_fields)
    change = section(TEXT, "### `POST /api/v1/inbox/seen`, `read`, `unread`, `archive`")
    assert set(ChangeOut.model_fields) <= set(code(change))


def test_error_codes() -> None:
    codes = re.findall(r'"code": "(\w+)"', inspect.getsource(errors))
    assert codes
    for found in codes:
        assert f'"code": "{found}"' in section(TEXT, "## Errors")


def test_every_page_of_the_site_is_there() -> None:
    described = set(code(TEXT))
    for path in site_paths():
        assert path in described, path


def site_paths() -> set[str]:
    """Return the addresses of project/urls.py, those of the admin and of the API as one."""
    found: set[str] = set()

    def walk(patterns: list[Any], prefix: str) -> None:
        for pattern in patterns:
            path = f"{prefix}{pattern.pattern}"
            if isinstance(pattern, URLPattern) or path == "/admin/":
                found.add(path)
            elif path != "/api/v1/":
                walk(pattern.url_patterns, path)

    walk(get_resolver("project.urls").url_patterns, "/")
    return found


def test_errors_are_as_described(client: Client, ada: Any) -> None:
    url = "/api/v1/inbox/"
    assert client.get(url).status_code == 401
    assert client.get(url).json() == {"detail": "Unauthorized"}
    strict = Client(enforce_csrf_checks=True)
    for browser in (client, strict):
        browser.force_login(ada)
    assert post(strict, f"{url}read", {"ids": ["1"]}).status_code == 403
    answer = post(client, f"{url}read-all", {"cursor": "other.0.0"})
    assert (answer.status_code, answer.json()["code"]) == (409, "cursor_invalid")
    assert post(client, f"{url}read-all", {"cursor": "nonsense"}).status_code == 409
    for ids in ([], ["x"], ["1"] * 101):
        answer = post(client, f"{url}read", {"ids": ids})
        assert answer.status_code == 422
        assert isinstance(answer.json()["detail"], list)
    assert client.get(url, {"limit": 101}).status_code == 422
    assert post(client, f"{url}read", {"ids": ["1"]}).json()["items"] == []


def post(client: Client, url: str, data: dict[str, Any]) -> Any:
    return client.post(url, data, content_type="application/json")


def test_openapi_is_where_it_is_said_to_be(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").status_code == 200
    assert client.get("/api/v1/docs").status_code == 200
