"""The rules by which frames change a list: the client in Python, by the files of the browser's."""

import json
from pathlib import Path
from typing import Any

import pytest

from notifications.wire.frames import Frame, Item
from tests.support.client import ReferenceClient

FIXTURES = Path(__file__).parents[1] / "fixtures"
BASE = json.loads((FIXTURES / "item.json").read_text())
FILES = sorted((FIXTURES / "frames").glob("*.json"))


def complete(frame: dict[str, Any]) -> dict[str, Any]:
    """The frame with whole items; the files name what matters."""
    whole = dict(frame)
    if "items" in frame:
        whole["items"] = [BASE | item for item in frame["items"]]
    if "item" in frame:
        whole["item"] = BASE | frame["item"]
    return whole


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_what_frames_make_of_a_list(path: Path) -> None:
    fixture = json.loads(path.read_text())
    expected = fixture["expected"]
    client = ReferenceClient()
    client.load(complete(fixture["given"]))
    for frame in fixture["frames"]:
        client.wants_resume = False
        client.take(complete(frame))
    listed = sorted(client.listed().values(), key=lambda item: -int(item["id"]))
    assert [item["id"] for item in listed] == expected["ids"]
    assert [item["id"] for item in listed if item["read_at"]] == expected["read"]
    if "titles" in expected:
        assert [item["title"] for item in listed] == expected["titles"]
    assert client.cursor == expected["cursor"]
    assert client.badge("unread") == expected["unread"]
    assert client.badge("unseen") == expected["unseen"]
    assert client.wants_resume == expected["behind"]


def test_the_files_know_every_field_of_an_item_and_every_frame() -> None:
    assert set(Item.__annotations__) <= set(BASE)
    said = {frame["type"] for path in FILES for frame in json.loads(path.read_text())["frames"]}
    assert said <= {frame.type for frame in Frame.__subclasses__()}
    assert said >= {"notifications", "change", "broadcast", "sync", "heartbeat"}
