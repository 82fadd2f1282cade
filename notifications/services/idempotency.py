"""Saying a thing once, however often it is asked for."""

from collections.abc import Callable

from django.db import IntegrityError, transaction

from notifications.exceptions import IdempotencyConflict, InvalidNotification
from notifications.models import IdempotencyKey, Notification
from notifications.services.insert import insert
from notifications.services.statements import find_key

KEY_MAX = 200


def once(key: str, fingerprint: str, write: Callable[[], Notification]) -> Notification:
    """The notification first written under `key`, by `write` if there is none.

    `write` runs in a savepoint, so a caller that loses the race leaves nothing behind. The
    unique key makes concurrent callers wait for the first one to commit or roll back.
    Raises `IdempotencyConflict` if the key stands for something else.
    """
    if not isinstance(key, str) or not 0 < len(key) <= KEY_MAX or not key.isprintable():
        raise InvalidNotification(f"idempotency_key must be 1 to {KEY_MAX} printable characters.")
    return _first(key, fingerprint) or _write(key, fingerprint, write)


def _write(key: str, fingerprint: str, write: Callable[[], Notification]) -> Notification:
    try:
        with transaction.atomic():
            notification = write()
            insert(IdempotencyKey(key=key, fingerprint=fingerprint, notification=notification))
            return notification
    except IntegrityError:
        first = _first(key, fingerprint)
        if first is None:
            raise
        return first


def _first(key: str, fingerprint: str) -> Notification | None:
    row = find_key(key)
    if row is None:
        return None
    notification_id, said = row
    if said != fingerprint:
        raise IdempotencyConflict(f"{key!r} was used for something else.")
    return Notification.objects.get(pk=notification_id)
