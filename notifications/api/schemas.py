"""Shapes of requests and answers."""

from typing import Annotated, Any

from ninja import Field, Schema

from notifications.wire.error_codes import ERROR_CODES

# As many as one change frame can tell of, and then some.
IDS_MAX = 100
CODES = [code.code for code in ERROR_CODES if code.status]

NotificationId = Annotated[int, Field(ge=1, lt=2**53)]


class ListOut(Schema):
    """A page of the inbox. `next` goes into `before` for the page after it."""

    items: list[dict[str, Any]]
    next: str | None
    unread: int
    unseen: int
    taken: int
    cursor: str


class IdsIn(Schema):
    """The notifications to change, by id."""

    ids: Annotated[list[NotificationId], Field(min_length=1, max_length=IDS_MAX)]


class CursorIn(Schema):
    """All that a client at this cursor knows."""

    cursor: Annotated[str, Field(max_length=60)]


class ChangeOut(Schema):
    """What changed, as in the socket's `change` frame."""

    items: list[dict[str, Any]]
    removed: list[str]
    since: int
    seq: int
    unread: int
    unseen: int
    taken: int
    all_up_to: dict[str, Any] | None = None


class TicketOut(Schema):
    """A ticket, and for how many seconds it opens sockets."""

    ticket: str
    expires_in: int


class ProblemPart(Schema):
    """One thing that is wrong: in which part of the request, and where in it."""

    part: Annotated[str, Field(examples=["body"], description="body, query, path or header")]
    pointer: Annotated[str, Field(examples=["#/ids/0"], description="as in RFC 6901")]
    detail: str


class Problem(Schema):
    """Why a request was not carried out, as in RFC 9457. Decide by `code`, not by texts."""

    type: Annotated[str, Field(examples=["about:blank"])]
    title: str
    status: int
    detail: Annotated[str, Field(description="for people")]
    code: Annotated[str, Field(json_schema_extra={"enum": CODES})]
    errors: list[ProblemPart] | None = None
    reason: Annotated[str | None, Field(description="of `cursor_reset`")] = None
