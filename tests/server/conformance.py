"""uvicorn's own tests of its WebSocket protocols, with ours in the place of websockets-sansio.

They come with uvicorn's source distribution, of the version that is installed here, and run in an
environment of their own, as they need more than ours has. `make conformance ARGS="-x"`.
"""

import subprocess
import sys
import tarfile
import tempfile
import venv
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
SAME = ("uvicorn", "websockets", "httptools", "h11")
MORE = ("a2wsgi", "anyio", "cryptography", "httpx2", "pytest", "pytest-mock")
MORE += ("pytest-xdist[psutil]", "trustme", "wsproto", "zttp")

THEIRS = "uvicorn.protocols.websockets.websockets_sansio_impl"
# What the suite says, and what it is to say.
INSTEAD = {
    "tests/conftest.py": {
        f"{THEIRS}:WebSocketsSansIOProtocol": "notifications.live.server:LiveWebSocketProtocol",
        "uvicorn.protocols.http.h11_impl:H11Protocol": "notifications.live.server:LiveHttpProtocol",
    },
    "tests/protocols/test_websocket.py": {
        f"from {THEIRS} import WebSocketsSansIOProtocol": (
            "from notifications.live.server import LiveWebSocketProtocol"
            " as WebSocketsSansIOProtocol"
        ),
        '"WebSocketsSansIOProtocol"': '"LiveWebSocketProtocol"',
    },
}


def run(arguments: list[str]) -> int:
    """Return pytest's exit code."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        work = Path(folder)
        venv.create(work / "venv", with_pip=True)
        python = work / "venv/bin/python"
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        same = [f"{name}=={version(name)}" for name in SAME]
        subprocess.run([*pip, "install", *same, *MORE], check=True)
        source = ["--no-deps", "--no-binary", ":all:", "--dest", folder, same[0]]
        subprocess.run([*pip, "download", *source], check=True)
        with tarfile.open(next(work.glob("uvicorn-*.tar.gz"))) as archive:
            archive.extractall(work, filter="data")
        suite = next(work.glob("uvicorn-*/"))
        for name, words in INSTEAD.items():
            text = (suite / name).read_text()
            for before, after in words.items():
                if before not in text:
                    raise SystemExit(f"{name} does not say {before!r} any more")
                text = text.replace(before, after)
            (suite / name).write_text(text)
        # Only our package, and the installed uvicorn rather than the one beside the tests.
        (work / "ours").mkdir()
        (work / "ours/notifications").symlink_to(ROOT / "notifications")
        (suite / "uvicorn").rename(suite / "uvicorn-source")
        return subprocess.run(
            [
                *(str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider"),
                *("tests/protocols/test_websocket.py", "-k", "not wsproto", *arguments),
            ],
            cwd=suite,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(work / "ours")},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
