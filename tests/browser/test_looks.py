"""What people ask of their browsers: more contrast, colours of their own, larger and wider text."""

from typing import Any

import pytest
from playwright.sync_api import expect

from notifications import notify
from tests.browser.conftest import OpenWindow
from tests.browser.elsewhere import elsewhere
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

PHONE = {"viewport": {"width": 320, "height": 640}, "locale": "de-DE", "reduced_motion": "reduce"}
# Of WCAG 1.4.12, in the page and in all shadow trees, by sheets that no policy is about.
SPACED = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: .12em !important;
            word-spacing: .16em !important; }
        p { margin-block-end: 2em !important; }`);
    const adopt = (root) => {
        root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
        for (const { shadowRoot } of root.querySelectorAll("*")) if (shadowRoot) adopt(shadowRoot);
    };
    adopt(document);
}"""
# The texts that are cut off, or stick out of the window; not those that only screen readers find.
CUT = """() => {
    const cut = [];
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot);
            const style = getComputedStyle(element);
            const box = element.getBoundingClientRect();
            if (!element.checkVisibility() || box.width <= 1 || style.clipPath !== "none") continue;
            const texts = [...element.childNodes].filter((node) => node.nodeType === 3);
            const outside = box.left < 0 || box.right > innerWidth;
            const sticksOut = outside && texts.some(({ data }) => data.trim());
            const wider = element.scrollWidth > element.clientWidth;
            const hides = wider && style.overflowX !== "visible";
            const pen = new OffscreenCanvas(1, 1).getContext("2d");
            pen.font = style.font;
            pen.letterSpacing = style.letterSpacing;
            const needs = element.matches("select")
                && pen.measureText(element.selectedOptions[0]?.text).width + 40;
            if (hides || sticksOut || needs > box.width)
                cut.push(`${element.localName}.${element.className}: ${element.textContent}`);
        }
    };
    look(document);
    return cut;
}"""
SHADOW = "document.querySelector('main notification-inbox').shadowRoot"
DEMAND = [
    *({"forced_colors": "active", "color_scheme": scheme} for scheme in ("light", "dark")),
    *({"contrast": "more", "color_scheme": scheme} for scheme in ("light", "dark")),
]
# How much lighter or darker one colour is than another, as WCAG counts.
CONTRAST = """([one, other]) => {
    const light = (color) => {
        const pen = new OffscreenCanvas(1, 1).getContext("2d");
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((each) => linear(each / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const [a, b] = [light(one), light(other)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}"""


def say(user: Any, *titles: str, **fields: Any) -> None:
    for title in titles:
        notify(user, "message", title=title, **fields)


def paint(window: Window, selector: str, name: str) -> str:
    """Return a colour of an element of the list."""
    found = window.inbox.locator(selector).first
    return str(found.evaluate(f"(element) => getComputedStyle(element).{name}"))


@pytest.mark.parametrize("demand", DEMAND, ids=str)
def test_what_is_unread_and_where_one_is(
    window_of: OpenWindow, ada: Any, demand: dict[str, Any]
) -> None:
    for level in ("info", "success", "warning", "error"):
        say(ada, f"About {level}", level=level)
    window = window_of(ada, hidden=True, **demand).open()
    expect(window.badge).to_have_text("4")
    window.titles.first.focus()
    window.page.keyboard.press("j")
    ground = paint(window, ".list", "backgroundColor")

    def contrast(*colors: str) -> float:
        return float(window.page.evaluate(CONTRAST, colors))

    assert contrast(paint(window, ".is-unread .dot", "backgroundColor"), ground) >= 3
    assert contrast(paint(window, ".item.is-unread", "borderInlineStartColor"), ground) >= 3
    focused = ".item:has(:focus-visible)"
    assert paint(window, focused, "outlineStyle") == "solid"
    assert contrast(paint(window, focused, "outlineColor"), ground) >= 3
    badge = "(badge) => [getComputedStyle(badge).color, getComputedStyle(badge).backgroundColor]"
    assert contrast(*window.badge.evaluate(badge)) >= 4.5
    assert contrast(window.badge.evaluate(badge)[1], ground) >= 3
    # Levels have a sign each, which is not only a colour.
    signs = window.inbox.locator(".item .level path").all()
    assert len({sign.get_attribute("d") for sign in signs}) == 4
    assert contrast(paint(window, ".level", "color"), ground) >= 4.5
    chosen, other = (f'.filter[aria-pressed="{pressed}"]' for pressed in ("true", "false"))
    same = ("backgroundColor", "outlineStyle")
    assert [paint(window, chosen, each) for each in same] != [
        paint(window, other, each) for each in same
    ]
    # Read, a dot is a ring that can still be seen.
    window.page.keyboard.press("u")
    window.expect_unread(3)
    ring = paint(window, ".item:not(.is-unread) .dot", "borderTopColor")
    assert contrast(ring, ground) >= 3


@pytest.mark.parametrize("demand", ["spaced", "large"])
def test_nothing_is_cut_off(window_of: OpenWindow, ada: Any, demand: str) -> None:
    """At 320 pixels, which a window of 640 has at 200 %; with texts twice as large at 640."""
    actions = [{"label": "Ansehen und beantworten", "url": "/inbox/"}]
    say(
        ada,
        "Die Ware ist unterwegs",
        body="Sie kommt am Freitag.",
        actions=actions,
        level="success",
    )
    say(ada, "Kommentar eins", "Kommentar zwei", thread="t", actor="Bob")
    options = PHONE if demand == "spaced" else PHONE | {"viewport": {"width": 640, "height": 900}}
    window = window_of(ada, **options)
    page = window.page

    def look() -> None:
        if demand == "spaced":
            page.evaluate(SPACED)
        else:
            page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        window.expect_no_overflow()
        assert page.evaluate(CUT) == []

    window.open()
    expect(window.titles).to_have_count(2)
    expect(page.get_by_label("Kategorie")).to_be_visible()
    look()
    window.item("Kommentar zwei").get_by_role("button", name="Mehr").click()
    expect(window.inbox.get_by_role("menu")).to_be_visible()
    look()
    page.keyboard.press("Escape")
    window.bell.click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(2)
    look()
    for path in ("/inbox/?plain=1", "/inbox/choices/", "/accounts/login/"):
        window.open(path)
        look()
    elsewhere(window)
    say(ada, "Feuer", priority="urgent", body="Bitte verlassen Sie das Gebäude.", level="error")
    expect(window.toasts).to_have_count(1)
    look()
