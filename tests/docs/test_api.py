"""docs/api.md has every path, field and error code, and no other."""

import re
from typing import Any

from django.test import Client
from django.urls import URLPattern, get_resolver

from notifications import exceptions
from notifications.api import api, errors
from notifications.api.inbox import Wanted
from notifications.api.publishing_schemas import (
    NotificationIn,
    ProgressOut,
    PublishedOut,
    UnknownOut,
)
from notifications.api.schemas import (
    BelongingOut,
    CategoryOut,
    ChangeOut,
    ChangesOut,
    ChoicesOut,
    CountsOut,
    ExportOut,
    ForgottenOut,
    ItemOut,
    KeptOut,
    ListOut,
    MutedThreadOut,
    Problem,
    ProblemPart,
    TicketOut,
    TopicOut,
)
from notifications.selectors.publications import STATES
from notifications.wire import error_codes, frames
from tests.docs.pages import ROOT, code, named, page, section, table

TEXT = page("api.md")


def test_every_operation_is_there_and_no_other() -> None:
    operations = {
        (method.upper(), re.sub(r"{\w+}", "{id}", path))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    described = set(re.findall(r"^### `([A-Z]+) (/\S+)`", TEXT, re.MULTILINE)) | {
        ("POST", path)
        for part in ("## The inbox", "## Choices")
        for path in named(table(section(TEXT, part), "path"))
    }
    assert described == operations
    for _, path in operations:
        assert path in TEXT or path.rpartition("/")[2] in code(TEXT)


def test_fields() -> None:
    rows = table(section(TEXT, "### `GET /api/v1/inbox/`"), "field of the answer")
    assert named(rows) == set(ListOut.model_fields)
    wanted = table(section(TEXT, "### `GET /api/v1/inbox/`"), "parameter")
    assert named(wanted) == set(Wanted.model_fields)
    assert set(CountsOut.model_fields) <= set(code(section(TEXT, "### `GET /api/v1/inbox/counts`")))
    rows = table(section(TEXT, "### `GET /api/v1/inbox/changes`"), "field of the answer")
    assert named(rows) == set(ChangesOut.model_fields)
    rows = table(section(TEXT, "### `GET /api/v1/inbox/choices`"), "field of the answer")
    assert named(rows) == set(ChoicesOut.model_fields)
    assert set(CategoryOut.model_fields) <= set(code(rows[0][1]))
    assert set(MutedThreadOut.model_fields) <= set(code(rows[1][1]))
    topics = code(section(TEXT, "### `GET /api/v1/inbox/topics`"))
    assert set(TopicOut.model_fields) <= set(topics)
    mine = code(section(TEXT, "## My data"))
    described = {*ExportOut.model_fields, *BelongingOut.model_fields, *ForgottenOut.model_fields}
    assert described | {*KeptOut.model_fields} - {*ItemOut.model_fields} <= set(mine)
    assert set(ItemOut.model_fields) == set(frames.Item.__annotations__)
    rows = table(section(TEXT, "### `POST /api/v1/ticket`"), "field of the answer")
    assert named(rows) == set(TicketOut.model_fields)
    rows = table(section(TEXT, "### `POST /api/v1/notifications`"), "field of the answer")
    assert named(rows[:2]) | {"unknown"} == set(PublishedOut.model_fields)
    assert set(UnknownOut.model_fields) <= set(code(rows[2][1]))
    rows = table(section(TEXT, "### `GET /api/v1/notifications/{id}`"), "field of the answer")
    assert named(rows) == set(ProgressOut.model_fields)
    assert set(STATES) == set(code(rows[1][1]))
    publishing = code(section(TEXT, "### `POST /api/v1/notifications`"))
    assert set(NotificationIn.model_fields) <= set(publishing)
    change = section(TEXT, "### `POST /api/v1/inbox/seen`, `read`, `unread`, `archive`")
    assert set(ChangeOut.model_fields) <= set(code(change))


def test_error_codes_are_one_table() -> None:
    text = section(TEXT, "## Errors")
    ours = [
        [f"`{code.code}`", str(code.status), code.title, code.when]
        for code in error_codes.ERROR_CODES
        if code.status
    ]
    assert table(text, "code") == ours
    declared = [
        value for value in vars(error_codes).values() if isinstance(value, error_codes.ErrorCode)
    ]
    assert declared == list(error_codes.ERROR_CODES)
    assert len({code.code for code in declared}) == len(declared)
    rows = table(text, "member")
    assert named(rows) == set(Problem.model_fields)
    entry = next(row for row in rows if row[0] == "`errors`")
    assert set(ProblemPart.model_fields) <= set(code(entry[1]))


def test_every_code_is_given_and_every_exception_answered() -> None:
    answered = [*errors.ANSWERS.values(), *(known for known, _ in errors.BY_STATUS.values())]
    sources = [path.read_text() for path in (ROOT / "notifications/api").glob("*.py")]
    for known in error_codes.ERROR_CODES:
        name = next(key for key, value in vars(error_codes).items() if value is known)
        raised = any(f"codes.{name}," in source for source in sources)
        assert (raised or known in answered) == (known.status is not None), name
    kinds = [exceptions.ClarionError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if kind is not exceptions.ClarionError:
            assert kind in errors.ANSWERS, kind


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
    refused(client.get(url), 401, "unauthorized")
    strict = Client(enforce_csrf_checks=True)
    for browser in (client, strict):
        browser.force_login(ada)
    refused(post(strict, f"{url}read", {"ids": ["1"]}), 403, "csrf_failed")
    refused(post(client, f"{url}read-all", {"cursor": "other.0.0"}), 409, "cursor_invalid")
    refused(post(client, f"{url}read-all", {"cursor": "nonsense"}), 409, "cursor_invalid")
    for ids, pointer in (([], "#/ids"), (["x"], "#/ids/0"), (["1"] * 101, "#/ids")):
        body = refused(post(client, f"{url}read", {"ids": ids}), 422, "bad_field")
        assert [(part["part"], part["pointer"]) for part in body["errors"]] == [("body", pointer)]
    body = refused(client.get(url, {"limit": 101}), 422, "bad_field")
    assert [(part["part"], part["pointer"]) for part in body["errors"]] == [("query", "#/limit")]
    answer = client.post(f"{url}read", "{", content_type="application/json")
    refused(answer, 400, "not_json")
    answer = client.get(f"{url}read")
    refused(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "POST"
    assert post(client, f"{url}read", {"ids": ["1"]}).json()["items"] == []


def refused(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Check that this is the error, as a problem; its body."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert body["type"] == "about:blank"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def test_every_operation_declares_its_errors() -> None:
    schema = api.get_openapi_schema()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            declared = {status for status in operation["responses"] if status >= 400}
            expected = {401} if method == "get" else {401, 403}
            assert expected <= declared, (method, path)
            assert ("requestBody" in operation) == (400 in declared), (method, path)
            for status in declared:
                content = operation["responses"][status]["content"]
                assert content == {
                    errors.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                }
    assert schema["components"]["schemas"]["Problem"]["properties"]["code"]["enum"]


def post(client: Client, url: str, data: dict[str, Any]) -> Any:
    return client.post(url, data, content_type="application/json")


def test_openapi_is_where_it_is_said_to_be(client: Client) -> None:
    assert client.get("/api/v1/openapi.json").status_code == 200
    assert client.get("/api/v1/docs").status_code == 200
