"""API keys: making, using and revoking them."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from notifications.exceptions import OutOfScope
from notifications.models import ApiKey
from notifications.selectors.api_keys import MARK, PREFIX_BYTES, SECRET_BYTES, digest

# `last_used_at` is this much behind at most.
USED_SECONDS = 60


@dataclass(frozen=True)
class NewKey:
    """A key that was just made; `shown` is the only copy of what its owner shows."""

    key: ApiKey
    shown: str


def create(draft: ApiKey, by: AbstractBaseUser | None) -> NewKey:
    """Save a key with a secret of its own. Whether `by` may is not asked here."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    draft.prefix, draft.digest = secrets.token_hex(PREFIX_BYTES), digest(secret)
    draft.created_by_id = by.pk if by else None
    draft.save(force_insert=True)
    return NewKey(draft, f"{MARK}_{draft.prefix}_{secret}")


def revoke(keys: QuerySet[ApiKey]) -> int:
    """Have these open nothing from the next request on; how many did until now."""
    return keys.filter(revoked_at=None).update(revoked_at=timezone.now())


def use(key: ApiKey) -> None:
    """Note that it was used, once a minute; waits for nobody who has the row."""
    now = timezone.now()
    long_ago = now - timedelta(seconds=USED_SECONDS)
    if key.last_used_at is not None and key.last_used_at > long_ago:
        return
    stale = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=long_ago), pk=key.pk)
    with transaction.atomic():
        # No key update: publications that refer to it meanwhile need not wait either.
        if stale.select_for_update(skip_locked=True, no_key=True).values_list("pk"):
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)


def check(key: ApiKey, type: str, topic: str | None = None) -> None:
    """Raise `OutOfScope` unless the key may say this, to a topic or, without one, to people."""
    if not _among(type, key.types):
        raise OutOfScope(f"This key may not send type {type!r}.")
    if topic is None and not key.may_notify:
        raise OutOfScope("This key may not notify people.")
    if topic is not None and not _among(topic, key.topics):
        raise OutOfScope(f"This key may not broadcast to {topic!r}.")


def check_embedding(key: ApiKey) -> None:
    """Raise `OutOfScope` unless the key may have tokens made for people's inboxes."""
    if not key.may_embed:
        raise OutOfScope("This key may not show inboxes.")


def _among(wanted: str, given: list[str]) -> bool:
    return ApiKey.EVERYTHING in given or wanted in given
