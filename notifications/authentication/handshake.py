"""What a handshake carries, and how one is refused."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.http.cookie import parse_cookie

from notifications.wire import close_codes
from notifications.wire.close_codes import CloseCode
from notifications.wire.frames import SUBPROTOCOL

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def headers(scope: Scope, name: bytes) -> list[str]:
    """The values of a header, whose name is given in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def cookies(scope: Scope) -> dict[str, str]:
    """The cookies by name, read as Django reads those of a request."""
    found = headers(scope, b"cookie")
    return parse_cookie("; ".join(found)) if found else {}


def offered_subprotocol(scope: Scope) -> str | None:
    """Our subprotocol if the client offered it; browsers insist on one they offered."""
    return SUBPROTOCOL if SUBPROTOCOL in scope.get("subprotocols", ()) else None


async def refuse(code: CloseCode, scope: Scope, receive: Receive, send: Send) -> None:
    """Accept a socket and close it with a code that its client can read.

    Accepted, because a browser does not tell its page why a handshake failed.
    """
    await receive()
    await send({"type": "websocket.accept", "subprotocol": offered_subprotocol(scope)})
    await send({"type": "websocket.close", "code": code.number, "reason": code.reason})


async def not_found(scope: Scope, receive: Receive, send: Send) -> None:
    """The application for every path that is no socket's."""
    await refuse(close_codes.NOT_FOUND, scope, receive, send)
