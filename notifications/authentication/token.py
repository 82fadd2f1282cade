"""Tokens: a person in pages of other origins, for a quarter of an hour and without cookies.

    <base64url of a JSON list> ~ <base64url of the signature of the former>

Made for an API key that may, so that who embeds an inbox says whose it is. A token opens this
inbox, nothing else, to whoever shows it: as `Authorization: Bearer`, or as a subprotocol. It ends
with its time; before, with the person's password or account, and over HTTP and for new sockets with
the key.
"""

import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.crypto import constant_time_compare

from notifications.authentication.digest import digest
from notifications.authentication.handshake import Scope
from notifications.authentication.login import Login, mark_of
from notifications.exceptions import InvalidNotification
from notifications.models import ApiKey
from notifications.selectors.api_keys import may_embed
from notifications.selectors.users import active_users
from notifications.services import inboxes
from notifications.services.audience import primary_key

TOKEN_SECONDS = 15 * 60
# What is offered beside our subprotocol, and never echoed.
PREFIX = "token."
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
    pk = user.pk if isinstance(user.pk, int) else str(user.pk)
    values = [until, pk, inboxes.ensure(user).pk, mark_of(user), key.pk]
    payload = _base64(json.dumps(values, separators=(",", ":")).encode())
    return Issued(f"{payload}~{_signature(payload)}", str(pk))


def read(token: str) -> Claim | None:
    """What a token of ours says, whether it still holds or not; None for anything else."""
    payload, _, signature = token.partition("~")
    if len(token) > LONGEST or not token.isascii():
        return None
    if not constant_time_compare(signature, _signature(payload)):
        return None
    # Signed, so it is a list of ours.
    until, user_id, inbox_id, mark, key_id = json.loads(urlsafe_b64decode(payload + "==").decode())
    if not isinstance(user_id, int):
        user_id = get_user_model()._meta.pk.to_python(user_id)
    return Claim(Login(user_id, "", mark, inbox_id, until), key_id)


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


def _signature(payload: str) -> str:
    return _base64(digest("token.v1", payload, 32))


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
