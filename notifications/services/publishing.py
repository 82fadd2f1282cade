"""What other services have said: in the manner of people's own code, and asked for once."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from django.db import OperationalError, transaction

from notifications.exceptions import InProgress, NoRecipients
from notifications.models import ApiKey, Notification, Publication
from notifications.selectors.announcements import audience_size
from notifications.services import api_keys, content, idempotency
from notifications.services.broadcast import broadcast
from notifications.services.content import Fields
from notifications.services.locks import lock_name
from notifications.services.notify import notify_keys
from notifications.services.recipients import Named, resolve

# Seconds that a request waits for one with the same idempotency key before it is told to come
# back: longer than the database needs for ten thousand people. There is nothing to take over from
# a process that died: its transaction and its lock went with its connection.
WAIT_SECONDS = 2.0
# PostgreSQL's code for a lock that was waited for too long.
LOCK_NOT_AVAILABLE = "55P03"


class Published(NamedTuple):
    """What was published; `replayed` when an earlier request with this key had done it."""

    publication: Publication
    replayed: bool


def publish_notification(
    key: ApiKey,
    named: Named,
    type: str,
    fields: Fields,
    idempotency_key: str | None = None,
) -> Published:
    """`notify` the people named, on behalf of an API key.

    Raises what `notify` does, `OutOfScope`, `NoRecipients`, `IdempotencyConflict` and `InProgress`.
    """
    api_keys.check(key, type)

    def write() -> Publication:
        found = resolve(named)
        if not found.keys:
            raise NoRecipients("recipients: nobody is known of those who are named.")
        return Publication.objects.create(
            key=key,
            kind=Publication.Kind.NOTIFICATION,
            notification=notify_keys(found.keys, type, **fields),
            recipients=len(found.keys),
            unknown=found.unknown,
        )

    return _publish(key, _Said(type, fields, asdict(named)), idempotency_key, write)


def publish_broadcast(
    key: ApiKey, topic: str, type: str, fields: Fields, idempotency_key: str | None = None
) -> Published:
    """`broadcast` to a topic, on behalf of an API key. Raises as `publish_notification` does."""
    api_keys.check(key, type, topic)

    def write() -> Publication:
        return Publication.objects.create(
            key=key,
            kind=Publication.Kind.BROADCAST,
            notification=broadcast(topic, type, **fields),
            recipients=audience_size(topic),
        )

    return _publish(key, _Said(type, fields, {"topic": topic}), idempotency_key, write)


@dataclass(frozen=True)
class _Said:
    """What a request asks for."""

    type: str
    fields: Fields
    audience: Mapping[str, object]

    def fingerprint(self) -> str:
        """The same for the same request. Raises `InvalidNotification` for what cannot be said."""
        audience = json.dumps(self.audience, sort_keys=True)
        return content.fingerprint(content.compose(self.type, **self.fields), audience)


def _publish(
    key: ApiKey, said: _Said, idempotency_key: str | None, write: Callable[[], Publication]
) -> Published:
    if idempotency_key is None:
        with transaction.atomic():
            return Published(write(), False)
    fingerprint = said.fingerprint()
    # Keys of other services are not theirs to guess, and neither are those of our own code.
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
    name = f"api:{key.pk}:{digest}"
    written: list[Publication] = []

    def once() -> Notification:
        written.append(write())
        return written[-1].notification

    with transaction.atomic():
        _wait_for_the_first(name)
        notification = idempotency.once(name, fingerprint, once)
        if written and written[-1].notification is notification:
            return Published(written[-1], False)
        return Published(Publication.objects.get(notification=notification), True)


def _wait_for_the_first(name: str) -> None:
    """Have one request at a time go on. Those that waited find what the first one left."""
    try:
        lock_name(name, WAIT_SECONDS)
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != LOCK_NOT_AVAILABLE:
            raise
        raise InProgress("A request with this idempotency key is being done.") from error
