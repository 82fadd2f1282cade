"""`/api/v1/docs` in a browser that may talk to this site only."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.support.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.any_database]


def test_it_shows_every_operation_and_asks_nobody_else(chromium: Browser, live_site: Site) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_site.url}/api/v1/docs")
    for summary in ("Notify people", "Broadcast to a topic", "Mark as read"):
        expect(page.get_by_text(summary, exact=True)).to_be_visible()
    page.get_by_text("Notify people", exact=True).click()
    expect(page.get_by_text("Your report is ready").first).to_be_visible()
    assert any(url.endswith("openapi.json") for url in asked)
    hosts = {urlsplit(url).netloc for url in asked if not url.startswith("data:")}
    assert hosts == {f"127.0.0.1:{live_site.port}"}
    context.close()
