"""docs/settings.md has every variable, setting and check, and no other."""

import re

from notifications import checks, conf
from tests.docs.pages import ROOT, named, page, section, table

TEXT = page("settings.md")


def test_environment() -> None:
    source = (ROOT / "project/settings.py").read_text()
    read = set(re.findall(r'\benv\.\w+\(\s*"(\w+)"', source))
    assert {"DEBUG", "CLARION_HEARTBEAT_SECONDS", "DATABASE_URL"} <= read
    read |= set(re.findall(r"\$\{(\w+)", (ROOT / "Procfile").read_text()))
    server = (ROOT / "notifications/live/protocol.py").read_text()
    read |= set(re.findall(r'environ\.get\("(\w+)"', server))
    assert named(table(section(TEXT, "## Environment"), "variable")) == read


def test_clarion_settings_and_their_defaults() -> None:
    names = [name for name, value in vars(conf.Settings).items() if isinstance(value, property)]
    rows = {
        row[0].strip("`"): row[1] for row in table(section(TEXT, "## Django settings"), "setting")
    }
    assert set(rows) == {f"CLARION_{name.upper()}" for name in names}
    source = (ROOT / "notifications/conf.py").read_text()
    for name, default in re.findall(r'_get\("(\w+)", (.+)\)', source):
        value = eval(default)
        shown = str(value) if isinstance(value, int) else f"{value:g}" if value else "empty"
        assert rows[f"CLARION_{name}"] == shown, name
    assert set(checks.NUMBERS) <= set(rows)


def test_system_checks() -> None:
    sources = (
        (ROOT / "notifications/checks.py").read_text(),
        (ROOT / "project/checks.py").read_text(),
    )
    ids = {found for source in sources for found in re.findall(r'id="([\w.]+)"', source)}
    assert named(table(section(TEXT, "## System checks"), "id")) == ids
