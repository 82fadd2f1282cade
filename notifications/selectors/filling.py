"""Pages filled with items, for many readers of the same notifications at once."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Item, Notification
from notifications.rendering import rendered, standing_for, timestamp, wire_item
from notifications.wire import events, frames
from notifications.wire.choices import Choices, Verdict

_SAID = {
    "postgresql": "SELECT * FROM clarion_notification WHERE id = ANY(%s)",
    "sqlite": "SELECT * FROM clarion_notification WHERE id IN (SELECT value FROM json_each(%s))",
}
_MOMENT = Item._meta.get_field("seen_at").get_col("clarion_item")
# By how much an item with state is longer at most: two numbers of 16 digits and four moments of 24
# characters in quotes, in place of nulls. (What gathers actors is longer by those; see `size`.)
_STATE_BYTES = 2 * (16 - 4) + 4 * (26 - 4)
# Made once: `json.dumps` with options makes an encoder for each call.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """A row for a page; moments and JSON are as the database gives them.

    Without `seq` it is an entry of the log that the inbox has not taken in. `hidden` is what left
    the list without being put away: retracted, expired or superseded. An update of an entry was
    `said_at` an earlier position.
    """

    seq: int | None
    position: int | None
    notification_id: int
    hidden: bool = False
    said_at: int | None = None
    thread: str | None = None
    gathered: str | None = None
    seen_at: Any = None
    read_at: Any = None
    archived_at: Any = None
    snoozed_until: Any = None

    @property
    def number(self) -> int:
        """What it is ordered by: an item by its seq, an entry by its position."""
        return self.seq or self.position or 0


class Text:
    """A notification in one language: an item without state."""

    def __init__(self, item: frames.Item) -> None:
        """Nobody may change the item: many share it."""
        self._item = item

    @cached_property
    def _size(self) -> int:
        return len(_json(self._item).encode()) + _STATE_BYTES

    def size(self, line: Line) -> int:
        """Bytes of the item as JSON, at most, whatever its state."""
        return self._size + len(((line.gathered or "") + (line.thread or "")).encode())

    def verdict(self, choices: Choices) -> Verdict:
        """What becomes of it, as an entry of the log, for somebody with these choices."""
        return events.verdict(choices, self._item)

    def item(self, line: Line) -> frames.Item:
        """The item with the state of `line`."""
        position = line.said_at or line.position
        item: frames.Item = {**self._item, "seq": line.seq, "position": position}
        if line.thread is not None:
            item["thread"] = line.thread
        if line.gathered is not None:
            item = standing_for(item, json.loads(line.gathered))
        if line.seen_at or line.archived_at or line.snoozed_until:  # what is read is seen
            item["seen_at"] = _moment(line.seen_at)
            item["read_at"] = _moment(line.read_at)
            item["archived_at"] = _moment(line.archived_at)
            item["snoozed_until"] = _moment(line.snoozed_until)
        return item


class Reader(NamedTuple):
    """In which language (None: not rendered), and with which choices."""

    language: str | None
    choices: Choices | None

    def item(self, text: Text, line: Line) -> frames.Item | None:
        """The item of a line for this reader; None for what they do not want to hear."""
        # Choices were heeded when the log was taken in, or the relay did so.
        if self.choices is None or line.seq is not None:
            return text.item(line)
        match text.verdict(self.choices):
            case Verdict.HEAR:
                return text.item(line)
            case Verdict.QUIET:
                return events.quiet(text.item(line))
            case Verdict.DROP:
                return None


class Texts:
    """What was said to many, made once for all who read it in the same language."""

    def __init__(self, notification_ids: Collection[int]) -> None:
        """Read these notifications, in one query (none if there are none)."""
        vendor = connection.vendor
        ids = list(notification_ids)
        keys = ids if vendor == "postgresql" else json.dumps(ids)
        rows = Notification.objects.raw(_SAID[vendor], [keys]) if ids else ()
        self._said = {row.pk: row for row in rows if row.retracted_at is None}
        self._made: dict[tuple[int, str | None], Text] = {}

    def find(self, notification_id: int, language: str | None) -> Text | None:
        """The text (not rendered without a language); None if it is gone or was retracted."""
        key = notification_id, language
        text = self._made.get(key)
        if text is None and notification_id in self._said:
            item = wire_item(self._said[notification_id])
            text = Text(item if language is None else rendered(item, language))
            self._made[key] = text
        return text


@dataclass
class Filled:
    """What went into a page: `used` lines, as items or as ids of notifications that are gone."""

    items: list[frames.Item] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    used: int = 0


def fill(lines: Sequence[Line], texts: Texts, reader: Reader, limit: int, budget: int) -> Filled:
    """The first lines, for as long as they fit: at most `limit`, at least one, `budget` bytes."""
    filled = Filled()
    for line in lines[:limit]:
        text = None if line.hidden else texts.find(line.notification_id, reader.language)
        if text is None:
            filled.removed.append(str(line.notification_id))
        elif (item := reader.item(text, line)) is not None:
            size = text.size(line)
            # A lone one is taken in any case.
            if size > budget and filled.used:
                break
            budget -= size
            filled.items.append(item)
        filled.used += 1
    return filled


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    for convert in connection.ops.get_db_converters(_MOMENT):
        value = convert(value, _MOMENT, connection)
    return timestamp(value)
