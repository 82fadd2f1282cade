"""Why a socket is closed, and whether the client should come back.

4400-4499 mean "do not come back by yourself"; every other code means "reconnect with jitter".
Mirrored by `javascript/client/protocol.js` and docs/protocol.md; a test compares the three.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CloseCode:
    """One row of the table: `number` as in RFC 6455 section 7.4."""

    number: int
    name: str
    reason: str
    reconnect: bool
    sent_when: str


GOING_AWAY = CloseCode(
    1012, "service_restart", "restarting", True, "the server process shuts down (by uvicorn)"
)
KEEPALIVE = CloseCode(
    1011, "keepalive", "keepalive ping timeout", True, "pings stay unanswered (by uvicorn)"
)
TRY_AGAIN = CloseCode(
    1013, "try_again", "try again later", True, "the database cannot be read just now"
)
TOKEN_EXPIRED = CloseCode(
    4001, "token_expired", "get a new token", True, "the token that was shown has run out"
)
PROTOCOL_VIOLATION = CloseCode(
    4400,
    "protocol_violation",
    "too many bad frames",
    False,
    "a client keeps sending nonsense, or floods",
)
SIGNED_OUT = CloseCode(
    4401, "signed_out", "sign in again", False, "nobody is signed in, or not any more"
)
NOT_FOUND = CloseCode(4404, "not_found", "no such socket", False, "the path leads nowhere")

TOO_MANY = CloseCode(
    4429, "too_many", "too many sockets", False, "a person has 500 sockets open at one process"
)

CLOSE_CODES = (
    GOING_AWAY,
    KEEPALIVE,
    TRY_AGAIN,
    TOKEN_EXPIRED,
    PROTOCOL_VIOLATION,
    SIGNED_OUT,
    NOT_FOUND,
    TOO_MANY,
)
