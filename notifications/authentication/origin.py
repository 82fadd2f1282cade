"""Where a page must come from to open a socket."""

from collections.abc import Awaitable
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from notifications.authentication.handshake import Application, Receive, Scope, Send, headers
from notifications.conf import settings as clarion

DEFAULT_PORTS = {"http": 80, "https": 443}


class SameOrigin:
    """Refuses handshakes (403) of pages from elsewhere: the guard against cross-site sockets.

    Pages of CLARION_ORIGINS are let through without their cookies, which browsers send along where
    the site is the same: so they open sockets with a token, and with nothing else.

    Scheme, host and port of `Origin` must be those of the request (its host being in
    ALLOWED_HOSTS) or be listed in CSRF_TRUSTED_ORIGINS, as Django does for unsafe requests
    (`CsrfViewMiddleware._origin_verified`); what proxies say counts where it does there
    (SECURE_PROXY_SSL_HEADER, USE_X_FORWARDED_HOST). Channels' validators ignore scheme and port.
    """

    def __init__(self, inner: Application) -> None:
        self._inner = inner

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """The ASGI application.

        Not a coroutine itself: that would be one more for as long as the socket lives.
        """
        if is_same_origin(scope):
            return self._inner(scope, receive, send)
        if is_embedding(scope):
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
            return self._inner(scope, receive, send)
        return send({"type": "websocket.close"})


def is_same_origin(scope: Scope) -> bool:
    """Whether the handshake's one `Origin` is ours, or one that CSRF_TRUSTED_ORIGINS lists."""
    origins = headers(scope, b"origin")
    host = _host(scope)
    if len(origins) != 1 or host is None:
        return False
    allowed = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] * settings.DEBUG)
    scheme = "https" if _is_secure(scope) else "http"
    trusted = tuple(settings.CSRF_TRUSTED_ORIGINS)
    return _is_allowed(origins[0], f"{scheme}://{host}", host, tuple(allowed), trusted)


def is_embedding(scope: Scope) -> bool:
    """Whether the handshake's one `Origin` is one that CLARION_ORIGINS lists, exactly."""
    origins = headers(scope, b"origin")
    return len(origins) == 1 and origins[0] in clarion.origins


@lru_cache(maxsize=256)
def _is_allowed(
    claimed: str, own: str, host: str, allowed: tuple[str, ...], trusted: tuple[str, ...]
) -> bool:
    """The decision; remembered, as nearly all handshakes of a site are alike in this."""
    origin = _parts(claimed)
    if origin is None:
        return False
    if any(_matches(origin, one) for one in trusted):
        return True
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed) and origin == _parts(own)


def _host(scope: Scope) -> str | None:
    """The host that was asked for, as `HttpRequest.get_host` has it; None unless there is one."""
    told = headers(scope, b"x-forwarded-host") if settings.USE_X_FORWARDED_HOST else []
    hosts = told or headers(scope, b"host")
    return hosts[0] if len(hosts) == 1 else None


def _is_secure(scope: Scope) -> bool:
    """As `HttpRequest.is_secure` has it; but some proxies tell handshakes apart, and say "wss"."""
    trusted: tuple[str, str] | None = settings.SECURE_PROXY_SSL_HEADER
    if trusted:
        name = trusted[0].removeprefix("HTTP_").replace("_", "-").lower().encode()
        told = headers(scope, name)
        if told:
            # Of several proxies the first one is where the browser is.
            first = told[0].split(",", 1)[0].strip()
            return first == trusted[1] or (first, trusted[1]) == ("wss", "https")
    return scope.get("scheme") in ("wss", "https")


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
