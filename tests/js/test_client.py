"""`client.js` under Node's own test runner, and its close codes beside the server's."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from notifications.wire.close_codes import CLOSE_CODES

HERE = Path(__file__).parent
CLIENT = HERE.parents[1] / "notifications" / "static" / "clarion" / "client.js"
NODE = shutil.which("node")

# A developer without Node still tests everything else; CI must not pass by leaving this out.
pytestmark = pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="node is not installed"
)


def run_node(*arguments: str) -> str:
    """Return what node printed; fails with all of it if node did."""
    assert NODE, "CI needs node"
    done = subprocess.run([NODE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_client_by_itself() -> None:
    run_node("--test", str(HERE / "client.test.mjs"))


def test_client_and_server_have_the_same_close_codes() -> None:
    script = f"""
        import {{ CLOSE_CODES }} from {json.dumps(CLIENT.as_uri())};
        console.log(JSON.stringify(CLOSE_CODES));
    """
    theirs = json.loads(run_node("--input-type=module", "--eval", script))
    ours = {code.name: {"number": code.number, "reconnect": code.reconnect} for code in CLOSE_CODES}
    assert theirs == ours
