"""The usual opening handshake, without building what nobody looks at (RFC 6455, section 4.2).

Only what a browser sends is understood here. Everything else, right or wrong, is left to the
websockets library, which knows what to answer.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # section 1.3
_TOKEN = rb"[-!#$%&'*+.^_`|~0-9a-zA-Z]+"  # RFC 9110, section 5.6.2

_request = re.compile(
    rb"GET ([!-~]+) HTTP/1\.1\r\n((?:" + _TOKEN + rb":[\t -~\x80-\xff]*\r\n)+)\r\n"
).fullmatch
_key = re.compile(rb"[0-9A-Za-z+/]{22}==").fullmatch
_connection = re.compile(rb"(?:keep-alive, *)?upgrade", re.IGNORECASE).fullmatch
_subprotocols = re.compile(_TOKEN + rb"(?:, *" + _TOKEN + rb")*").fullmatch

# The library's own limits are about lines of this length and this many headers.
LONGEST = 8192
MOST_HEADERS = 128

# At most one of each is allowed, or counts.
_SINGLE = frozenset(
    {
        b"connection",
        b"origin",
        b"sec-websocket-key",
        b"sec-websocket-protocol",
        b"sec-websocket-version",
        b"upgrade",
    }
)
# What a WebSocket handshake has no use for.
_STRANGE = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request for a WebSocket that may be accepted."""

    target: bytes
    headers: list[tuple[bytes, bytes]]
    subprotocols: list[str]
    key: bytes


def parse(request: bytes, deflate: bool) -> Handshake | None:
    """Return the handshake in these bytes, or None if the library has to look at it.

    `deflate`: whether compression is offered; then a request for extensions is the library's.
    """
    if len(request) > LONGEST or (match := _request(request)) is None:
        return None
    headers: list[tuple[bytes, bytes]] = []
    single: dict[bytes, bytes] = {}
    for line in match[2].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" \t")
        headers.append((name, value))
        if name in _SINGLE:
            if name in single:
                return None
            single[name] = value
        elif name in _STRANGE or (deflate and name == b"sec-websocket-extensions"):
            return None
    key = single.get(b"sec-websocket-key", b"")
    offered = single.get(b"sec-websocket-protocol")
    if (
        len(headers) > MOST_HEADERS
        or not _key(key)
        or not _connection(single.get(b"connection", b""))
        or single.get(b"upgrade", b"").lower() != b"websocket"
        or single.get(b"sec-websocket-version") != b"13"
        or not (offered is None or _subprotocols(offered))
    ):
        return None
    subprotocols = [] if offered is None else offered.decode("ascii").replace(" ", "").split(",")
    return Handshake(match[1], headers, subprotocols, key)


def response(key: bytes, headers: bytes) -> bytes:
    """Return the answer that accepts; `headers` are complete lines."""
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n" + headers + b"\r\n"
    )
