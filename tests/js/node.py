"""Node, for tests of what runs in browsers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "notifications" / "static"
NODE = shutil.which("node")
SOURCES = ROOT / "notifications" / "javascript"
PACKAGES = ROOT / "node_modules"
TYPESCRIPT = PACKAGES / "typescript"

# A developer without Node still tests everything else; CI must not pass by leaving this out.
needs_node = pytest.mark.skipif(
    NODE is None and not os.environ.get("CI"), reason="node is not installed"
)
needs_packages = pytest.mark.skipif(
    (NODE is None or not PACKAGES.exists()) and not os.environ.get("CI"),
    reason="the packages of package.json are not installed: npm ci",
)


def run_node(*arguments: str | Path) -> str:
    """Return what node printed; fails with all of it if node did."""
    assert NODE, "CI needs node"
    done = subprocess.run([NODE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
