"""`broadcast`: to everyone who belongs to a topic, for a constant number of rows."""

from typing import Unpack

from django.db import transaction

from notifications.models import Notification
from notifications.services import content, idempotency, outbox, topics
from notifications.services.content import Fields
from notifications.services.insert import insert


def broadcast(
    topic: str,
    type: str,
    *,
    idempotency_key: str | None = None,
    **fields: Unpack[Fields],
) -> Notification:
    """Say something to a topic: `everyone`, `staff` or `auth_group.<pk>`.

    Otherwise as `notify`; raises `UnknownTopic` too.
    """
    notification = content.compose(type, **fields)

    def write() -> Notification:
        insert(notification)
        outbox.add_entry(notification, row)
        return notification

    with transaction.atomic():
        row = topics.resolve(topic)
        if idempotency_key is None:
            return write()
        fingerprint = content.fingerprint(notification, f"topic:{topic}")
        return idempotency.once(idempotency_key, fingerprint, write)
