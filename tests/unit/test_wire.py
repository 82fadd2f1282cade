"""Cursors, frames and envelopes."""

import json

import msgpack
import pytest

from notifications.wire import events, frames
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent, LogEvent, LogRecord, SignedOut
from notifications.wire.frames import Counters

ITEM = {"id": "1", "title": "", "type": "t"}


class TestCursor:
    def test_round_trip(self):
        cursor = Cursor("a1b2", 12, 2**53 - 1)
        assert Cursor.parse(str(cursor)) == cursor

    @pytest.mark.parametrize(
        "text",
        ["", "a", "a.1", "a.1.2.3", ".1.2 ", "a b.1.2", "a.-1.2", "a.1.x", "a.\u0661.2", "a.1e3.2",
         f"a.{2**53}.0", "a." + "9" * 5000 + ".0", "x" * 17 + ".1.1"],
    )  # fmt: skip
    def test_refuses(self, text):
        with pytest.raises(ValueError):  # noqa: PT011 (int() and split() raise their own)
            Cursor.parse(text)


class TestFrames:
    def test_counters_are_flat_and_absent_parts_are_left_out(self):
        frame = frames.Change([], [], 1, 2, Counters(3, 4, 5))
        assert json.loads(frames.encode(frame)) == {
            "type": "change", "items": [], "removed": [],
            "since": 1, "seq": 2, "unread": 3, "unseen": 4, "taken": 5,
        }  # fmt: skip

    def test_items_are_rendered_on_the_way(self):
        def render(item):
            return {**item, "title": "rendered"}

        one = frames.Broadcast("new", ITEM, 7)
        many = frames.Notifications([ITEM, ITEM], 0, 2, Counters())
        assert json.loads(frames.encode(one, render))["item"]["title"] == "rendered"
        items = json.loads(frames.encode(many, render))["items"]
        assert [item["title"] for item in items] == ["rendered"] * 2

    def test_text_is_not_escaped(self):
        assert "Grüße 🎉" in frames.encode(frames.Error("x", "Grüße 🎉"))


class TestEvents:
    @pytest.mark.parametrize(
        "event",
        [
            InboxEvent("notifications", 1, 2, Counters(1, 2, 3), [ITEM], []),
            InboxEvent("change", 1, 2, Counters(1, 2, 3), [], ["9"], {"seq": 1, "position": 2}),
            InboxEvent("change", 1, 2, Counters(), [], [], topics={7: 100, 8: 0}),
            SignedOut("login"),
            LogEvent([LogRecord(4, 1, "new", ITEM), LogRecord(5, 2, "new", ITEM, 3)]),
        ],
    )
    def test_survive_the_channel_layer(self, event):
        packed = msgpack.packb(event.message())
        assert events.read(msgpack.unpackb(packed, strict_map_key=True)) == event

    @pytest.mark.parametrize(
        "change",
        [{"v": 2}, {"v": None}, {"kind": "new kind"}, {"frame": "x"}, {"since": "x"},
         {"counters": [1, 2, 3, 4]}, {"items": None}],
    )  # fmt: skip
    def test_what_is_not_understood_is_ignored(self, change):
        message = InboxEvent("change", 1, 2, Counters(), [], []).message()
        assert events.read({**message, **change}) is None

    def test_log_entries_with_processes_of_the_first_release(self):
        """They know entries of four, without versions."""
        message = LogEvent([LogRecord(4, 1, "new", ITEM, 3)]).message()
        assert message["entries"] == [[4, 1, "new", ITEM]]
        del message["versions"]
        assert events.read(message) == LogEvent([LogRecord(4, 1, "new", ITEM, 0)])

    @pytest.mark.parametrize(
        "message",
        [{}, {"v": 1}, {"v": 1, "kind": "log", "entries": [[1]]},
         {"v": 1, "kind": "log", "entries": [[4, 1, "new", ITEM]], "versions": []},
         {"v": 1, "kind": "log", "entries": [[4, 1, "new", ITEM]], "versions": None}],
    )  # fmt: skip
    def test_poison_is_ignored(self, message):
        assert events.read(message) is None
