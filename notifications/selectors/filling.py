"""Pages filled with items, for many readers of the same notifications at once."""

import json
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django.db import connection

from notifications.models import Item, Notification
from notifications.rendering import rendered, timestamp, wire_item
from notifications.wire import frames

_SAID = {
    "postgresql": "SELECT * FROM clarion_notification WHERE id = ANY(%s)",
    "sqlite": "SELECT * FROM clarion_notification WHERE id IN (SELECT value FROM json_each(%s))",
}
_MOMENT = Item._meta.get_field("seen_at").get_col("clarion_item")
# By how much an item with state is longer at most: two numbers of 16 digits and four moments of 24
# characters in quotes, in place of nulls.
_STATE_BYTES = 2 * (16 - 4) + 4 * (26 - 4)
# Made once: `json.dumps` with options makes an encoder for each call.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Line(NamedTuple):
    """A row for a page; moments are as the database gives them.

    Without `seq` it is an entry of the log that the inbox has not taken in.
    """

    seq: int | None
    position: int | None
    notification_id: int
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
    def size(self) -> int:
        """Bytes of the item as JSON, at most, whatever its state."""
        return len(_json(self._item).encode()) + _STATE_BYTES

    def item(self, line: Line) -> frames.Item:
        """The item with the state of `line`."""
        item: frames.Item = {**self._item, "seq": line.seq, "position": line.position}
        if line.seen_at or line.archived_at or line.snoozed_until:  # what is read is seen
            item["seen_at"] = _moment(line.seen_at)
            item["read_at"] = _moment(line.read_at)
            item["archived_at"] = _moment(line.archived_at)
            item["snoozed_until"] = _moment(line.snoozed_until)
        return item


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


class Filled(NamedTuple):
    """What went into a page: `used` lines, as items or as ids of notifications that are gone."""

    items: list[frames.Item]
    removed: list[str]
    used: int


def fill(
    lines: Sequence[Line], texts: Texts, language: str | None, limit: int, budget: int
) -> Filled:
    """The first lines, for as long as they fit: at most `limit`, at least one, `budget` bytes."""
    items: list[frames.Item] = []
    removed: list[str] = []
    for line in lines[:limit]:
        text = texts.find(line.notification_id, language)
        if text is None:
            removed.append(str(line.notification_id))
            continue
        # A lone one is taken in any case.
        if len(lines) > 1:
            if text.size > budget and (items or removed):
                break
            budget -= text.size
        items.append(text.item(line))
    return Filled(items, removed, len(items) + len(removed))


def _moment(value: Any) -> str | None:
    if value is None:
        return None
    for convert in connection.ops.get_db_converters(_MOMENT):
        value = convert(value, _MOMENT, connection)
    return timestamp(value)
