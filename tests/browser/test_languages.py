"""The inbox page in German, in a German browser."""

from typing import Any

import pytest
from playwright.sync_api import expect

from notifications import broadcast, notify
from tests.browser.conftest import OpenWindow

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


def test_what_the_page_says_by_itself(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True, locale="de-DE").open()
    page = window.page
    expect(page.get_by_role("heading", name="Posteingang")).to_be_visible()
    expect(window.inbox.locator("#status")).to_have_text("Live")
    expect(page.get_by_text("Alles ruhig")).to_be_visible()

    notify(ada, "demo.signed_in", data={"address": "192.0.2.9"})
    window.expect_titles(["Neue Anmeldung"])
    window.expect_announced("Neue Benachrichtigung: Neue Anmeldung")
    broadcast("everyone", "message", title="Wartung", level="warning")
    window.expect_titles(["Wartung", "Neue Anmeldung"])
    expect(window.inbox.locator("#unread")).to_have_text("2 ungelesen")
    expect(page.get_by_role("button", name="Benachrichtigungen, 2 neu")).to_be_visible()
    expect(window.inbox.locator(".title .quietly").first).to_have_text("Ungelesen. Warnung:")

    window.item("Wartung").get_by_role("button", name="Als gelesen markieren: Wartung").click()
    expect(
        window.item("Wartung").get_by_role("button", name="Als ungelesen markieren")
    ).to_be_visible()
    expect(window.inbox.locator("#unread")).to_have_text("1 ungelesen")
    page.get_by_role("button", name="Alle als gelesen markieren").click()
    expect(window.inbox.locator("#unread")).to_have_text("")

    window.cable.cut()
    page.get_by_role("button", name="Als ungelesen markieren").first.click()
    expect(page.get_by_role("alert")).to_contain_text("Das hat nicht geklappt.")
    expect(window.inbox.locator("#status")).to_have_text("Neu verbinden…")
