"""docs/promises.md names tests that exist and attack that promise, and code that exists."""

import re
import tomllib

import pytest

from tests.docs.pages import ROOT, functions, page, section

TEXT = page("promises.md")
HEADINGS = re.findall(r"^## (\d)\. .*$", TEXT, re.MULTILINE)
NUMBERS = range(1, 9)


def promise(number: int) -> str:
    heading = next(line for line in TEXT.splitlines() if line.startswith(f"## {number}. "))
    return section(TEXT, heading)


def red_without(text: str) -> list[tuple[str, str, str, str]]:
    """Return code, its file, the test's file and the test's name."""
    return re.findall(r"^- `([^`]+)` in `([\w/.]+)`:\s+`([\w/.]+)::(\w+)`", text, re.MULTILINE)


def test_promises_are_those_of_the_markers_and_the_readme() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]
    markers = re.findall(r"promise_(\d):", " ".join(settings["ini_options"]["markers"]))
    assert markers == HEADINGS == [str(number) for number in NUMBERS]
    readme = section((ROOT / "README.md").read_text(), "## What you can rely on")
    assert re.findall(r"^(\d)\. ", readme, re.MULTILINE) == HEADINGS


@pytest.mark.parametrize("number", NUMBERS)
def test_attackers_bear_the_mark(number: int) -> None:
    attacked = re.search(r"^Attacked by (.*?)\.$", promise(number), re.DOTALL | re.MULTILINE)
    assert attacked
    files = re.findall(r"`(tests/[\w/]+\.py)`", attacked[1])
    assert files
    if "as far as" not in attacked[1]:
        for name in files:
            assert f"promise_{number}" in (ROOT / name).read_text(), name


@pytest.mark.parametrize("number", NUMBERS)
def test_what_turns_them_red_is_there(number: int) -> None:
    text = promise(number)
    rows = red_without(text)
    assert len(rows) == text.count("\n- `")
    for code, file, test_file, test in rows:
        assert code in (ROOT / file).read_text(), f"{file}: {code}"
        assert test in functions(ROOT / test_file), test
