"""Static files as they are in production: each module under a hashed name, and so its imports."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from notifications import __file__ as package
from tests.support.processes import Processes

pytestmark = pytest.mark.any_database

ROOT = Path(package).parents[1]
IMPORT = re.compile(r"""(?:\bfrom\s*|\bimport\s*)["'](\.[^"']+)["']""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.js$")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `collectstatic` fills with the production's settings."""
    folder = tmp_path_factory.mktemp("static")
    environment = os.environ | {
        "STATIC_ROOT": str(folder),
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DEBUG": "0",
        "ALLOWED_HOSTS": "clarion.example",
        "CSRF_TRUSTED_ORIGINS": "https://clarion.example",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "clarion"


def test_each_module_imports_hashed_names_that_are_there(collected: Path) -> None:
    inbox, client = (
        next(path for path in collected.glob(f"{name}.*.js") if HASHED.search(path.name))
        for name in ("inbox", "client")
    )
    assert imports(inbox) == {client}
    assert imports(client) == set()
    for path in (inbox, client):
        assert Path(f"{path}.gz").exists()


def test_as_they_are_served(collected: Path, processes: Processes) -> None:
    """Hashed names are kept for ever; the name without a hash is an address to rely on."""
    site = processes.web(
        DEBUG="0",
        ALLOWED_HOSTS="127.0.0.1",
        SECURE_SSL_REDIRECT="0",
        STATIC_ROOT=str(collected.parent),
    )
    hashed = next(path for path in collected.glob("client.*.js") if HASHED.search(path.name))
    for path in (hashed, collected / "client.js", collected / "inbox.js"):
        address = f"{site.url}/static/{path.relative_to(collected.parent)}"
        asking = {"Accept-Encoding": "gzip", "Origin": "https://shop.example"}
        with urlopen(Request(address, headers=asking), timeout=10) as answer:
            headers, body = answer.headers, answer.read()
        # Module scripts of pages elsewhere need this; nothing in them is anybody's.
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Content-Type"].startswith("text/javascript")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Cross-Origin-Resource-Policy" not in headers
        kept = headers["Cache-Control"]
        if path == hashed:
            assert "immutable" in kept
            assert "max-age=315360000" in kept
        else:
            # Soon asked for again, and then mostly not changed.
            assert "max-age=60," in kept
            again = {"If-Modified-Since": headers["Last-Modified"]}
            with pytest.raises(HTTPError, match="304"):
                urlopen(Request(address, headers=again), timeout=10)
        assert headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(body) == path.read_bytes()


def test_what_other_pages_load_imports_stable_names(collected: Path) -> None:
    """Of one release both, and served beside each other."""
    assert imports(collected / "inbox.js") == {collected / "client.js"}


def imports(module: Path) -> set[Path]:
    """Return the files that a module imports; fails if one is not there."""
    found = {(module.parent / target).resolve() for target in IMPORT.findall(module.read_text())}
    assert all(path.exists() for path in found), found
    return found
