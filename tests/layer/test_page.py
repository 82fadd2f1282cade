"""docs/live-layer.md has every setting, method and figure, and no other."""

import dataclasses
import inspect

from notifications.live.layer import LiveChannelLayer
from notifications.live.loop_layer import LoopLayer, Stats
from tests.docs.pages import code, named, page, section, table

TEXT = page("live-layer.md")
# What subscriptions call.
INTERNAL = {"message", "acknowledged", "lost", "regained"}


def methods(cls):
    return {name for name, _ in inspect.getmembers(cls, inspect.isfunction) if name[0] != "_"}


def test_settings_and_their_defaults():
    parameters = dict(inspect.signature(LiveChannelLayer).parameters)
    for row in table(section(TEXT, "## Settings"), "key"):
        for name in code(row[0]):
            assert str(parameters.pop(name).default) == row[1].strip("`"), name
    assert not parameters


def test_methods():
    rows = table(section(TEXT, "## Sinks"), "")
    assert {name.split("(")[0] for name in named(rows)} == methods(LoopLayer) - INTERNAL
    both = methods(LiveChannelLayer) & methods(LoopLayer)
    for name in methods(LiveChannelLayer) - both - {"serialize", "deserialize"}:
        assert f"{name}(" in TEXT or name in {"checked", "group_name", "shard_index"}, name


def test_figures():
    figures = {field.name for field in dataclasses.fields(Stats)}
    assert named(table(section(TEXT, "## Figures"), "figure")) == figures
