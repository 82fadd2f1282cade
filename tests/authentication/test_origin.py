"""`is_same_origin` lets a handshake through where Django lets through the form of the same page."""

from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIRequest
from django.middleware.csrf import CsrfViewMiddleware

from notifications.authentication import is_same_origin

pytestmark = [pytest.mark.promise_8, pytest.mark.any_database]

Headers = list[tuple[str, str]]
HTTPS, HTTP = "https://clarion.example", "http://clarion.example"
SITE = ("host", "clarion.example")
INSIDE = ("host", "10.0.0.7:8000")


def scope_of(headers: Headers, scheme: str) -> dict[str, Any]:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    return {"type": "websocket", "scheme": scheme, "path": "/", "headers": pairs}


def is_verified_by_django(headers: Headers, scheme: str) -> bool:
    scheme = {"ws": "http", "wss": "https"}[scheme]
    request = ASGIRequest(scope_of(headers, scheme) | {"method": "POST"}, BytesIO())
    verified: bool = CsrfViewMiddleware(lambda _: None)._origin_verified(request)  # type: ignore[arg-type, attr-defined]
    return verified


PROTO = "x-forwarded-proto"
FORWARDED = "x-forwarded-host"


@pytest.mark.parametrize(
    ("believed", "scheme", "headers", "expected"),
    [
        # Without a proxy.
        ({}, "ws", [SITE, ("origin", HTTP)], True),
        ({}, "ws", [SITE, ("origin", HTTPS)], False),
        ({}, "wss", [SITE, ("origin", HTTPS)], True),
        ({}, "ws", [SITE, ("origin", "http://evil.example")], False),
        ({}, "ws", [SITE, ("origin", "null")], False),
        ({}, "ws", [("host", "evil.example"), ("origin", "http://evil.example")], False),
        # What nobody is to believe.
        ({}, "ws", [SITE, (PROTO, "https"), ("origin", HTTPS)], False),
        ({}, "ws", [INSIDE, (FORWARDED, "clarion.example"), ("origin", HTTP)], False),
        # The scheme as a proxy tells it, which stands above that of the connection.
        ({"proto"}, "ws", [SITE, (PROTO, "https"), ("origin", HTTPS)], True),
        ({"proto"}, "ws", [SITE, (PROTO, "http"), ("origin", HTTPS)], False),
        ({"proto"}, "wss", [SITE, (PROTO, "http"), ("origin", HTTPS)], False),
        ({"proto"}, "wss", [SITE, (PROTO, "http"), ("origin", HTTP)], True),
        ({"proto"}, "wss", [SITE, ("origin", HTTPS)], True),
        # Two proxies: the first one is where the browser is.
        ({"proto"}, "ws", [SITE, (PROTO, "https, http"), ("origin", HTTPS)], True),
        ({"proto"}, "ws", [SITE, (PROTO, " https ,http"), ("origin", HTTPS)], True),
        ({"proto"}, "ws", [SITE, (PROTO, "https"), (PROTO, "http"), ("origin", HTTPS)], True),
        ({"proto"}, "ws", [SITE, (PROTO, "http, https"), ("origin", HTTPS)], False),
        # The host as a proxy tells it.
        ({"host"}, "ws", [INSIDE, (FORWARDED, "clarion.example"), ("origin", HTTP)], True),
        ({"host"}, "ws", [INSIDE, (FORWARDED, "evil.example"), ("origin", HTTP)], False),
        ({"host"}, "ws", [SITE, ("origin", HTTP)], True),
        ({"host"}, "ws", [SITE, (FORWARDED, "a.example, b.example"), ("origin", HTTP)], False),
        (
            {"proto", "host"},
            "ws",
            [INSIDE, (FORWARDED, "clarion.example"), (PROTO, "https, http"), ("origin", HTTPS)],
            True,
        ),
    ],
)
def test_as_django_has_it(
    settings: Any, believed: set[str], scheme: str, headers: Headers, expected: bool
) -> None:
    settings.ALLOWED_HOSTS = ["clarion.example"]
    settings.CSRF_TRUSTED_ORIGINS = []
    settings.USE_X_FORWARDED_HOST = "host" in believed
    settings.SECURE_PROXY_SSL_HEADER = (
        ("HTTP_X_FORWARDED_PROTO", "https") if "proto" in believed else None
    )
    assert is_verified_by_django(headers, scheme) == expected
    assert is_same_origin(scope_of(headers, scheme)) == expected


def test_what_some_proxies_say_of_handshakes_alone(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["clarion.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for proto, origin in (("wss", HTTPS), ("ws", HTTP)):
        assert is_same_origin(scope_of([SITE, (PROTO, proto), ("origin", origin)], "ws"))
    assert not is_same_origin(scope_of([SITE, (PROTO, "ws"), ("origin", HTTPS)], "wss"))


def test_an_underscore_is_no_hyphen(settings: Any) -> None:
    """Else who asks could say what a proxy takes away."""
    settings.ALLOWED_HOSTS = ["clarion.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    headers = [SITE, ("x_forwarded_proto", "https"), ("origin", HTTPS)]
    assert not is_verified_by_django(headers, "ws")
    assert not is_same_origin(scope_of(headers, "ws"))
