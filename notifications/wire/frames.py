"""What goes over the socket: one dataclass per frame, one codec.

Frames are JSON text, told apart by `type`. `sync` pages, `notifications` and `change` all carry
the counters that hold at their `seq`, and the log position (`taken`) those counters include.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import ClassVar, NotRequired, TypedDict

from notifications.wire import error_codes
from notifications.wire.cursor import NUMBER_LIMIT, Cursor
from notifications.wire.error_codes import ErrorCode

SUBPROTOCOL = "clarion.v1"


class Actor(TypedDict):
    """Who did it, as text; `type` and `id` are empty for a mere label."""

    type: str
    id: str
    label: str


class Action(TypedDict):
    """A labelled link."""

    label: str
    url: str


class Item(TypedDict):
    """One notification as its reader sees it. Times are ISO 8601 in UTC.

    It stands for `count` notifications of its thread. Where these are several, they have
    `actor_count` actors, the newest of whom are `actors`.
    """

    id: str
    seq: int | None
    position: int | None
    type: str
    category: str
    title: str
    body: str
    url: str
    level: str
    priority: str
    thread: str
    data: dict[str, object]
    actions: list[Action]
    actor: Actor | None
    count: int
    actors: list[Actor]
    actor_count: int
    created_at: str
    expires_at: str | None
    seen_at: str | None
    read_at: str | None
    archived_at: str | None
    snoozed_until: str | None


class AllUpTo(TypedDict):
    """The new state of every item known up to a cursor, instead of those items one by one.

    Only of those of a category or thread, and only of those that have been read, where it says so.
    """

    seq: int
    position: int
    seen_at: NotRequired[str]
    read_at: NotRequired[str]
    archived_at: NotRequired[str]
    category: NotRequired[str]
    thread: NotRequired[str]
    only_read: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Counters:
    """Unread and unseen items of an inbox, with the log taken in up to `taken`."""

    unread: int = 0
    unseen: int = 0
    taken: int = 0


@dataclass(frozen=True)
class Frame:
    """A frame from the server."""

    type: ClassVar[str]


@dataclass(frozen=True)
class Hello(Frame):
    """First frame of a socket: whose inbox it is, and where. Moves no cursor."""

    type = "hello"
    person: str
    epoch: str
    seq: int
    position: int
    counters: Counters
    heartbeat_seconds: float


@dataclass(frozen=True)
class Notifications(Frame):
    """New items: the inbox went from `since` to `seq`."""

    type = "notifications"
    items: list[Item]
    since: int
    seq: int
    counters: Counters


@dataclass(frozen=True)
class Change(Frame):
    """Items whose state changed, whole, or `all_up_to`; and ids of items that are gone."""

    type = "change"
    items: list[Item]
    removed: list[str]
    since: int
    seq: int
    counters: Counters
    all_up_to: AllUpTo | None = None


@dataclass(frozen=True)
class Broadcast(Frame):
    """An entry of the broadcast log that concerns this person; a retraction has only an id."""

    type = "broadcast"
    kind: str
    item: Item | None
    position: int
    id: str | None = None


@dataclass(frozen=True)
class Sync(Frame):
    """A page of a resume; the client's cursor is now (seq, position)."""

    type = "sync"
    items: list[Item]
    removed: list[str]
    seq: int
    position: int
    counters: Counters
    more: bool


@dataclass(frozen=True)
class Reset(Frame):
    """This cursor cannot be resumed from: load the first page over HTTP."""

    type = "reset"
    reason: str


@dataclass(frozen=True)
class Heartbeat(Frame):
    """Everything of yours up to here went down this socket."""

    type = "heartbeat"
    seq: int
    position: int
    counters: Counters


@dataclass(frozen=True)
class Error(Frame):
    """A frame from the client was not understood."""

    type = "error"
    code: str
    detail: str


def encode(frame: Frame, render: Callable[[Item], Item] = lambda item: item) -> str:
    """The frame as JSON text, its items passed through `render`. Absent parts are left out."""
    payload: dict[str, object] = {"type": frame.type}
    for name in _names(frame):
        value = getattr(frame, name)
        if isinstance(value, Counters):
            payload |= {"unread": value.unread, "unseen": value.unseen, "taken": value.taken}
        elif name == "items":
            payload["items"] = [render(item) for item in value]
        elif value is None:
            continue
        elif name == "item":
            payload["item"] = render(value)
        else:
            payload[name] = value
    return _json(payload)


# Made once: `json.dumps` with options makes an encoder for each call.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


_NAMES: dict[str, tuple[str, ...]] = {}


def _names(frame: Frame) -> tuple[str, ...]:
    if frame.type not in _NAMES:
        _NAMES[frame.type] = tuple(part.name for part in fields(frame))
    return _NAMES[frame.type]


class BadFrame(ValueError):
    """A client frame that cannot be taken; `code` and the message go into an `error` frame."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(detail)
        self.code = code.code


@dataclass(frozen=True)
class Resume:
    """The client's request to be brought up from its cursor."""

    cursor: Cursor


@dataclass(frozen=True)
class Ack:
    """What the client has shown."""

    seq: int
    position: int


def decode(text: str) -> Resume | Ack:
    """A client's frame. Raises `BadFrame`."""
    try:
        payload = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFrame(error_codes.NOT_JSON, "A frame is one JSON object.") from None
    if not isinstance(payload, dict):
        raise BadFrame(error_codes.NOT_JSON, "A frame is one JSON object.")
    if payload.get("type") == "ack":
        return Ack(_number(payload, "seq"), _number(payload, "position"))
    if payload.get("type") == "resume":
        epoch = payload.get("epoch")
        if not isinstance(epoch, str):
            raise BadFrame(error_codes.BAD_FIELD, "epoch must be a string.")
        return Resume(Cursor(epoch, _number(payload, "seq"), _number(payload, "position")))
    raise BadFrame(error_codes.UNKNOWN_TYPE, "Clients send resume and ack.")


def _number(payload: dict[str, object], name: str) -> int:
    value = payload.get(name)
    if type(value) is not int or not 0 <= value < NUMBER_LIMIT:
        raise BadFrame(error_codes.BAD_FIELD, f"{name} must be a whole number from 0.")
    return value
