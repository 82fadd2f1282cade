"""Bodies are bounded before they are parsed, and no text breaks anything."""

import http.client
import json
from typing import Any

import pytest
from django.test import Client

from notifications.api import api
from notifications.api.bodies import BODY_MAX, LARGER, PUBLISHING_MAX
from notifications.models import Notification
from tests.api.conftest import Service, refused
from tests.support.site import Site

pytestmark = pytest.mark.django_db

SAID = '{"type": "message", "title": "x", "recipients": {"usernames": ["ada"]}%s}'
STRANGE = ["\0", "a\0b", "\ud800", "\udfff x", "\ud83d"]


def padded(size: int) -> bytes:
    return json.dumps({"ids": ["1"]}).encode().ljust(size)


@pytest.fixture
def browser(ada: Any) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def post(browser: Client, body: bytes, kind: str = "application/json") -> Any:
    return browser.generic("POST", "/api/v1/inbox/read", body, kind)


def test_a_person_has_64_kib(browser: Client) -> None:
    assert BODY_MAX == 64 * 1024
    assert post(browser, padded(BODY_MAX)).status_code == 200
    refused(post(browser, padded(BODY_MAX + 1)), 413, "too_large")


def test_a_service_has_1_mib(ci: Service, ada: Any) -> None:
    assert PUBLISHING_MAX == 1024 * 1024
    said = (SAID % "").encode()
    assert ci.post("notifications", said.ljust(PUBLISHING_MAX)).status_code == 202
    for path in ("notifications", "broadcasts"):
        refused(ci.post(path, said.ljust(PUBLISHING_MAX + 1)), 413, "too_large")


def test_whoever_asks(client: Client) -> None:
    """Before anybody looks who it is."""
    refused(post(client, padded(BODY_MAX + 1)), 413, "too_large")


def test_what_is_said_of_the_length_is_enough(browser: Client) -> None:
    answer = browser.generic(
        "POST", "/api/v1/inbox/read", b"{}", "application/json", CONTENT_LENGTH=str(BODY_MAX + 1)
    )
    refused(answer, 413, "too_large")


def test_views_with_larger_bodies_exist() -> None:
    names = {getattr(pattern, "name", "") for pattern in api.urls[0]}
    assert set(LARGER) <= names


def test_the_real_length_counts(live_site: Site, ada: Any) -> None:
    """A body in chunks does not say how long it is."""
    cookies = live_site.browser(ada).cookies | {"csrftoken": "t" * 32}
    headers = {
        "Content-Type": "application/json",
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": "t" * 32,
        "Transfer-Encoding": "chunked",
    }
    for size, status in ((BODY_MAX, 200), (BODY_MAX + 1, 413)):
        connection = http.client.HTTPConnection("127.0.0.1", live_site.port, timeout=10)
        connection.request(
            "POST", "/api/v1/inbox/read", iter([padded(size)]), headers, encode_chunked=True
        )
        assert connection.getresponse().status == status
        connection.close()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json(browser: Client, ci: Service, kind: str) -> None:
    refused(post(browser, b'{"ids": ["1"]}', kind), 415, "unsupported_media_type")
    answer = ci.ask("POST", "notifications", {}, **{"Content-Type": kind})
    refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\n" * 2000),
        ("application/x-www-form-urlencoded", b"x=1&" * 10_000),
    ],
)
def test_forms_that_cannot_be_read(ada: Any, kind: str, body: bytes) -> None:
    """The look at CSRF tokens reads forms, before anybody asks for JSON."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    strict.cookies["csrftoken"] = "t" * 32
    for path in ("inbox/read", "ticket"):
        answer = strict.generic("POST", f"/api/v1/{path}", body, kind)
        assert answer.status_code in (400, 403), answer
        refused(answer, answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_what_is_json_too(browser: Client, kind: str) -> None:
    assert post(browser, b'{"ids": ["1"]}', kind).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"NaN",
        b'{"ids": [Infinity]}',
        b"\xff\xfe{\x00}\x00",
        b'\xef\xbb\xbf{"ids": ["1"]}',
        b'{"ids": ["\xed\xa0\x80"]}',
        b'{"ids": ["a\x00b"]}',
        b"9" * 5000,
        b"[" * 60_000,
        b'{"a":' * 10_000,
    ],
)
def test_what_is_not_json(browser: Client, body: bytes) -> None:
    refused(post(browser, body), 400, "not_json")


@pytest.mark.parametrize("body", [b"", b"null", b"1", b'"x"', b"[]", b"[[[[[[]]]]]]", b"{}"])
def test_json_of_another_shape(browser: Client, ci: Service, body: bytes) -> None:
    refused(post(browser, body), 422, "bad_field")
    refused(ci.ask("POST", "notifications", body), 422, "bad_field")


@pytest.mark.parametrize("depth", [10, 21, 200, 255, 256, 300, 500, 900, 990, 5000, 100_000])
def test_deep_nesting(ci: Service, ada: Any, depth: int) -> None:
    expected = 202 if depth == 10 else None
    for nested in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        for part in (', "data": {"a": %s}', ', "title": %s', ', "actor": %s', ', "x": %s'):
            answer = ci.post("notifications", (SAID % (part % nested)).encode(), "k" * 9)
            if expected and "data" in part:
                assert answer.status_code == expected
                expected = None
            assert answer.status_code in (202, 400, 422)


@pytest.mark.parametrize("text", STRANGE)
def test_strange_texts_anywhere(ci: Service, ada: Any, text: str) -> None:
    places: list[dict[str, Any]] = [
        {part: text}
        for part in (
            *("type", "title", "body", "url", "level", "priority", "actor", "thread", "expires_at"),
            "recipients",
        )
    ]
    places += [{"data": {"a": [text]}}, {"data": {text: 1}}, {text: 1}]
    places += [{"actor": {"label": "x", part: text}} for part in ("label", "type", "id", text)]
    places += [{"recipients": {part: [text]}} for part in ("ids", "usernames", "emails", text)]
    for place in places:
        for once in ("", "k"):
            assert ci.notify("ada", once=once, **place).status_code == 422, place
    refused(ci.broadcast(text), 422, "bad_field")
    assert not Notification.objects.exists()


@pytest.mark.parametrize("text", STRANGE)
def test_strange_texts_of_a_person(browser: Client, text: str) -> None:
    for body in ({"ids": [text]}, {"ids": ["1"], text: 1}, [text], text):
        refused(post(browser, json.dumps(body).encode()), 422, "bad_field")
    cursor = json.dumps({"cursor": text}).encode()
    answer = browser.generic("POST", "/api/v1/inbox/read-all", cursor, "application/json")
    refused(answer, 422, "bad_field")


def test_a_nul_among_the_parameters(browser: Client) -> None:
    for query in ("before=%00", "limit=%00", "x=%00", "%00=x"):
        refused(browser.get(f"/api/v1/inbox/?{query}"), 422, "bad_field")


def test_a_nul_in_the_cookie(client: Client) -> None:
    """Cookies have octal escapes."""
    answer = client.get("/api/v1/inbox/", headers={"Cookie": 'sessionid="\\000aaaaaaaaaaaa"'})
    refused(answer, 401, "unauthorized")


def test_pairs_of_surrogates_are_letters(ci: Service, ada: Any) -> None:
    answer = ci.notify("ada", title="\U0001f600", body="\\u0000 is no NUL")
    assert answer.status_code == 202
    said = Notification.objects.get()
    assert (said.title, said.body) == ("\U0001f600", "\\u0000 is no NUL")
