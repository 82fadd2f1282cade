"""The pages in a Chromium whose scripts are switched off."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from notifications import notify
from notifications.models import Outbox
from notifications.services import relay
from tests.browser.conftest import OpenWindow
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

LOOKS = [
    {"viewport": {"width": 320, "height": 700}, "color_scheme": "dark"},
    {"viewport": {"width": 320, "height": 700}, "locale": "de-DE"},
    {"viewport": {"width": 1600, "height": 900}},
    {"viewport": {"width": 1600, "height": 900}, "color_scheme": "dark", "locale": "de-DE"},
]
# Of WCAG 2.2, for text of this size.
CONTRAST = 4.5
MEASURE = """
() => {
  const parse = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = rgb.map((value) => linear(value / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const found = [];
  const texts = "main :is(a, button, p, h1, h2, h3, summary, time)";
  for (const element of document.querySelectorAll(texts)) {
    const box = element.getBoundingClientRect();
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || box.width < 2 || !element.checkVisibility()) continue;
    const a = light(parse(getComputedStyle(element).color).slice(0, 3));
    const b = light(ground(element));
    found.push([element.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
}
"""


def deliver() -> None:
    for lane in Outbox.Lane:
        relay.relay_batch(lane)


def plain(window_of: OpenWindow, user: Any, **options: Any) -> Window:
    return window_of(user, java_script_enabled=False, **options)


def at(window: Window, path: str) -> Page:
    window.page.goto(window.cable.url + path)
    return window.page


def part(scope: Page | Locator, kind: str, text: str) -> Locator:
    """The elements of a kind that say just this; by their roles Playwright finds no `noscript`."""
    return scope.locator(kind).filter(has_text=re.compile(rf"^\s*{re.escape(text)}\s*$"))


def test_a_day_without_scripts(window_of: OpenWindow, ada: Any) -> None:
    for number in range(3):
        notify(ada, "message", title=f"Comment {number}", thread="order.7", actor=f"Bob {number}")
    report = {"title": "Your report is ready", "body": "הדוח מוכן."}
    notify(ada, "message", url="/inbox/?show=archived", **report)
    deliver()
    page = at(plain(window_of, ada), "/inbox/")
    rows = page.locator(".plain .item")
    unread = page.locator(".plain .inbox-unread")
    expect(rows).to_have_count(2)
    expect(unread).to_have_text("2 unread")
    # Each text runs as its own language does.
    expect(rows.first.locator(".item-body")).to_have_css("direction", "rtl")
    expect(rows.first.locator(".item-open")).to_have_css("direction", "ltr")
    # What scripts would fill is not there.
    scripted = page.locator("notification-bell, notification-toasts, h1[slot], .unscripted")
    expect(scripted).to_have_count(4)
    for one in scripted.all():
        expect(one).to_have_css("display", "none")

    part(rows.first, "button", "Mark as read").click()
    expect(part(rows.first, "button", "Mark as unread")).to_be_visible()
    expect(unread).to_have_text("1 unread")
    rows.first.locator("summary").click()
    part(rows.first, "button", "For a day").click()
    expect(page.locator(".message")).to_have_text("Snoozed. It comes back by itself.")
    expect(rows).to_have_count(1)
    part(page, "nav a", "Snoozed").click()
    expect(page.locator(".item-back")).to_have_text("Comes back in 1 day")
    part(page, "button", "Move to the inbox").click()
    part(page, "nav a", "Inbox").click()
    expect(rows).to_have_count(2)

    part(page, "a", "Show all 3").click()
    expect(rows).to_have_count(3)
    part(page, "button", "Mute this thread").click()
    expect(page.get_by_role("heading", name="What I want to hear")).to_be_visible()
    expect(page.get_by_role("link", name="order.7")).to_be_visible()
    page.get_by_role("button", name="Unmute order.7").click()
    expect(page.get_by_role("link", name="order.7")).to_have_count(0)
    releases = page.get_by_role("group", name="Releases")
    releases.get_by_role("button", name="Subscribe").click()
    expect(releases.get_by_role("button", name="Unsubscribe")).to_be_visible()

    page.get_by_role("link", name="Back to the inbox").click()
    part(page, ".plain button", "Mark all read").click()
    expect(page.locator(".plain .is-unread")).to_have_count(0)
    part(page, "button", "Archive what is read").click()
    expect(part(page, "h2:visible", "All quiet")).to_be_visible()
    # The way out.
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_it_fits_and_can_be_read(window_of: OpenWindow, ada: Any, look: dict[str, Any]) -> None:
    body = "A sentence that goes on and on, as sentences do.\n" * 3
    for level in ("info", "success", "warning", "error"):
        notify(ada, "message", title="Donaudampfschifffahrt" * 3, body=body, level=level)
    label = "A label of an action, thirty-two"
    notify(
        ada, "message", title="x", priority="urgent", level="error", thread="t" * 100,
        actions=[{"label": label, "url": "/"}] * 3,
    )  # fmt: skip
    deliver()
    window = plain(window_of, ada, **look)
    for path in ("/inbox/", "/inbox/choices/", f"/inbox/?thread={'t' * 100}"):
        page = at(window, path)
        for summary in page.locator("main summary").all():
            if "Send" not in summary.inner_text() and "senden" not in summary.inner_text():
                summary.click()
        window.expect_no_overflow()
        measured = page.evaluate(MEASURE)
        assert len(measured) > 5
        assert [text for text, contrast in measured if contrast < CONTRAST] == []
        assert not page.evaluate(
            "[...document.querySelectorAll('main :is(a, button, summary)')].filter((e) => "
            "e.checkVisibility() && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"
        )
