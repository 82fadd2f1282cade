"""Catalogues of translations, and the texts in code and templates that belong into them."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

# For each way to mark a text, what its arguments are.
MARKS = {
    "_": ("text",),
    "gettext": ("text",),
    "gettext_lazy": ("text",),
    "gettext_noop": ("text",),
    "ngettext": ("text", "plural"),
    "ngettext_lazy": ("text", "plural"),
    "pgettext": ("context", "text"),
    "pgettext_lazy": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
    "npgettext_lazy": ("context", "text", "plural"),
}
LITERAL = r"""u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
# What Django makes of the tags of a template, for xgettext to read.
MARKED = re.compile(rf" (\w+)\(({LITERAL}(?:, {LITERAL})*)(?:, count)?\) ")


class Text(NamedTuple):
    """What is looked up in a catalogue."""

    text: str
    plural: str = ""
    context: str = ""


def entries(po: Path) -> dict[Text, list[str]]:
    """Return the translations in a `.po` file, without its header."""
    found: dict[Text, list[str]] = {}
    for block in po.read_text().split("\n\n"):
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if match := re.match(r'(msg\w+(?:\[\d+\])?) (".*")$', line):
                name = match[1]
                parts[name] = ast.literal_eval(match[2])
            elif line.startswith('"'):
                parts[name] += ast.literal_eval(line)
        text = Text(parts["msgid"], parts.get("msgid_plural", ""), parts.get("msgctxt", ""))
        if text.text:
            assert text not in found, text
            found[text] = [said for part, said in parts.items() if part.startswith("msgstr")]
    return found


def compiled(mo: Path) -> dict[str | tuple[str, int], str]:
    """Return what a `.mo` file holds, without its header, by what Python looks up."""
    with mo.open("rb") as file:
        held = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: said for key, said in held.items() if key}


def looked_up(found: dict[Text, list[str]]) -> dict[str | tuple[str, int], str]:
    """Return translations by what Python looks up."""
    flat: dict[str | tuple[str, int], str] = {}
    for text, said in found.items():
        key = f"{text.context}\x04{text.text}" if text.context else text.text
        for number, form in enumerate(said):
            flat[(key, number) if text.plural else key] = form
    return flat


def marked(folder: Path) -> set[Text]:
    """Return the texts that are marked in the code and the templates below a folder."""
    found: set[Text] = set()
    for path in folder.rglob("*.py"):
        found.update(_in_code(path))
    for path in folder.rglob("*.html"):
        found.update(_in_template(path))
    return found


def _in_code(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            roles = MARKS.get(node.func.id, ())
            given = [arg.value for arg in node.args if isinstance(arg, ast.Constant)]
            # Others look up what was marked elsewhere.
            if roles and len(given) >= len(roles):
                yield Text(**dict(zip(roles, map(str, given), strict=False)))


def _in_template(path: Path) -> Iterator[Text]:
    for name, arguments in MARKED.findall(templatize(path.read_text())):
        given = ast.literal_eval(f"({arguments},)")
        yield Text(**dict(zip(MARKS[name], given, strict=True)))
