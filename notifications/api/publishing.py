"""`/api/v1/notifications` and `/api/v1/broadcasts`: what other services have said."""

import re
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Header, Path, Router, Status

from notifications.api.errors import Refused, problems
from notifications.api.keys import api_key, key_of
from notifications.api.publishing_schemas import (
    BroadcastIn,
    NotificationIn,
    ProgressOut,
    PublishedOut,
    UnknownOut,
)
from notifications.models import Publication
from notifications.selectors.publications import Progress, progress
from notifications.services.publishing import Published, publish_broadcast, publish_notification
from notifications.wire import error_codes as codes
from notifications.wire.cursor import NUMBER_LIMIT

router = Router(tags=["publishing"], auth=api_key)

Answer = Status[dict[str, Any]]
Id = Annotated[int, Path(ge=1, lt=NUMBER_LIMIT)]
Once = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="With the same key and body again: the first answer, and nothing is said twice",
        example='"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    ),
]
# A string of RFC 9651, as the draft of the header has it; or what most clients send, the bare text.
QUOTED = re.compile(r'"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"')
KEY_MAX = 255


@router.post(
    "/notifications",
    response={202: PublishedOut, **problems(409, 422)},
    summary="Notify people",
)
def publish_to_people(
    request: HttpRequest, response: HttpResponse, body: NotificationIn, idempotency_key: Once = None
) -> Answer:
    """Taken on once this is answered: it reaches everybody's inbox, whatever dies when.

    Names that nobody has are in the answer and do not keep it from the others.
    """
    once = _once(idempotency_key)
    named = body.recipients.named()
    published = publish_notification(key_of(request), named, body.type, body.fields(), once)
    return _taken_on(request, response, published)


@router.post(
    "/broadcasts",
    response={202: PublishedOut, **problems(409, 422)},
    summary="Broadcast to a topic",
)
def publish_to_topic(
    request: HttpRequest, response: HttpResponse, body: BroadcastIn, idempotency_key: Once = None
) -> Answer:
    """To everyone who belongs to the topic when it goes out."""
    once = _once(idempotency_key)
    published = publish_broadcast(key_of(request), body.topic, body.type, body.fields(), once)
    return _taken_on(request, response, published)


@router.get(
    "/notifications/{notification_id}",
    response={200: ProgressOut, **problems(404)},
    summary="How far a notification has come",
)
def notification_progress(request: HttpRequest, notification_id: Id) -> Progress:
    """For the API key that published it."""
    return _progress(request, Publication.Kind.NOTIFICATION, notification_id)


@router.get(
    "/broadcasts/{notification_id}",
    response={200: ProgressOut, **problems(404)},
    summary="How far a broadcast has come",
)
def broadcast_progress(request: HttpRequest, notification_id: Id) -> Progress:
    """For the API key that published it. It reaches an inbox when its owner looks."""
    return _progress(request, Publication.Kind.BROADCAST, notification_id)


def _taken_on(request: HttpRequest, response: HttpResponse, published: Published) -> Answer:
    row = published.publication
    response["Location"] = f"{request.path}/{row.notification_id}"
    if published.replayed:
        response["Idempotency-Replayed"] = "true"
    unknown = UnknownOut(**row.unknown)
    answer = {"id": str(row.notification_id), "recipients": row.recipients, "unknown": unknown}
    return Status(202, answer)


def _progress(request: HttpRequest, kind: Publication.Kind, notification_id: int) -> Progress:
    found = progress(key_of(request).pk, kind, notification_id)
    if found is None:
        raise Http404
    return found


def _once(header: str | None) -> str | None:
    """The idempotency key in a header. Raises `Refused` if it is none."""
    if header is None:
        return None
    key = header.strip()
    if QUOTED.fullmatch(key):
        key = re.sub(r"\\(.)", r"\1", key[1:-1])
    if not 0 < len(key) <= KEY_MAX or not (key.isascii() and key.isprintable()):
        raise Refused(
            codes.BAD_FIELD, f"Idempotency-Key must be 1 to {KEY_MAX} visible ASCII characters."
        )
    return key
