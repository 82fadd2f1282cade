"""docs/protocol.md has every frame, field, reason, error and close code, and no other."""

import dataclasses
import inspect
import re
from typing import get_args

import pytest

from notifications.selectors import places, resume
from notifications.wire import close_codes, cursor, error_codes, events, frames, session
from tests.docs.pages import ROOT, code, named, page, section, table

TEXT = page("protocol.md")
SERVER_FRAMES = {frame.type: frame for frame in frames.Frame.__subclasses__()}


def fields_of(frame: type) -> set[str]:
    """Return the fields as they are on the wire."""
    found: set[str] = set()
    for field in dataclasses.fields(frame):
        parts = {"counters": frames.Counters, "cursor": cursor.Cursor}.get(field.name)
        found |= fields_of(parts) if parts else {field.name}
    return found


def headings(text: str) -> list[str]:
    return re.findall(r"^### `(\w+)`$", text, re.MULTILINE)


def test_frames_are_all_there() -> None:
    assert headings(section(TEXT, "## Frames from the server")) == list(SERVER_FRAMES)
    assert headings(section(TEXT, "## Frames from the client")) == ["resume", "ack"]


@pytest.mark.parametrize("name", SERVER_FRAMES)
def test_fields_of_a_server_frame(name: str) -> None:
    rows = table(section(TEXT, f"### `{name}`"), "field")
    assert named(rows) == fields_of(SERVER_FRAMES[name])


@pytest.mark.parametrize("frame", [frames.Resume, frames.Ack])
def test_fields_of_a_client_frame(frame: type) -> None:
    rows = table(section(TEXT, f"### `{frame.__name__.lower()}`"), "field")
    assert named(rows) == fields_of(frame)


def test_fields_of_an_item() -> None:
    rows = table(section(TEXT, "## Item"), "field")
    assert named(rows) == set(frames.Item.__annotations__)
    actor = next(row for row in rows if row[0] == "`actor`")
    assert set(code(actor[2])) == set(frames.Actor.__annotations__)


def test_all_up_to() -> None:
    rows = table(section(TEXT, "### `change`"), "field")
    row = next(row for row in rows if row[0] == "`all_up_to`")
    assert set(code(row[1])) == set(frames.AllUpTo.__annotations__)


def test_reasons_of_a_reset() -> None:
    source = inspect.getsource(resume) + inspect.getsource(session)
    why = inspect.getsource(places.Place.why_reset)
    reasons = re.findall(r'return "(\w+)"', why)
    reasons += re.findall(r'reset="(\w+)"', source) + re.findall(r'Reset\("(\w+)"\)', source)
    assert named(table(section(TEXT, "### `reset`"), "reason")) == set(reasons)


def test_codes_of_an_error() -> None:
    source = inspect.getsource(frames) + inspect.getsource(session)
    given = set(re.findall(r"(?:BadFrame|_refuse)\(error_codes\.(\w+)", source))
    ours = [code for code in error_codes.ERROR_CODES if code.socket]
    assert {getattr(error_codes, name) for name in given} == set(ours)
    codes = named(table(section(TEXT, "### `error`"), "code"))
    assert codes == {code.code for code in ours}


def test_close_codes_are_one_table() -> None:
    ours = {
        (
            str(code.number),
            f"`{code.name}`",
            code.reason,
            "yes" if code.reconnect else "no",
            code.sent_when,
        )
        for code in close_codes.CLOSE_CODES
    }
    declared = [
        value for value in vars(close_codes).values() if isinstance(value, close_codes.CloseCode)
    ]
    assert sorted(declared, key=lambda code: code.number) == sorted(
        close_codes.CLOSE_CODES, key=lambda code: code.number
    )
    assert {tuple(row) for row in table(section(TEXT, "## Close codes"), "code")} == ours


def test_close_codes_of_the_browser_client() -> None:
    source = (ROOT / "notifications/javascript/client/protocol.js").read_text()
    rows = re.findall(r"(\w+): \{ number: (\d+), reconnect: (true|false) \}", source)
    assert {(name, int(number), reconnect == "true") for name, number, reconnect in rows} == {
        (code.name, code.number, code.reconnect) for code in close_codes.CLOSE_CODES
    }


def test_events_of_the_channel_layer() -> None:
    text = section(TEXT, "## Events in the channel layer")
    counters = frames.Counters()
    inbox = events.InboxEvent(
        "change", 0, 1, counters, [], [], {"seq": 0, "position": 0}, {1: 0}, {}
    )
    log = events.LogEvent([])
    envelope = {"type", "v", "kind"}
    rows = {row[0].strip("`"): row[1] for row in table(text, "`kind`")}
    signed_out = events.SignedOut("")
    written = (inbox, log, signed_out, events.Recheck())
    assert {type(event) for event in written} == set(get_args(events.Event))
    assert set(rows) == {event.message()["kind"] for event in written}
    for event in written:
        kind = str(event.message()["kind"])
        assert set(event.message()) - envelope <= set(code(rows[kind])), kind
    assert f"`{events.TYPE}`" in text
    assert f"`v` {events.VERSION};" in text
    assert named(table(text, "group")) == {
        events.user_group(0).replace("0", "<inbox id>"),
        events.LOG_GROUP,
    }


def test_names_and_numbers() -> None:
    assert f"`{frames.SUBPROTOCOL}`" in TEXT
    assert cursor.NUMBER_LIMIT == 2**53
    assert "below 2^53" in TEXT
    assert session.BAD_FRAMES_PER_MINUTE == 10
    assert "Beyond ten a minute" in TEXT
    assert session.RESUME_SECONDS == 5
    assert "at most once in five seconds" in TEXT
    assert "--ws-max-size 16384" in (ROOT / "Procfile").read_text()
    assert "may have 16 KiB" in TEXT
