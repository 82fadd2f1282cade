"""axe-core in a page: what it finds there, in words."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page

SOURCE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"

# A developer without npm still tests everything else; CI must not pass by leaving this out.
needs_axe = pytest.mark.skipif(
    not SOURCE.exists() and not os.environ.get("CI"), reason="axe-core is not installed: npm ci"
)

# All rules that are on by default, best practices among them, and these.
OPTIONS = {
    "resultTypes": ["violations", "incomplete"],
    "rules": {"target-size": {"enabled": True}, "label-content-name-mismatch": {"enabled": True}},
    # No script runs in the frames of the site, and axe is one.
    "iframes": False,
    # Sheets would be parsed by writing them into the page, which its policy forbids.
    "preload": False,
}
RUN = """async (options) => {
    for (const animation of document.getAnimations()) animation.finish();
    const { violations, incomplete } = await axe.run(document, options);
    const tell = (certain) => ({ id, impact, help, nodes }) => nodes.map((node) => ({
        rule: id,
        impact: impact ?? "unknown",
        certain,
        element: node.target.flat().join(" >>> "),
        html: node.html,
        why: [node.any, node.all, node.none].flat().map(({ message }) => message).join(" ") || help,
    }));
    return [...violations.flatMap(tell(true)), ...incomplete.flatMap(tell(false))];
}"""


@dataclass(frozen=True)
class Finding:
    """One element that breaks one rule; not `certain` where a person has to look."""

    rule: str
    impact: str
    certain: bool
    element: str
    html: str
    why: str

    def __str__(self) -> str:
        kind = self.impact if self.certain else f"{self.impact}, to be looked at"
        return f"{self.rule} ({kind}): {self.element}\n    {self.why}\n    {self.html}"


@dataclass(frozen=True)
class Exemption:
    """What a rule may find, and the reason.

    Where `element` is part of its path or HTML, and `why` part of why; either may be empty.
    """

    rule: str
    reason: str
    element: str = ""
    why: str = ""
    certain: bool = True

    def covers(self, finding: Finding) -> bool:
        """Whether this is such a finding."""
        return (
            (finding.rule, finding.certain) == (self.rule, self.certain)
            and self.element in f"{finding.element}\n{finding.html}"
            and self.why in finding.why
        )


# What axe wants to be looked at, on pages of ours.
OURS = (
    Exemption(
        "label-content-name-mismatch",
        "The letter stands for a picture of the person, and is hidden.",
        element="<summary aria-label",
        certain=False,
    ),
    Exemption(
        "color-contrast",
        "One digit on the bell is too short to be measured; two have the same colours, and are.",
        element='id="badge"',
        why="too short",
        certain=False,
    ),
    Exemption(
        "color-contrast",
        "Below a menu, a panel, a toast or a notice; it is measured where nothing is above it.",
        why="by another element",
        certain=False,
    ),
    Exemption(
        "color-contrast",
        "A title of two lines, whose box is not quite within that of its row; measured in one.",
        why="partially overlaps other elements",
        certain=False,
    ),
    Exemption(
        "target-size",
        "The same of targets, which may be scrolled from below a notice.",
        why="obscured",
        certain=False,
    ),
    Exemption(
        "color-contrast",
        "A field without a value, which has the colours of the fields beside it.",
        why="Element has no value",
        certain=False,
    ),
)


def look(page: Page) -> list[Finding]:
    """Return what is found in a page and its shadow trees, as it is now."""
    # By the debugger, which the page's policy does not bind.
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"() => {{ {SOURCE.read_text()} }}")
    found: list[dict[str, Any]] = page.evaluate(RUN, OPTIONS)
    return [Finding(**each) for each in found]


def expect_accessible(page: Page, exemptions: Sequence[Exemption] = ()) -> None:
    """Fail with all that is found and not exempted, in light and in dark.

    `exemptions` are those of a page that is not all ours.
    """
    said = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # of literals
        said += [
            f"{scheme}: {finding}"
            for finding in look(page)
            if not any(exemption.covers(finding) for exemption in (*OURS, *exemptions))
        ]
    assert not said, "\n".join([f"{page.url} has {len(said)} flaws:", *said])
