"""Shapes of publishing: what other services send, and what they are told."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self, cast

from ninja import Field, Schema
from pydantic import ConfigDict, StrictInt, StrictStr, model_validator

from notifications.registry import ACTIONS_MAX
from notifications.selectors.publications import STATES
from notifications.services.content import BODY_MAX, THREAD_MAX, TITLE_MAX, URL_MAX, Fields
from notifications.services.recipients import Named

# People of one request. More are a campaign: a topic, or several requests.
RECIPIENTS_MAX = 10_000

Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
Name = Annotated[StrictStr, Field(min_length=1, max_length=320)]
Names = Annotated[list[Name], Field(max_length=RECIPIENTS_MAX)]
Ids = Annotated[list[StrictInt | Name], Field(max_length=RECIPIENTS_MAX)]


class Strict(Schema):
    """Refuses fields that it does not know: nothing is left out in silence."""

    model_config = ConfigDict(extra="forbid")


class ActorIn(Strict):
    """Who did it, in the words of the service that says so."""

    label: str
    type: str = ""
    id: str = ""


class ActionIn(Strict):
    """A labelled link."""

    label: str
    url: str


class ContentIn(Strict):
    """What is said; the fields of `notify()` and `broadcast()`."""

    type: Annotated[Key, Field(description="a registered type")]
    title: Annotated[str, Field(max_length=TITLE_MAX)] = ""
    body: Annotated[str, Field(max_length=BODY_MAX)] = ""
    url: Annotated[str, Field(max_length=URL_MAX, description="a path, or http(s)://")] = ""
    level: Annotated[
        Literal["", "info", "success", "warning", "error"], Field(description="empty: the type's")
    ] = ""
    priority: Literal["normal", "urgent"] = "normal"
    actor: str | ActorIn | None = None
    thread: Annotated[str, Field(max_length=THREAD_MAX)] = ""
    data: Annotated[dict[str, Any] | None, Field(description="fills the type's templates")] = None
    actions: Annotated[
        list[ActionIn] | None, Field(max_length=ACTIONS_MAX, description="links below the text")
    ] = None
    expires_at: Annotated[
        str | None,
        Field(
            description="ISO 8601, with an offset",
            examples=["2030-01-01T00:00:00Z"],
            json_schema_extra={"format": "date-time"},
        ),
    ] = None

    def fields(self) -> Fields:
        """What of it is content, beside the type."""
        said = {name: getattr(self, name) for name in ContentIn.model_fields if name != "type"}
        if self.actions is not None:
            said["actions"] = [action.model_dump() for action in self.actions]
        if isinstance(self.actor, ActorIn):
            said["actor"] = {
                "type": self.actor.type,
                "id": self.actor.id,
                "label": self.actor.label,
            }
        return cast(Fields, said)


class RecipientsIn(Strict):
    """People, named in any of three ways; together at most 10,000 names."""

    ids: Annotated[Ids, Field(description="primary keys")] = []
    usernames: Annotated[Names, Field(description="what they sign in with")] = []
    emails: Annotated[Names, Field(description="everybody who has one of them")] = []

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        count = len(self.ids) + len(self.usernames) + len(self.emails)
        if not 1 <= count <= RECIPIENTS_MAX:
            raise ValueError(f"1 to {RECIPIENTS_MAX} names, not {count}")
        return self

    def named(self) -> Named:
        """As the service takes them."""
        return Named(self.ids, self.usernames, self.emails)


class NotificationIn(ContentIn):
    """Something to say to people."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "recipients": {"usernames": ["ada"], "emails": ["bob@example.com"]},
                    "type": "message",
                    "title": "Your report is ready",
                    "url": "/inbox/",
                    "level": "success",
                    "actor": "Reports",
                }
            ]
        },
    )

    recipients: RecipientsIn


class BroadcastIn(ContentIn):
    """Something to say to a topic."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "topic": "everyone",
                    "type": "message",
                    "title": "Maintenance at noon",
                    "body": "We are back at one.",
                    "level": "warning",
                    "expires_at": "2030-01-01T13:00:00Z",
                }
            ]
        },
    )

    topic: Annotated[Key, Field(description="everyone, staff, auth_group.<pk> or a declared one")]


class UnknownOut(Schema):
    """Names that nobody has, as they were given."""

    ids: list[int | str] = []
    usernames: list[str] = []
    emails: list[str] = []


class PublishedOut(Schema):
    """What was taken on; `Location` is where to ask how far it has come."""

    id: str
    recipients: Annotated[int, Field(description="people it is for")]
    unknown: UnknownOut


class ProgressOut(Schema):
    """How far it has come, in people."""

    id: str
    state: Annotated[str, Field(json_schema_extra={"enum": list(STATES)})]
    recipients: int
    waiting: int
    reached: int
    read: int
    failed: int
    created_at: datetime
