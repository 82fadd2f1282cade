"""API keys: whom a secret belongs to."""

import hashlib
import secrets
from datetime import datetime

from django.utils import timezone

from notifications.models import ApiKey

# Before every key, so that scanners for leaked secrets know one when they see it.
MARK = "clarion"
PREFIX_BYTES = 6
SECRET_BYTES = 32
# Longer than any key of ours; what is longer is not looked at.
LONGEST = 100


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def valid(shown: str) -> ApiKey | None:
    """The key that somebody shows; None unless it is one of ours, neither revoked nor expired.

    One query, by the public part. The secret is compared in constant time.
    """
    parts = shown.split("_", 2) if len(shown) <= LONGEST and shown.isascii() else []
    if len(parts) != 3 or parts[0] != MARK or not parts[1].isalnum():
        return None
    key = ApiKey.objects.filter(prefix=parts[1]).first()
    if key is None or not secrets.compare_digest(key.digest, digest(parts[2])):
        return None
    return key if state(key, timezone.now()) == "valid" else None


def may_embed(key_id: int) -> bool:
    """Whether this key is good, and may have tokens made: those made for it hold as long."""
    key = ApiKey.objects.filter(pk=key_id, may_embed=True).first()
    return key is not None and state(key, timezone.now()) == "valid"


def state(key: ApiKey, now: datetime) -> str:
    """`valid`, `revoked` or `expired`."""
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "valid"
