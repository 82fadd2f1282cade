"""`client.d.ts`: it compiles, says what `client.js` has, and knows the item as the server does."""

import json
from pathlib import Path

from notifications.wire.frames import Item
from tests.js.node import TYPESCRIPT, needs_typescript, run_node

HERE = Path(__file__).parent
OPTIONS = [
    *("--noEmit", "--strict", "--target", "es2022", "--module", "nodenext"),
    *("--lib", "es2022,dom,dom.iterable"),
]


@needs_typescript
def test_whoever_uses_it_is_checked() -> None:
    run_node(TYPESCRIPT / "bin" / "tsc", *OPTIONS, HERE / "usage.ts")


@needs_typescript
def test_it_declares_what_there_is() -> None:
    fields = set(json.loads(run_node(HERE / "types.mjs")))
    assert fields >= set(Item.__annotations__)
