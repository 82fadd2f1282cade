"""`client.d.ts`: it compiles, says what `client.js` has, and knows the item as the server does.

And `inbox.d.ts`.
"""

import json
import re
from pathlib import Path

from notifications.wire.frames import Item
from tests.js.node import SOURCES, STATIC, TYPESCRIPT, needs_packages, run_node

HERE = Path(__file__).parent
OPTIONS = [
    *("--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"),
    *("--lib", "es2022,dom,dom.iterable"),
]


@needs_packages
def test_whoever_uses_it_is_checked() -> None:
    run_node(TYPESCRIPT / "bin" / "tsc", *OPTIONS, HERE / "usage.ts", HERE / "inbox_usage.ts")


@needs_packages
def test_it_declares_what_there_is() -> None:
    fields = set(json.loads(run_node(HERE / "types.mjs")))
    assert fields >= set(Item.__annotations__)


def test_what_it_declares_of_the_elements_is_there() -> None:
    declared = (STATIC / "clarion" / "inbox.d.ts").read_text()
    parts = {
        "NotificationInbox": "list",
        "NotificationBell": "bell",
        "NotificationToasts": "toasts",
    }
    for name, part in parts.items():
        source = (SOURCES / "inbox" / f"{part}.js").read_text()
        body = re.search(rf"export class {name} .*?{{(.*?)}}\n", declared, re.DOTALL)
        assert body, name
        members = re.findall(r"^  (?:readonly )?(\w+)(\??)", body[1], re.MULTILINE)
        public = set(re.findall(r"^  (?:async |get )?([a-z]\w*)\(", source, re.MULTILINE))
        # What the browser calls, and what every element has.
        public -= {"start", "draw", "focus", "attributeChangedCallback"}
        assert {member for member, optional in members if not optional} == public, name
    events = set(re.findall(r'new CustomEvent\("([\w-]+)"', elements()))
    assert events == set(re.findall(r'"([\w-]+)": CustomEvent', declared))
    exported = re.findall(r"^export (?:class|function) (\w+)", declared, re.MULTILINE)
    entry = re.search(r"^export \{ (.*) \};", (SOURCES / "inbox.js").read_text(), re.MULTILINE)
    assert entry
    assert set(entry[1].split(", ")) == set(exported)


def elements() -> str:
    """Return the source of all parts."""
    return "".join(path.read_text() for path in sorted((SOURCES / "inbox").glob("*.js")))
