"""The lock files: complete, verifiable by pip alone, and free of anybody's addresses."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {"requirements.txt": ("run",), "requirements-dev.txt": ("run", "dev")}
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==([^ ;\\]+)")


def pins(text: str) -> dict[str, str]:
    return {m[1]: m[2] for line in text.splitlines() if (m := PIN.match(line))}


@pytest.mark.parametrize("name", LOCKS)
def test_names_no_address_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"(^|\s)(--(?!hash=sha256:)|/|\.\.?/|file:|-e )", text, re.MULTILINE)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text())
    without = [block.splitlines()[0] for block in blocks[1:] if "--hash=sha256:" not in block]
    assert not without


@pytest.mark.parametrize(("name", "extras"), LOCKS.items())
def test_covers_the_direct_dependencies(name: str, extras: tuple[str, ...]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    locked = pins((ROOT / name).read_text())
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        assert version, f"{requirement.name} is not locked: make lock"
        assert version in requirement.specifier, f"{requirement} is locked at {version}: make lock"


def test_running_and_developing_use_the_same_versions() -> None:
    running, everything = (pins((ROOT / name).read_text()) for name in LOCKS)
    assert running.items() <= everything.items()
