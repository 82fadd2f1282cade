"""docs/browser.md: its tables name what the client has, and its examples run."""

import re
from typing import Any

import pytest

from tests.docs.pages import ROOT, blocks, code, named, page, section, table
from tests.js.node import needs_node, run_node

TEXT = page("browser.md")
TYPES = (ROOT / "notifications/static/clarion/client.d.ts").read_text()
STATIC = ROOT / "notifications/static/clarion"
SOURCES = ROOT / "notifications/javascript"
ELEMENTS = "".join(
    path.read_text() for path in sorted((SOURCES / "inbox").iterdir()) if path.is_file()
)
CLIENT = (SOURCES / "client.js").read_text()


def members(declaration: str) -> set[str]:
    """Return the names of what a class or an interface declares."""
    body = re.search(rf"^export {declaration}\b.*?\{{\n(.*?)^\}}", TYPES, re.DOTALL | re.MULTILINE)
    assert body, declaration
    return set(re.findall(r"^  (?:readonly )?(\w+)\??[(<:]", body[1], re.MULTILINE))


def test_lists_of_ones_own() -> None:
    details = table(section(TEXT, "## Lists of your own"), "detail")
    assert named(details) == members("interface Changes")


def test_options() -> None:
    assert named(table(TEXT, "option")) == members("interface Options")


def test_events() -> None:
    events = table(section(TEXT, "## Events"), "event")
    assert named(events) == members("interface ClarionEvents")
    assert named(events) == set(re.findall(r"^ \* - `(\w+)`", CLIENT, re.MULTILINE))
    for name, detail, _ in events:
        declared = re.search(rf"  {name.strip('`')}: CustomEvent<(.*)>;", TYPES)
        assert declared
        fields = set(re.findall(r"(\w+):", declared[1]))
        if declared[1].isidentifier():
            fields = members(f"interface {declared[1]}")
        assert set(code(detail)) == fields, name
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


def test_what_is_said_of_the_elements() -> None:
    said = section(TEXT, "## The elements")
    declared = (STATIC / "inbox.d.ts").read_text()
    assert named(table(said, "raised")) == set(re.findall(r'"([\w-]+)": CustomEvent', declared))
    for name, detail, _ in table(said, "raised"):
        fields = re.search(rf'"{name.strip("`")}": CustomEvent<(.*)>;', declared)
        assert fields
        assert set(code(detail)) == set(re.findall(r"(\w+):", fields[1])), name
    read = r'this\.(?:get|has)Attribute\("([\w-]+)"|observedAttributes = \["(\w+)"|:host\(\[(\w+)='
    found = {name for names in re.findall(read, ELEMENTS) for name in names if name}
    attributes = {name for row in table(said, "element") for name in code(row[1])}
    properties = {"client", "drawn", "item", "filter", "open"}
    properties |= {"readAll", "shows", "undo", "show", "close"}
    assert attributes - properties | {"filter"} == found
    assert attributes >= properties
    looks = named(table(said, "property"))
    assert looks == set(re.findall(r"var\((--clarion-[\w-]+)", ELEMENTS))
    slots = set(re.findall(r'h\("slot", \{ name: "(\w+)"', ELEMENTS))
    assert slots <= set(code(said))


def test_parts() -> None:
    told = named(table(TEXT, "part"))
    given = set(re.findall(r'part: "([\w-]+)"', ELEMENTS))
    given |= set(re.findall(r'(?:button|link)\("([\w-]+)"', ELEMENTS))
    given |= set(re.findall(r'part\.toggle\("([\w-]+)"', ELEMENTS)) | {"inbox"}
    assert told == given
    # A page styles them through the bell as well.
    through = re.search(r'const PARTS = "(.*)";', ELEMENTS)
    assert through
    assert set(through[1].split()) == told - {"bell", "badge", "panel", "inbox", "all"} - {
        *("toasts", "toast", "close")
    }


@needs_node
@pytest.mark.django_db
@pytest.mark.any_database
def test_a_frame_of_ones_own(admin_client: Any, settings: Any) -> None:
    text = section(TEXT, "## The pages in a site of your own")
    theirs = (
        "<head>{% block extra_head %}{% endblock %}</head>"
        "<h1>Shop</h1>{% block main %}{% endblock %}"
    )
    (frame,) = blocks(text, "django")
    engine = {name: value for name, value in settings.TEMPLATES[0].items() if name != "APP_DIRS"}
    loaders = [
        (
            "django.template.loaders.locmem.Loader",
            {"base.html": theirs, "clarion/base.html": frame},
        ),
        "django.template.loaders.app_directories.Loader",
    ]
    settings.TEMPLATES = [engine | {"OPTIONS": engine["OPTIONS"] | {"loaders": loaders}}]
    for address in ("/inbox/", "/inbox/choices/"):
        drawn = admin_client.get(address).content.decode()
        head, _, body = drawn.partition("</head><h1>Shop</h1>")
        for sheet in ("page", "noscript", "plain"):
            assert f"/static/clarion/{sheet}.css" in head
        assert '<div class="columns">' in body
    pages = [
        (ROOT / "notifications/templates/clarion" / name) for name in ("base.html", "inbox.html")
    ]
    known = {name for each in pages for name in re.findall(r"{% block (\w+) %}", each.read_text())}
    assert named(table(text, "block")) == known


def test_the_examples_do_what_is_said_of_them() -> None:
    run_node(ROOT / "tests" / "js" / "examples.mjs")
