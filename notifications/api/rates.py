"""How often people, services and addresses may ask."""

import ipaddress
from typing import Any

from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from notifications.api.errors import Refused
from notifications.conf import settings
from notifications.models import ApiKey
from notifications.services import rates
from notifications.wire import error_codes as codes

# Of an IPv6 address, what its owner cannot choose.
NETWORK_BITS = 64


class Share(BaseThrottle):
    """Counts each request of whoever was let through: of an API key, or of a person."""

    def allow_request(self, request: HttpRequest) -> bool:
        """True. Raises `Refused` when it is one too many."""
        authenticated: Any = request
        who = authenticated.auth
        if isinstance(who, ApiKey):
            _count("key", who.pk, settings.rate_key)
        else:
            _count("person", who.pk, settings.rate_person)
        return True


def count_failure(request: HttpRequest) -> None:
    """Count a key that was none. Raises `Refused` when they are too many from there.

    Only those who fail are refused: a good key passes however much nonsense comes from its address,
    which many may have, behind a proxy that does not say who asks even all.
    """
    _count("address", network(request.META.get("REMOTE_ADDR") or ""), settings.rate_address)


def network(address: str) -> str:
    """What stands for an address: itself, or the /64 it is in."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, NETWORK_BITS), strict=False))


def _count(kind: str, who: object, per_minute: int) -> None:
    seconds = rates.wait(kind, who, per_minute)
    if seconds:
        raise Refused(
            codes.RATE_LIMITED,
            f"More than {per_minute} requests a minute; again in {seconds} s.",
            {"Retry-After": str(seconds)},
        )
