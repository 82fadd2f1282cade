"""`client.js` under Node's own test runner, its close codes beside the server's, and its size."""

import gzip
import json
import re
import sys
from pathlib import Path

import pytest

from notifications.wire.close_codes import CLOSE_CODES
from tests.js.node import STATIC, needs_node, run_node

HERE = Path(__file__).parent
CLIENT = STATIC / "clarion" / "client.js"
INBOX = STATIC / "clarion" / "inbox.js"
ELEMENTS = [INBOX, *sorted((INBOX.parent / "inbox").glob("*.js"))]
PARTS = [CLIENT, *sorted((CLIENT.parent / "client").glob("*.js"))]
SUITES = sorted(HERE.glob("*.test.mjs"))

# Bytes over the network; without comments and indents, as whoever bundles it has it.
CEILING = 18_500
BARE_CEILING = 12_000
# With the elements.
BOTH_CEILING = 42_000
BOTH_BARE_CEILING = 26_000


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


@pytest.mark.parametrize(
    ("name", "parts", "ceiling", "bare_ceiling"),
    [
        ("client.js", PARTS, CEILING, BARE_CEILING),
        ("client.js and inbox.js", [*PARTS, *ELEMENTS], BOTH_CEILING, BOTH_BARE_CEILING),
    ],
)
def test_their_size(
    capsys: pytest.CaptureFixture[str],
    name: str,
    parts: list[Path],
    ceiling: int,
    bare_ceiling: int,
) -> None:
    sources = [path.read_text() for path in parts]
    served = sum(len(gzip.compress(source.encode(), 9)) for source in sources)
    bare = len(gzip.compress("".join(map(without_comments, sources)).encode(), 9))
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {served:,} bytes gzipped, {bare:,} in one piece and bare\n")
    assert served <= ceiling
    assert bare <= bare_ceiling


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
