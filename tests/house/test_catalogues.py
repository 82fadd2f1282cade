"""The catalogues have every text, in full, and what is compiled is what is written."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from notifications.texts import COUNTED, TEXTS, texts
from tests.js.node import needs_node, run_node
from tests.support.catalogues import Text, compiled, entries, looked_up, marked

ROOT = Path(settings.BASE_DIR)
FOLDERS = [ROOT / "notifications", ROOT / "project"]
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
CATALOGUES = [
    folder / "locale" / code / "LC_MESSAGES" / "django.po"
    for folder in FOLDERS
    for code in LANGUAGES
]
TEMPLATES = [path for folder in FOLDERS for path in sorted(folder.rglob("*.html"))]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+>")
# Texts that are marked, names of classes, comments, tags.
MARKED = re.compile(
    r"\{% blocktranslate.*?\{% endblocktranslate %\}"
    r"|\{% block (?:body_?class|coltype) %\}.*?\{% endblock %\}"
    r"|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}",
    re.DOTALL,
)
each_catalogue = pytest.mark.parametrize("po", CATALOGUES, ids=lambda po: str(po.relative_to(ROOT)))
each_template = pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT))
)


@each_catalogue
def test_every_text_is_in_the_catalogue_and_nothing_else(po: Path) -> None:
    texts, known = marked(po.parents[3]), set(entries(po))
    assert len(texts) > 30
    assert not texts - known, "make messages, and translate"
    assert not known - texts, "make messages"


@each_catalogue
def test_every_text_is_translated_in_full(po: Path) -> None:
    assert not re.search(r"^#,.*fuzzy|^#~", po.read_text(), re.MULTILINE)
    plurals = re.search(r"nplurals=(\d)", po.read_text())
    assert plurals
    for text, said in entries(po).items():
        assert len(said) == (int(plurals[1]) if text.plural else 1), text
        assert all(said), text


@each_catalogue
def test_translations_have_the_placeholders_of_their_texts(po: Path) -> None:
    for text, said in entries(po).items():
        wanted = sorted(PLACEHOLDER.findall(text.plural or text.text))
        # One thing may be said without its number.
        for form in said[1:] if text.plural else said:
            assert sorted(PLACEHOLDER.findall(form)) == wanted, text
        assert set(PLACEHOLDER.findall(said[0])) <= set(wanted), text


@each_catalogue
def test_what_is_compiled_is_what_is_written(po: Path) -> None:
    assert compiled(po.with_suffix(".mo")) == looked_up(entries(po)), "make messages"


@pytest.mark.parametrize("code", LANGUAGES)
def test_catalogues_agree(code: str) -> None:
    # The one of the site stands before all others.
    first, second = (
        entries(folder / "locale" / code / "LC_MESSAGES" / "django.po") for folder in FOLDERS
    )
    assert {text: (first[text], second[text]) for text in first if text in second} == {
        text: (first[text], first[text]) for text in first if text in second
    }


@each_template
def test_a_template_says_nothing_that_is_not_marked(path: Path) -> None:
    assert visible(path.read_text()) == []


def test_what_is_not_marked_is_noticed() -> None:
    said = """{% if a %}<p title="Tip">One{% endif %}</p><input type="submit" value="Go">"""
    marked_too = """{% translate "Two" %}{% blocktranslate %}Three{% endblocktranslate %}"""
    assert visible(said + marked_too) == ["Tip", "One", "Go"]


def test_the_elements_know_their_texts() -> None:
    folder = ROOT / "notifications/javascript/inbox"
    scripts = [path.read_text() for path in folder.glob("*.js") if path.name != "words.js"]
    words = (folder / "words.js").read_text()
    said = "".join([*scripts, words.partition("export class")[2]])
    client = (ROOT / "notifications/static/clarion/client.d.ts").read_text()
    known = TEXTS.keys() | COUNTED.keys()
    states = {name for name in TEXTS if f'"{name}"' in client and name != "unread"}
    assert {"connecting", "live", "reconnecting", "offline", "signed_out", "stopped"} <= states
    # Some names are put together: of levels and of filters.
    composed = {name for name in TEXTS if name.startswith(("level_", "filter_"))}
    assert {name for name in known if f'"{name}"' in said} | states | composed == known
    for arguments in re.findall(r"\b(?:say|text|words\.say)\(([^{}()]*?)(?:, \{|\))", said):
        assert set(re.findall(r'"(\w+)"', arguments)) <= known


@needs_node
def test_pages_without_texts_say_the_same_in_english() -> None:
    words = ROOT / "notifications/javascript/inbox/words.js"
    script = f"""
        import {{ ENGLISH }} from {json.dumps(words.as_uri())};
        console.log(JSON.stringify(ENGLISH));
    """
    with translation.override("en"):
        assert json.loads(run_node("--input-type=module", "--eval", script)) == texts()


def test_texts_are_told_apart() -> None:
    assert Text("a") in {Text("a"), Text("a", context="b")}
    assert looked_up({Text("a", "b", "c"): ["d", "e"]}) == {("c\x04a", 0): "d", ("c\x04a", 1): "e"}


def visible(template: str) -> list[str]:
    """Return the words of a template that its reader sees and that are not marked."""
    reader = _Reader()
    reader.feed(MARKED.sub("", template))
    return [text for text in reader.found if re.search("[A-Za-z]", text.replace("Clarion", ""))]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown = {"aria-label", "title", "alt", "placeholder"}
        given = dict(attrs)
        if given.get("type") in ("submit", "button") and tag == "input":
            shown.add("value")
        self.found += [value for name, value in attrs if name in shown and value]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.found.append(data.strip())
