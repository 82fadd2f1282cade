"""Reading the pages: sections, tables, code blocks, names."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def page(name: str) -> str:
    """Return the text of a page of docs/."""
    return (ROOT / "docs" / name).read_text()


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    lines = text.splitlines()
    level = heading.split(" ", maxsplit=1)[0]
    start = lines.index(heading) + 1
    for end, line in enumerate(lines[start:], start):
        if re.match(rf"#{{1,{len(level)}}} ", line):
            return "\n".join(lines[start:end])
    return "\n".join(lines[start:])


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows of the tables whose first column is called `first`."""
    rows: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            rows.append(cells)
    return rows


def prose(text: str) -> str:
    """Return the text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def code(text: str) -> list[str]:
    """Return what is marked as code within lines."""
    return re.findall(r"`([^`\n]+)`", prose(text))


def named(rows: list[list[str]]) -> set[str]:
    """Return what the first cells of rows mark as code."""
    return {name for row in rows for name in code(row[0])}


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)", prose(text), re.MULTILINE)
    slugs = (re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)
    return set(slugs)


def functions(path: Path) -> set[str]:
    """Return the names of a test file's functions."""
    tree = ast.parse(path.read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
