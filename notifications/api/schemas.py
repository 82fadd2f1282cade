"""Shapes of requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from ninja import Field, Schema
from pydantic import model_validator

from notifications.wire.error_codes import ERROR_CODES

# As many as one change frame can tell of, and then some.
IDS_MAX = 100
CODES = [code.code for code in ERROR_CODES if code.status]

Level = Literal["info", "success", "warning", "error"]
Priority = Literal["normal", "urgent"]
NotificationId = Annotated[int, Field(ge=1, lt=2**53)]


class ActorOut(Schema):
    """Who did it; `type` and `id` are empty for a mere label."""

    type: str
    id: str
    label: str


class ActionOut(Schema):
    """A labelled link."""

    label: str
    url: str


class ItemOut(Schema):
    """One notification as its reader sees it; times are ISO 8601 in UTC."""

    id: Annotated[str, Field(examples=["4711"])]
    seq: int | None
    position: int | None
    type: str
    category: str
    title: str
    body: str
    url: str
    level: Level
    priority: Priority
    thread: str
    data: dict[str, Any]
    actions: list[ActionOut]
    actor: ActorOut | None
    count: int
    actors: list[ActorOut]
    actor_count: int
    created_at: str
    expires_at: str | None
    seen_at: str | None
    read_at: str | None
    archived_at: str | None
    snoozed_until: str | None


class CountsOut(Schema):
    """Unread and unseen items, with the log taken in up to `taken`."""

    unread: int
    unseen: int
    taken: int


class ListOut(CountsOut):
    """A page of the inbox. `next` goes into `before` for the page after it."""

    items: list[ItemOut]
    next: str | None
    cursor: str
    person: str


class ChangesOut(CountsOut):
    """What changed since a cursor, as in the socket's `sync` frame; go on with this one."""

    items: list[ItemOut]
    removed: list[str]
    cursor: str
    more: bool


class IdsIn(Schema):
    """The notifications to change, by id."""

    ids: Annotated[
        list[NotificationId],
        Field(min_length=1, max_length=IDS_MAX, examples=[["4711", "4712"]]),
    ]


class SnoozeIn(IdsIn):
    """The notifications to put off, and until when: at most a year from now."""

    until: Annotated[datetime, Field(examples=["2030-01-01T08:00:00+01:00"])]


class UpToIn(Schema):
    """All that a client at this cursor knows; of one category or thread alone where it says so."""

    cursor: Annotated[str, Field(max_length=60, examples=["5f3a9c01.42.1007"])]
    category: Annotated[str, Field(max_length=100)] = ""
    thread: Annotated[str, Field(max_length=150)] = ""


class AllUpToOut(Schema):
    """The new state of all items up to a cursor, instead of these items."""

    seq: int
    position: int
    seen_at: str | None = None
    read_at: str | None = None
    archived_at: str | None = None
    category: str | None = None
    thread: str | None = None
    only_read: bool | None = None


class ChangeOut(CountsOut):
    """What changed, as in the socket's `change` frame."""

    items: list[ItemOut]
    removed: list[str]
    since: int
    seq: int
    all_up_to: AllUpToOut | None = None


class CategoryOut(Schema):
    """A category, and what this person chose."""

    key: str
    title: str
    description: str
    mandatory: bool
    receive: bool
    muted: bool
    muted_until: datetime | None


class MutedThreadOut(Schema):
    """A thread that is muted; for ever without `muted_until`."""

    thread: str
    muted_until: datetime | None


class ChoicesOut(Schema):
    """What there is to choose from, and what was chosen."""

    categories: list[CategoryOut]
    threads: list[MutedThreadOut]


class CategoryIn(Schema):
    """A category, by its key."""

    category: Annotated[str, Field(min_length=1, max_length=100, examples=["messages"])]


class UnmuteIn(Schema):
    """A category, or a thread."""

    category: Annotated[str, Field(max_length=100, examples=["messages"])] = ""
    thread: Annotated[str, Field(max_length=150)] = ""

    @model_validator(mode="after")
    def one_of_two(self) -> Self:
        """Exactly one of them."""
        if bool(self.category) == bool(self.thread):
            raise ValueError("name either a category or a thread")
        return self


class MuteIn(UnmuteIn):
    """A category, or a thread, and until when; for ever without a moment."""

    until: Annotated[datetime | None, Field(examples=["2030-01-01T08:00:00+01:00"])] = None


class TopicIn(Schema):
    """A topic, by its key."""

    topic: Annotated[str, Field(min_length=1, max_length=100, examples=["releases"])]


class TopicOut(Schema):
    """A topic, and whether this person belongs to it."""

    key: str
    title: str
    description: str
    subscribed: bool


class BelongingOut(Schema):
    """A topic, and the positions of the log since, and until, which it is this person's."""

    topic: str
    since: int
    until: int | None


class KeptOut(ItemOut):
    """An item, and whether it is superseded in its thread."""

    folded: bool


class ExportOut(CountsOut):
    """All that is kept about a person, with a page of the items; `next` goes into `after`."""

    user: str
    seq: int
    choices: ChoicesOut
    topics: list[BelongingOut]
    items: list[KeptOut]
    next: int | None


class ForgottenOut(Schema):
    """How many items were deleted."""

    deleted: int


class TicketOut(Schema):
    """A ticket, and for how many seconds it opens sockets."""

    ticket: str
    expires_in: int


class TokenOut(Schema):
    """A token, for how many seconds it holds, and who it is for."""

    token: str
    expires_in: int
    person: str


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
