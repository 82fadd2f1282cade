"""Values that are given away and shown again: what tickets and tokens are made of.

    <base64url of a JSON list> ~ <base64url of a signature>

All characters are allowed in the name of a subprotocol (a token of RFC 9110 section 5.6.2).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.utils.crypto import constant_time_compare

from notifications.authentication.digest import digest
from notifications.services.audience import UserKey


@dataclass(frozen=True, slots=True)
class Seal:
    """What the values of one purpose are signed with, in so many bytes."""

    purpose: str
    size: int

    def put(self, values: Sequence[object], secret: str = "") -> str:
        """The values, signed together with a secret that is not among them."""
        payload = _base64(json.dumps(values, separators=(",", ":")).encode())
        return f"{payload}~{self._signature(payload, secret)}"

    def opened(self, shown: str, secret: str = "") -> list[Any] | None:
        """The values; None for anything but what was signed so, with this secret.

        Only the current SECRET_KEY counts, not the ones before.
        """
        payload, _, signature = shown.partition("~")
        if not shown.isascii():
            return None
        if not constant_time_compare(signature, self._signature(payload, secret)):
            return None
        # Signed, so it is a list of ours.
        values: list[Any] = json.loads(urlsafe_b64decode(payload + "==").decode())
        return values

    def _signature(self, payload: str, secret: str) -> str:
        # Without "~" in the payload there is one way only to take this apart.
        return _base64(
            digest(self.purpose, f"{secret}~{payload}" if secret else payload, self.size)
        )


def put_key(user_id: object) -> int | str:
    """The primary key of a user as JSON has it."""
    return user_id if isinstance(user_id, int) else str(user_id)


def taken_key(value: int | str) -> UserKey:
    """The primary key again, as the database has it."""
    key: UserKey = value if isinstance(value, int) else get_user_model()._meta.pk.to_python(value)
    return key


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
