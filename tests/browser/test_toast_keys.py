"""Toasts by keyboard: reached at once, and never by themselves."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from notifications import notify
from tests.browser.conftest import OpenWindow
from tests.browser.elsewhere import elsewhere
from tests.browser.window import Window
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


def say(window: Window, user: Any, *titles: str) -> None:
    """Notify one by one, urgently, so that toasts stay; wait until they are all shown."""
    there = window.toasts.count()
    for number, title in enumerate(titles, there + 1):
        notify(user, "message", title=title, priority="urgent", level="error")
        expect(window.toasts).to_have_count(number)


def toast(window: Window, title: str) -> Locator:
    return window.page.get_by_role("group", name=f"Urgent: Error: {title}", exact=True)


def test_a_key_leads_to_the_newest_and_back(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    page, press = window.page, window.page.keyboard.press
    text = page.locator("main input")
    text.focus()
    press("F8")  # Nothing is there.
    expect(text).to_be_focused()
    say(window, ada, "One", "Two")
    expect(text).to_be_focused()
    press("F8")
    expect(toast(window, "Two")).to_be_focused()
    press("Tab")
    assert window.focused == "Two"
    press("Tab")
    assert window.focused == "Close"
    press("F8")
    expect(text).to_be_focused()
    expect(window.toasts).to_have_count(2)

    # Escape closes it, and the focus goes on; from the last one it goes back.
    press("F8")
    press("Escape")
    expect(window.toasts).to_contain_text(["One"])
    expect(toast(window, "One")).to_be_focused()
    press("Tab")
    press("Escape")
    expect(window.toasts).to_have_count(0)
    expect(text).to_be_focused()
    # What one writes is not disturbed.
    page.keyboard.type("still here")
    expect(text).to_have_value("still here")


def test_the_focus_goes_back_into_shadow_trees(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(window, ada, "One")
    notify(ada, "message", title="Two")
    window.expect_titles(["Two", "One"])
    more = window.item("One").get_by_role("button", name="More")
    more.focus()
    window.page.keyboard.press("F8")
    expect(toast(window, "One")).to_be_focused()
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Tab")
    window.page.keyboard.press("Enter")
    expect(window.toasts).to_have_count(0)
    expect(more).to_be_focused()


def test_a_key_leads_through_all_places_and_back(window_of: OpenWindow, ada: Any) -> None:
    """As on the page of the demo, with two people."""
    window = elsewhere(window_of(ada))
    page, press = window.page, window.page.keyboard.press
    page.evaluate("document.body.append(document.createElement('notification-toasts'))")
    text = page.locator("main input")
    text.focus()
    notify(ada, "message", title="One", priority="urgent", level="error")
    expect(window.toasts).to_have_count(2)
    first, second = toast(window, "One").all()
    for place in (first, second, text, first, second):
        press("F8")
        expect(place).to_be_focused()
    # By other ways, too, the focus comes from where it was before the first of them.
    press("Shift+Tab")
    expect(first.get_by_role("button", name="Close")).to_be_focused()
    press("F8")
    expect(second).to_be_focused()
    press("Escape")
    expect(window.toasts).to_have_count(1)
    expect(text).to_be_focused()


def test_the_focus_goes_on_when_a_toast_leaves_by_itself(window_of: OpenWindow, ada: Any) -> None:
    window, other = elsewhere(window_of(ada)), window_of(ada).open()
    text = window.page.locator("main input")
    text.focus()
    say(window, ada, "One", "Two")
    window.page.keyboard.press("F8")
    other.item("Two").get_by_role("button", name="Mark as read").click()
    expect(toast(window, "One")).to_be_focused()
    other.item("One").get_by_role("button", name="Mark as read").click()
    expect(window.toasts).to_have_count(0)
    expect(text).to_be_focused()


def test_while_the_focus_is_on_them_they_stay(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada)
    window.page.clock.install()  # before anything is on its way that it would not know of
    elsewhere(window).page.mouse.move(1, 1)
    window.stop_the_clock()
    notify(ada, "message", title="Lunch")
    shown = "document.querySelector('notification-bell').client.items.length === 1"
    window.wait_for(shown)
    window.page.clock.run_for(1_000)
    window.page.keyboard.press("F8")
    expect(window.page.get_by_role("group", name="Lunch")).to_be_focused()
    # A pointer that passes by does not let go of it.
    window.toasts.hover()
    window.page.mouse.move(1, 1)
    window.page.clock.run_for(60_000)
    expect(window.toasts).to_have_count(1)
    window.page.keyboard.press("F8")
    window.page.clock.run_for(7_000)
    expect(window.toasts).to_have_count(0)


def test_escape_closes_a_toast_and_not_the_panel(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    window.bell.click()
    panel = window.page.get_by_role("dialog", name="Notifications")
    expect(panel).to_be_visible()
    say(window, ada, "Fire")
    window.page.keyboard.press("F8")
    expect(toast(window, "Fire")).to_be_focused()
    window.page.keyboard.press("Escape")
    expect(window.toasts).to_have_count(0)
    expect(panel).to_be_visible()
    window.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_a_key_of_the_page(window_of: OpenWindow, ada: Any) -> None:
    """One that writes something does so where text is."""
    window = elsewhere(window_of(ada), 'hotkey="t"')
    text = window.page.locator("main input")
    text.focus()
    say(window, ada, "One")
    region = window.page.get_by_role("region", name="Notifications (t)")
    expect(region).to_have_attribute("aria-keyshortcuts", "t")
    window.page.keyboard.press("t")
    expect(text).to_have_value("t")
    expect(text).to_be_focused()
    text.blur()
    window.page.keyboard.press("F8")
    assert not region.locator(":focus").count()
    window.page.keyboard.press("t")
    expect(toast(window, "One")).to_be_focused()
    window.page.keyboard.press("Escape")
    wait_until(lambda: window.page.evaluate("document.activeElement === document.body"))


def test_what_screen_readers_find(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    region = window.page.get_by_role("region", name="Notifications (F8)")
    expect(region).to_have_count(0)
    say(window, ada, "Fire")
    expect(region).to_have_attribute("aria-keyshortcuts", "F8")
    expect(region).to_match_aria_snapshot(
        """
        - region "Notifications (F8)":
          - 'group "Urgent: Error: Fire"':
            - paragraph:
              - button "Fire"
            - button "Close"
        """
    )
