"""docs/browser.md: its tables name what the client has, and its examples run."""

import re

from tests.docs.pages import ROOT, code, named, page, section, table
from tests.js.node import needs_node, run_node

TEXT = page("browser.md")
TYPES = (ROOT / "notifications/static/clarion/client.d.ts").read_text()
CLIENT = (ROOT / "notifications/static/clarion/client.js").read_text()


def members(declaration: str) -> set[str]:
    """Return the names of what a class or an interface declares."""
    body = re.search(rf"^export {declaration}\b.*?\{{\n(.*?)^\}}", TYPES, re.DOTALL | re.MULTILINE)
    assert body, declaration
    return set(re.findall(r"^  (?:readonly )?(\w+)\??[(<:]", body[1], re.MULTILINE))


def test_options() -> None:
    assert named(table(TEXT, "option")) == members("interface Options")


def test_events() -> None:
    events = table(section(TEXT, "## Events"), "event")
    assert named(events) == members("interface ClarionEvents")
    assert named(events) == set(re.findall(r"^ \* - `(\w+)`", CLIENT, re.MULTILINE))
    for name, detail, _ in events:
        declared = re.search(rf"  {name.strip('`')}: CustomEvent<(.*)>;", TYPES)
        assert declared
        fields = {"Counts": "unread: ; unseen: "}.get(declared[1], declared[1])
        assert set(code(detail)) == set(re.findall(r"(\w+):", fields)), name
    statuses = re.search(r"type Status = (.*);", TYPES)
    assert statuses
    listed = next(row for row in events if row[0] == "`status`")
    assert set(code(listed[2])) == set(re.findall(r'"(\w+)"', statuses[1]))


def test_every_method_and_property_is_told_of() -> None:
    told = set(re.findall(r"\w+", " ".join(code(TEXT)))) | {"start", "cursor", "status"}
    inherited = {"constructor", "addEventListener", "removeEventListener"}
    assert members("class ClarionClient") - inherited <= told
    methods = named(table(TEXT, "method"))
    assert methods <= members("class ClarionClient")


@needs_node
def test_the_examples_do_what_is_said_of_them() -> None:
    run_node(ROOT / "tests" / "js" / "examples.mjs")
