"""Static files as they are in production: each module under a hashed name, and so its imports."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from notifications import __file__ as package

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


def test_every_module_imports_hashed_names_that_are_there(collected: Path) -> None:
    modules = [path for path in collected.rglob("*.js") if HASHED.search(path.name)]
    names = {path.name.partition(".")[0] for path in modules}
    assert names >= {"inbox", "list", "words", "client", "mailbox", "connection", "tabs"}
    imported = set()
    for module in modules:
        for target in IMPORT.findall(module.read_text()):
            assert HASHED.search(target), (module.name, target)
            path = (module.parent / target).resolve()
            assert path.exists(), (module.name, target)
            assert Path(f"{path}.gz").exists() or path.stat().st_size < 200
            imported.add(path)
    parts = {path.resolve() for path in modules if path.parent != collected}
    assert parts <= imported
