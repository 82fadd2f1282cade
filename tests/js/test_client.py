"""`client.js` under Node's own test runner, its close codes beside the server's, and its size."""

import gzip
import json
import re
import sys
from pathlib import Path

import pytest

from notifications.wire.close_codes import CLOSE_CODES
from tests.js.node import SOURCES, STATIC, needs_node, needs_packages, run_node

HERE = Path(__file__).parent
CLIENT = SOURCES / "client.js"
# The second imports the first.
BUILT = [STATIC / "clarion" / "client.js", STATIC / "clarion" / "inbox.js"]
PARTS = [CLIENT, *sorted((CLIENT.parent / "client").glob("*.js"))]
SUITES = sorted(HERE.glob("*.test.mjs"))

# Bytes over the network, of client.js and of both: whoever makes them grow should notice.
CEILINGS = {"client.js": 9_300, "inbox.js": 25_000}


@needs_node
@pytest.mark.parametrize("path", SUITES, ids=[path.name.partition(".")[0] for path in SUITES])
def test_the_client_by_itself(path: Path) -> None:
    run_node("--test", path)


@needs_node
def test_client_and_server_have_the_same_close_codes() -> None:
    script = f"""
        import {{ CLOSE_CODES }} from {json.dumps(CLIENT.as_uri())};
        console.log(JSON.stringify(CLOSE_CODES));
    """
    theirs = json.loads(run_node("--input-type=module", "--eval", script))
    ours = {code.name: {"number": code.number, "reconnect": code.reconnect} for code in CLOSE_CODES}
    assert theirs == ours


@needs_packages
def test_what_browsers_load_is_built_of_the_sources() -> None:
    script = f"""
        import {{ bundle }} from {json.dumps((SOURCES / "bundle.mjs").as_uri())};
        console.log(JSON.stringify(await bundle()));
    """
    built = json.loads(run_node("--input-type=module", "--eval", script))
    assert set(built) == {path.name for path in BUILT}
    stale = [path.name for path in BUILT if path.read_text() != built[path.name]]
    assert not stale, "make bundle has to be run"


def test_their_size(capsys: pytest.CaptureFixture[str]) -> None:
    total = 0
    for path in BUILT:
        total += len(gzip.compress(path.read_bytes(), 9))
        with capsys.disabled():
            sys.stdout.write(f"\nUp to {path.name}: {total:,} bytes gzipped\n")
        assert total <= CEILINGS[path.name]


def without_comments(source: str) -> str:
    """Return the code alone; good enough to weigh it, not to run it."""
    source = re.sub(r"/\*\*.*?\*/", "", source, flags=re.DOTALL)
    source = re.sub(r"(^|\s)//.*", "", source)
    return re.sub(r"\n\s*", "\n", source)


def test_it_needs_no_document() -> None:
    for path in PARTS:
        if path.name != "environment.js":  # which tells of the events of a page, where there is one
            assert not re.search(r"\b(document|window|navigator|localStorage)\b", code(path)), path


def code(path: Path) -> str:
    """Return a part without its comments."""
    return without_comments(path.read_text())
