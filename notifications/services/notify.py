"""`notify`: to people."""

from collections.abc import Iterable
from itertools import chain
from typing import Unpack

from django.db import transaction

from notifications.models import Notification
from notifications.services import audience, content, idempotency, outbox
from notifications.services.audience import Audience, Recipients
from notifications.services.content import Fields
from notifications.services.insert import insert


def notify(
    recipients: Recipients,
    type: str,
    *,
    idempotency_key: str | None = None,
    **fields: Unpack[Fields],
) -> Notification:
    """Notify people, durably: part of the caller's transaction, delivered after its commit.

    `recipients` is a user, an iterable of users or a queryset of any size; duplicates collapse
    and inactive users get theirs too. `type` is a registered key. The other fields are those of
    `content.compose`: title, body, url, level, priority, actor, thread, data, expires_at.

    Returns the notification; with an `idempotency_key` seen before, the first one. Without
    recipients nothing is written and the notification comes back unsaved. Raises
    `InvalidNotification` (`UnknownType` among it) and `IdempotencyConflict`.
    """
    notification = content.compose(type, **fields)
    return _say(notification, audience.of_users(recipients), idempotency_key)


def notify_keys(
    user_ids: Iterable[object],
    type: str,
    *,
    idempotency_key: str | None = None,
    **fields: Unpack[Fields],
) -> Notification:
    """As `notify`, to primary keys that may have come as JSON."""
    notification = content.compose(type, **fields)
    return _say(notification, audience.of_keys(user_ids), idempotency_key)


def _say(notification: Notification, people: Audience, key: str | None) -> Notification:
    keys = iter(people)
    first = next(keys, None)
    if first is None:
        return notification

    def write() -> Notification:
        insert(notification)
        outbox.add_items(notification, chain([first], keys))
        return notification

    if key is None:
        with transaction.atomic():
            return write()
    fingerprint = content.fingerprint(notification, people.digest())
    return idempotency.once(key, fingerprint, write)
