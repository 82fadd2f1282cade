"""Tokens: a person in pages of other origins, for a quarter of an hour and without cookies.

Made for an API key that may, so that who embeds an inbox says whose it is. A token opens this
inbox, nothing else, to whoever shows it: as `Authorization: Bearer`, or as a subprotocol. It ends
with its time; before, with the person's password or account, and over HTTP and for new sockets with
the key.
"""

import time
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.crypto import constant_time_compare

from notifications.authentication.handshake import Scope
from notifications.authentication.login import Login, mark_of
from notifications.authentication.seal import Seal, put_key, taken_key
from notifications.exceptions import InvalidNotification
from notifications.models import ApiKey
from notifications.selectors.api_keys import may_embed
from notifications.selectors.users import active_users
from notifications.services import inboxes
from notifications.services.audience import primary_key

TOKEN_SECONDS = 15 * 60
# What is offered beside our subprotocol, and never echoed.
PREFIX = "token."
SEAL = Seal("token.v1", 32)
# Longer than any of ours; what is longer is not looked at.
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says: a login, good until its `expires_at`, and which key it was made for."""

    login: Login
    key_id: int

    def has_expired(self, now: float | None = None) -> bool:
        """Whether its time is over."""
        ends = self.login.expires_at
        return ends is None or ends <= (time.time() if now is None else now)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token, and the primary key of who it is for."""

    token: str
    person: str


def issue(key: ApiKey, user_id: object, now: float | None = None) -> Issued | None:
    """A token for the person of this primary key; None if nobody active has it.

    Whether the key may is not asked here.
    """
    try:
        user = active_users().filter(pk=primary_key(user_id)).first()
    except InvalidNotification:
        return None
    if user is None:
        return None
    until = round((time.time() if now is None else now) + TOKEN_SECONDS)
    values = [until, put_key(user.pk), inboxes.ensure(user).pk, mark_of(user), key.pk]
    return Issued(SEAL.put(values), str(user.pk))


def read(token: str) -> Claim | None:
    """What a token of ours says, whether it still holds or not; None for anything else."""
    values = SEAL.opened(token) if len(token) <= LONGEST else None
    if values is None:
        return None
    until, user_id, inbox_id, mark, key_id = values
    return Claim(Login(taken_key(user_id), "", mark, inbox_id, until), key_id)


def person(token: str) -> AbstractBaseUser | None:
    """Who a token is for, as of now; None unless it holds in every respect."""
    claim = read(token)
    if claim is None or claim.has_expired() or not may_embed(claim.key_id):
        return None
    user: AbstractBaseUser | None = active_users().filter(pk=claim.login.user_id).first()
    if user is None or not constant_time_compare(claim.login.password_mark, mark_of(user)):
        return None
    return user


def shown(scope: Scope) -> str | None:
    """The token that a handshake offers."""
    for name in scope.get("subprotocols", ()):
        if name.startswith(PREFIX):
            return str(name[len(PREFIX) :])
    return None
