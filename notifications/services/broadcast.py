"""`broadcast`: to everyone who belongs to a topic, for a constant number of rows."""

from typing import Unpack

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from notifications.models import LogEntry, Notification, Outbox, Topic
from notifications.services import content, idempotency, outbox, topics
from notifications.services.content import Fields
from notifications.services.insert import insert
from notifications.services.living import take_back


def broadcast(
    topic: str,
    type: str,
    *,
    idempotency_key: str | None = None,
    **fields: Unpack[Fields],
) -> Notification:
    """Say something to a topic: `everyone`, `staff`, `auth_group.<pk>` or a declared one.

    With a `thread` it takes the place of what was said before to this topic in the thread.
    Otherwise as `notify`; raises `UnknownTopic` too.
    """
    notification = content.compose(type, **fields)

    def write() -> Notification:
        if notification.thread:
            _replace(notification.thread, row)
        insert(notification)
        outbox.add_entry(notification, row)
        return notification

    with transaction.atomic():
        row = topics.resolve(topic)
        if idempotency_key is None:
            return write()
        fingerprint = content.fingerprint(notification, f"topic:{topic}")
        return idempotency.once(idempotency_key, fingerprint, write)


def _replace(thread: str, topic: Topic) -> None:
    """Retract what was said to a topic in a thread.

    A reader has one row for a thread, and counts it once; for a broadcast nobody could tell whether
    the one before it has been read where it has not been taken in. Of two callers at the same
    moment neither sees the other's, so that both stay: the next one replaces both.
    """
    entries = LogEntry.objects.filter(
        notification=OuterRef("pk"), topic=topic, kind=LogEntry.Kind.NEW
    )
    coming = Outbox.objects.filter(notification=OuterRef("pk"), topic=topic, kind=Outbox.Kind.LOG)
    said = Notification.objects.filter(
        ~Q(thread=""), Exists(entries) | Exists(coming), thread=thread, retracted_at=None
    )
    take_back(list(said.select_for_update(of=("self",), no_key=True).order_by("pk")))
