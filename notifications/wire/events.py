"""What goes through the channel layer: one versioned envelope, `notification.event`.

Built by those who publish, read by web processes. Old and new processes run side by side during
a deploy, so whatever is not understood reads as None and is ignored: the database heals it.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, cast

from notifications.wire.choices import Choices, Verdict, milliseconds
from notifications.wire.frames import (
    AllUpTo,
    Broadcast,
    Change,
    Counters,
    Frame,
    Item,
    Notifications,
)

TYPE = "notification.event"
VERSION = 1
LOG_GROUP = "log"
NEW, UPDATE, RETRACT = "new", "update", "retract"

Message = dict[str, object]


def user_group(inbox_id: int) -> str:
    """The channel-layer group of one person."""
    return f"user.{inbox_id}"


@dataclass(frozen=True)
class InboxEvent:
    """An inbox went from seq `since` to `seq`: new items, or a change of state.

    Items carry unrendered texts. `topics` is set when memberships changed: all of them, as topic
    id to the log position since which its entries concern this person. `choices` is set when these
    changed (`Choices.sent`).
    """

    frame: Literal["notifications", "change"]
    since: int
    seq: int
    counters: Counters
    items: list[Item]
    removed: list[str]
    all_up_to: AllUpTo | None = None
    topics: dict[int, int] | None = None
    choices: dict[str, Any] | None = None

    @cached_property
    def as_frame(self) -> Frame:
        """The frame for the person's sockets; one and the same for all of them."""
        if self.frame == "notifications":
            return Notifications(self.items, self.since, self.seq, self.counters)
        return Change(
            items=self.items,
            removed=self.removed,
            since=self.since,
            seq=self.seq,
            counters=self.counters,
            all_up_to=self.all_up_to,
        )

    def message(self) -> Message:
        """The envelope for the group of the person."""
        counters = [self.counters.unread, self.counters.unseen, self.counters.taken]
        message: Message = {
            "type": TYPE,
            "v": VERSION,
            "kind": "inbox",
            "frame": self.frame,
            "since": self.since,
            "seq": self.seq,
            "counters": counters,
            "items": self.items,
            "removed": self.removed,
        }
        if self.all_up_to is not None:
            message["all_up_to"] = self.all_up_to
        if self.choices is not None:
            message["choices"] = self.choices
        if self.topics is not None:
            # As pairs: msgpack refuses integer keys on arrival.
            message["topics"] = [list(pair) for pair in self.topics.items()]
        return message


@dataclass(frozen=True)
class LogRecord:
    """One entry of the broadcast log; `item` has unrendered texts and no seq.

    `version` is the topic's when the entry was appended, or a later one: whoever left by it or an
    earlier one did so before. 0 from a relay that knows nothing of versions. `origin` is the
    position at which it was said, which for updates and retractions (0: for what is new) lies
    before: whom that did not concern, this does not concern either. A retraction's item has
    nothing but its id.
    """

    position: int
    topic: int
    kind: str
    item: Item
    version: int = 0
    origin: int = 0

    @property
    def said_at(self) -> int:
        """The position at which it was said."""
        return self.origin or self.position

    def concerns(self, since: int, after: int = 0) -> bool:
        """Whether it is for a member since one position who has everything up to another."""
        return self.position > after and self.said_at > since

    def frame(self, choices: Choices | None) -> Broadcast | None:
        """What sockets are written; None for what somebody with these choices is not given."""
        if self.kind == RETRACT:
            return self._retracted
        if choices is None:
            return self._heard
        if self.said_at <= choices.since:
            # It was taken in before they were made, and comes with a seq, if it was wanted.
            return None
        match verdict(choices, self.item):
            case Verdict.HEAR:
                return self._heard
            case Verdict.QUIET:
                return self._quiet
            case Verdict.DROP:
                return None

    # One each, however many are given it, so that it is encoded once.

    @cached_property
    def _heard(self) -> Broadcast:
        return Broadcast(self.kind, self.item, self.position)

    @cached_property
    def _quiet(self) -> Broadcast:
        return Broadcast(self.kind, quiet(self.item), self.position)

    @cached_property
    def _retracted(self) -> Broadcast:
        return Broadcast(self.kind, None, self.position, self.item["id"])


def verdict(choices: Choices, item: Item) -> Verdict:
    """What becomes of an item for somebody with these choices."""
    said_at = milliseconds(datetime.fromisoformat(item["created_at"]))
    return choices.verdict(item["category"], item["thread"], said_at)


def quiet(item: Item) -> Item:
    """The item as somebody has it who muted it: seen and read from the beginning."""
    return {**item, "seen_at": item["created_at"], "read_at": item["created_at"]}


@dataclass(frozen=True)
class LogEvent:
    """Entries of the broadcast log, in order and without holes."""

    entries: list[LogRecord]

    def message(self) -> Message:
        """The envelope for the group `log`."""
        entries = [[entry.position, entry.topic, entry.kind, entry.item] for entry in self.entries]
        # Beside the entries, which processes of the first release take to be of four.
        versions = [entry.version for entry in self.entries]
        origins = [entry.origin for entry in self.entries]
        return {
            "type": TYPE,
            "v": VERSION,
            "kind": "log",
            "entries": entries,
            "versions": versions,
            "origins": origins,
        }


@dataclass(frozen=True)
class SignedOut:
    """A login session of this person ended; `login` is its id (`authentication.login_id`)."""

    login: str

    def message(self) -> Message:
        """The envelope for the group of the person."""
        return {"type": TYPE, "v": VERSION, "kind": "signed_out", "login": self.login}


@dataclass(frozen=True)
class Recheck:
    """Something about this person changed that may end their logins: compare with the database."""

    def message(self) -> Message:
        """The envelope for the group of the person."""
        return {"type": TYPE, "v": VERSION, "kind": "recheck"}


Event = InboxEvent | LogEvent | Recheck | SignedOut


def read(message: Message) -> Event | None:
    """The event in an envelope; None for another version, an unknown kind or a broken one."""
    if message.get("v") != VERSION:
        return None
    try:
        if message["kind"] == "log":
            return _log_event(message)
        if message["kind"] == "inbox" and message["frame"] in ("notifications", "change"):
            return _inbox_event(message)
        if message["kind"] == "signed_out":
            return SignedOut(str(message["login"]))
        if message["kind"] == "recheck":
            return Recheck()
    except (KeyError, TypeError, ValueError):
        pass
    return None


def _log_event(message: Message) -> LogEvent:
    rows = cast("list[tuple[int, int, str, Item]]", message["entries"])
    versions = cast("list[int]", message.get("versions", [0] * len(rows)))
    origins = cast("list[int]", message.get("origins", [0] * len(rows)))
    return LogEvent(
        [
            LogRecord(int(position), int(topic), kind, item, int(version), int(origin))
            for (position, topic, kind, item), version, origin in zip(
                rows, versions, origins, strict=True
            )
        ]
    )


def _inbox_event(message: Message) -> InboxEvent:
    topics = cast("list[tuple[int, int]] | None", message.get("topics"))
    return InboxEvent(
        frame=cast("Literal['notifications', 'change']", message["frame"]),
        since=int(cast("int", message["since"])),
        seq=int(cast("int", message["seq"])),
        counters=Counters(*cast("list[int]", message["counters"])),
        items=list(cast("list[Item]", message["items"])),
        removed=list(cast("list[str]", message["removed"])),
        all_up_to=cast("AllUpTo | None", message.get("all_up_to")),
        topics=None if topics is None else {int(topic): int(since) for topic, since in topics},
        choices=cast("dict[str, Any] | None", message.get("choices")),
    )
