"""Who may open a socket, decided before the consumer exists."""

from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation.trans_real import parse_accept_lang_header

from notifications.wire import close_codes
from notifications.wire.close_codes import CloseCode
from notifications.wire.frames import SUBPROTOCOL

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Refuses handshakes (403) of pages from elsewhere: the guard against cross-site sockets.

    Scheme, host and port of `Origin` must be those of the request (its host being in
    ALLOWED_HOSTS) or be listed in CSRF_TRUSTED_ORIGINS, as Django does for unsafe requests
    (`CsrfViewMiddleware._origin_verified`). Channels' validators ignore scheme and port.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if is_same_origin(scope):
            await self._inner(scope, receive, send)
        else:
            await send({"type": "websocket.close"})


class RequireUser:
    """Lets only signed-in, active people through (`scope["user"]`, set by a middleware outside).

    Others are accepted and closed at once, because a browser does not tell its page why a
    handshake was refused, and the client must learn that it should not come back.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        user = scope.get("user")
        if user is not None and user.is_authenticated and user.is_active:
            await self._inner(scope, receive, send)
        else:
            await refuse(close_codes.SIGNED_OUT, scope, receive, send)


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The application for every path that is no socket's."""
    await refuse(close_codes.NOT_FOUND, scope, receive, send)


async def refuse(code: CloseCode, scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a socket and close it with a code that its client can read."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": offered_subprotocol(scope)})
    await send({"type": "websocket.close", "code": code.number, "reason": code.reason})


def offered_subprotocol(scope: Scope) -> str | None:
    """Our subprotocol if the client offered it; browsers insist on one they offered."""
    return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None


def is_same_origin(scope: Scope) -> bool:
    """Whether the handshake's one `Origin` is ours, or one that CSRF_TRUSTED_ORIGINS lists."""
    origins = _headers(scope, b"origin")
    hosts = _headers(scope, b"host")
    if len(origins) != 1 or len(hosts) != 1:
        return False
    origin = _parts(origins[0])
    if origin is None:
        return False
    if any(_matches(origin, trusted) for trusted in settings.CSRF_TRUSTED_ORIGINS):
        return True
    domain, _ = split_domain_port(hosts[0])
    allowed = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] * settings.DEBUG)
    if not domain or not validate_host(domain, allowed):
        return False
    scheme = "https" if _is_secure(scope) else "http"
    return origin == _parts(f"{scheme}://{hosts[0]}")


def login_id(session_key: str | None) -> str:
    """What names a login session among processes without giving it away; empty for none."""
    return salted_hmac("clarion.login", session_key).hexdigest() if session_key else ""


def language_of(scope: Scope) -> str:
    """The reader's language: Django's language cookie, then Accept-Language, then the default."""
    for header in _headers(scope, b"cookie"):
        cookie = SimpleCookie(header).get(settings.LANGUAGE_COOKIE_NAME)
        if cookie is not None and translation.check_for_language(cookie.value):
            return cookie.value
    accepted = ",".join(_headers(scope, b"accept-language"))
    for code, _ in parse_accept_lang_header(accepted.lower()):
        if code == "*":
            break
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE


def _is_secure(scope: Scope) -> bool:
    if scope.get("scheme") in ("wss", "https"):
        return True
    trusted: tuple[str, str] | None = getattr(settings, "SECURE_PROXY_SSL_HEADER", None)
    if not trusted:
        return False
    name = trusted[0].removeprefix("HTTP_").replace("_", "-").lower().encode()
    return _headers(scope, name) == [trusted[1]]


def _matches(origin: tuple[str, str, int], trusted: str) -> bool:
    parts = _parts(trusted.replace("://*.", "://"))
    if parts is None:
        return False
    if "://*." in trusted:
        same = origin[0] == parts[0] and origin[2] == parts[2]
        return same and origin[1].endswith(f".{parts[1]}")
    return origin == parts


def _parts(origin: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None if it is not one ("null" among them)."""
    try:
        url = urlsplit(origin)
        if url.scheme not in DEFAULT_PORTS or not url.hostname:
            return None
        return url.scheme, url.hostname, url.port or DEFAULT_PORTS[url.scheme]
    except ValueError:
        return None


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
