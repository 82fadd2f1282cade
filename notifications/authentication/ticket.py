"""Tickets: a login that a handshake can show without anybody asking the database.

The session key is not in the ticket, only in what is signed: a ticket is worth nothing without the
cookie that it was issued to.
"""

import math
import time

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase

from notifications.authentication.handshake import Scope, cookies
from notifications.authentication.login import Login, mark_of
from notifications.authentication.seal import Seal, put_key, taken_key
from notifications.authentication.sessions import expiry_of
from notifications.services import inboxes

# Seconds between fetching a ticket and the handshake; it may be shown again meanwhile.
TICKET_SECONDS = 30
# What is offered beside our subprotocol, and never echoed.
PREFIX = "ticket."
SEAL = Seal("ticket.v1", 24)


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
    ends = None if login.expires_at is None else math.floor(login.expires_at)
    key = put_key(login.user_id)
    values = [round(until, 1), key, login.inbox_id, login.password_mark, ends]
    return SEAL.put(values, login.session_key)


def redeem(ticket: str, session_key: str, now: float | None = None) -> Login | None:
    """The login in a ticket; None if it is not ours, not for this session, or out of date.

    Whoever meets a process with another SECRET_KEY shows the cookie.
    """
    values = SEAL.opened(ticket, session_key) if session_key else None
    if values is None:
        return None
    until, user_id, inbox_id, mark, expires_at = values
    now = time.time() if now is None else now
    if now >= until or (expires_at is not None and now >= expires_at):
        return None
    return Login(taken_key(user_id), session_key, mark, inbox_id, expires_at)


def shown(scope: Scope) -> Login | None:
    """The login in the ticket that a handshake offers, if that and its cookie go together."""
    for name in scope.get("subprotocols", ()):
        if name.startswith(PREFIX):
            session_key = cookies(scope).get(settings.SESSION_COOKIE_NAME, "")
            return redeem(name[len(PREFIX) :], session_key)
    return None
