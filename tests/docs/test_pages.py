"""Links lead somewhere; names of files and tests are those of files and tests."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, blocks, functions, page, prose, table

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
# What is written like a path of this checkout: a known top folder and a file in it.
FILE = re.compile(
    r"`((?:notifications|project|workers|tests|docs|benchmarks)/[\w/.-]+\.\w+|\w+\.py|Procfile|Makefile)"
    r"(?:::(\w+))?`"
)
by_name = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)


@by_name
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(prose(path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name}: {target}"
        if anchor:
            assert anchor in anchors(file.read_text()), f"{path.name}: {target}"


@by_name
def test_files_and_tests_exist(path: Path) -> None:
    for name, test in FILE.findall(path.read_text()):
        places = (
            [ROOT / name] if "/" in name else [ROOT / name, *ROOT.glob(f"notifications/**/{name}")]
        )
        places += [*ROOT.glob(f"docs/{name}")]
        if name in ("notification_types.py", "conftest.py"):  # of the reader's
            continue
        assert any(place.exists() for place in places), f"{path.name}: {name}"
        if test:
            assert test in functions(ROOT / name), f"{path.name}: {name}::{test}"


@by_name
def test_python_compiles(path: Path) -> None:
    for number, block in enumerate(blocks(path.read_text(), "python")):
        ast.parse(block, f"{path.name}, block {number}")


def test_architecture_opens_with_a_row_for_each_part_of_channels() -> None:
    text = page("architecture.md")
    rows = table(text, "part of Channels and Celery")
    assert text.index("| part of Channels") < text.index("\n## ")
    assert [row[0] for row in rows] == [
        "consumer",
        "routing",
        "`AuthMiddlewareStack`",
        "group",
        "channel layer",
        "sending from a task, a command, a signal",
        "sync or async",
        "HTTP for CRUD",
        "reconnection and state",
    ]
    for part, what, places, tests in rows:
        assert what, part
        assert FILE.findall(places), part
        assert all(name.startswith("tests/") for name, _ in FILE.findall(tests)), part
        assert FILE.findall(tests), part


def test_every_page_is_reached_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    for path in (ROOT / "docs").glob("*.md"):
        assert f"docs/{path.name}" in readme, f"README.md does not lead to {path.name}"


def test_changelog_says_what_is_coming() -> None:
    assert re.search(r"^## Unreleased$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_contributing_and_makefile_agree() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in PAGES:
        named = set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.MULTILINE))
        assert named <= targets, path.name
