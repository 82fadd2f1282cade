"""Cursors, frames and envelopes."""

import json
from typing import Any

import msgpack
import pytest

from notifications.wire import events, frames
from notifications.wire.choices import Choices
from notifications.wire.cursor import Cursor
from notifications.wire.events import InboxEvent, LogEvent, LogRecord, SignedOut
from notifications.wire.frames import Counters
from notifications.wire.log import Seat

ITEM = {"id": "1", "title": "", "type": "t"}
GONE = {"id": "1"}


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

    def test_a_retraction_has_an_id_and_no_item(self):
        frame = frames.Broadcast("retract", None, 7, "1")
        assert json.loads(frames.encode(frame)) == {
            "type": "broadcast", "kind": "retract", "position": 7, "id": "1",
        }  # fmt: skip


SAID_AT = "1970-01-01T00:00:00.100Z"
SHOWN: Any = {
    "id": "1", "category": "news", "thread": "t", "created_at": SAID_AT,
    "seen_at": None, "read_at": None,
}  # fmt: skip
NEW = LogRecord(4, 1, "new", SHOWN)
UPDATE = LogRecord(6, 1, "update", SHOWN, 0, 4)
RETRACT: Any = LogRecord(7, 1, "retract", {"id": "1"}, 0, 4)  # type: ignore[arg-type]
OFF = Choices(off=frozenset({"news"}))
MUTED = Choices(threads={"t": 101})


class TestLogRecord:
    @pytest.mark.parametrize(
        ("record", "since", "after", "concerns"),
        [(NEW, 3, 3, True), (NEW, 4, 3, False), (NEW, 3, 4, False),
         (UPDATE, 3, 5, True), (UPDATE, 4, 5, False), (UPDATE, 5, 5, False), (UPDATE, 3, 6, False),
         (RETRACT, 3, 6, True), (RETRACT, 4, 6, False), (RETRACT, 3, 7, False)],
    )  # fmt: skip
    def test_concerns_whom_it_concerned_when_it_was_said(self, record, since, after, concerns):
        assert record.concerns(since, after) is concerns

    @pytest.mark.parametrize("record", [NEW, UPDATE])
    def test_by_what_somebody_chose(self, record):
        for choices in (None, Choices(), Choices(since=3)):
            frame = record.frame(choices)
            assert (frame.kind, frame.item, frame.id) == (record.kind, SHOWN, None)
        assert record.frame(OFF) is None
        hushed = record.frame(MUTED)
        assert hushed.item == {**SHOWN, "seen_at": SAID_AT, "read_at": SAID_AT}
        assert (hushed.kind, hushed.position) == (record.kind, record.position)
        # What was said before the choice was taken in by then, if it was wanted.
        assert record.frame(Choices(since=4)) is None

    @pytest.mark.parametrize("choices", [None, OFF, MUTED, Choices(since=9)])
    def test_a_retraction_is_for_everybody(self, choices):
        frame = RETRACT.frame(choices)
        assert (frame.kind, frame.item, frame.id, frame.position) == ("retract", None, "1", 7)

    @pytest.mark.parametrize("choices", [None, MUTED])
    def test_one_frame_for_all_who_are_given_the_same(self, choices):
        """It is encoded once."""
        assert NEW.frame(choices) is NEW.frame(choices)

    @pytest.mark.parametrize(
        ("seat", "kinds"),
        [
            (Seat(3, 0, None, None), ["new", "update", "retract"]),
            (Seat(5, 0, None, None), ["update", "retract"]),
            (Seat(3, 4, None, None), []),
            (Seat(3, 0, None, OFF), ["retract"]),
        ],
    )
    def test_a_seat_gets_what_concerns_it(self, seat, kinds):
        assert [frame.kind for frame in seat.frames([NEW, UPDATE, RETRACT])] == kinds


class TestEvents:
    @pytest.mark.parametrize(
        "event",
        [
            InboxEvent("notifications", 1, 2, Counters(1, 2, 3), [ITEM], []),
            InboxEvent("change", 1, 2, Counters(1, 2, 3), [], ["9"], {"seq": 1, "position": 2}),
            InboxEvent("change", 1, 2, Counters(), [], [], topics={7: 100, 8: 0}),
            InboxEvent(
                "change",
                1,
                2,
                Counters(),
                [],
                [],
                choices=Choices(frozenset({"a"}), {"b": 2**41}, {"t": None}, seq=2).sent(),
            ),
            SignedOut("login"),
            LogEvent([LogRecord(4, 1, "new", ITEM), LogRecord(5, 2, "new", ITEM, 3)]),
            LogEvent(
                [LogRecord(6, 1, "update", ITEM, 0, 4), LogRecord(7, 1, "retract", GONE, 0, 4)]
            ),
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
        del message["origins"]
        assert events.read(message) == LogEvent([LogRecord(4, 1, "new", ITEM, 0)])

    @pytest.mark.parametrize(
        "message",
        [{}, {"v": 1}, {"v": 1, "kind": "log", "entries": [[1]]},
         {"v": 1, "kind": "log", "entries": [[4, 1, "new", ITEM]], "versions": []},
         {"v": 1, "kind": "log", "entries": [[4, 1, "new", ITEM]], "versions": None}],
    )  # fmt: skip
    def test_poison_is_ignored(self, message):
        assert events.read(message) is None
