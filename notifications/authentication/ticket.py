"""Tickets: a login that a handshake can show without anybody asking the database.

    <base64url of a JSON list> ~ <base64url of the signature of session key, "~" and the former>

The session key is not in the ticket, only in what is signed: a ticket is worth nothing without the
cookie that it was issued to. All characters are allowed in the name of a subprotocol (a token of
RFC 9110 section 5.6.2).
"""

import json
import math
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from notifications.authentication.digest import digest
from notifications.authentication.handshake import Scope, cookies
from notifications.authentication.login import Login, mark_of
from notifications.authentication.sessions import expiry_of
from notifications.services import inboxes

# Seconds between fetching a ticket and the handshake; it may be shown again meanwhile.
TICKET_SECONDS = 30
# What is offered beside our subprotocol, and never echoed.
PREFIX = "ticket."


def login_for(user: AbstractBaseUser, session: SessionBase) -> Login:
    """The login of somebody who is signed in, with an inbox, made if it is missing."""
    return Login(
        user_id=user.pk,
        session_key=session.session_key or "",
        password_mark=mark_of(user),
        inbox_id=inboxes.ensure(user).pk,
        expires_at=expiry_of(session),
    )


def issue(login: Login, now: float | None = None) -> str:
    """A ticket for this login, good for `TICKET_SECONDS`."""
    until = (time.time() if now is None else now) + TICKET_SECONDS
    user_id = login.user_id if isinstance(login.user_id, int) else str(login.user_id)
    ends = None if login.expires_at is None else math.floor(login.expires_at)
    values = [round(until, 1), user_id, login.inbox_id, login.password_mark, ends]
    payload = _base64(json.dumps(values, separators=(",", ":")).encode())
    return f"{payload}~{_signature(login.session_key, payload)}"


def redeem(ticket: str, session_key: str, now: float | None = None) -> Login | None:
    """The login in a ticket; None if it is not ours, not for this session, or out of date.

    Only the current SECRET_KEY counts, not the ones before: whoever meets a process with another
    one shows the cookie.
    """
    payload, _, signature = ticket.partition("~")
    if not session_key or not ticket.isascii():
        return None
    if not constant_time_compare(signature, _signature(session_key, payload)):
        return None
    # Signed, so it is a list of ours.
    values = json.loads(urlsafe_b64decode(payload + "==").decode())
    until, user_id, inbox_id, mark, expires_at = values
    now = time.time() if now is None else now
    if now >= until or (expires_at is not None and now >= expires_at):
        return None
    if not isinstance(user_id, int):
        user_id = get_user_model()._meta.pk.to_python(user_id)
    return Login(user_id, session_key, mark, inbox_id, expires_at)


def shown(scope: Scope) -> Login | None:
    """The login in the ticket that a handshake offers, if that and its cookie go together."""
    for name in scope.get("subprotocols", ()):
        if name.startswith(PREFIX):
            session_key = cookies(scope).get(settings.SESSION_COOKIE_NAME, "")
            return redeem(name[len(PREFIX) :], session_key)
    return None


def _signature(session_key: str, payload: str) -> str:
    # Without "~" in the payload there is one way only to take this apart.
    return _base64(digest("ticket.v1", f"{session_key}~{payload}", 24))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
