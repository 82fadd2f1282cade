"""`examples/other-origin/` in Chromium: its own page and backend, at ports of their own."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from notifications import notify
from notifications.models import ApiKey, Item
from notifications.services import api_keys
from project.local.redis_server import free_port
from tests.browser.axe import expect_accessible, needs_axe
from tests.browser.conftest import TIMEOUT
from tests.browser.test_gallery import DEVICES, draw
from tests.support.processes import Processes, answers
from tests.support.site import Site, login_session
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

EXAMPLE = Path(settings.BASE_DIR) / "examples" / "other-origin" / "server.py"
Shop = Callable[..., str]


@pytest.fixture
def port() -> int:
    """Where the listed shop is."""
    return free_port()


@pytest.fixture
def site(processes: Processes, port: int) -> Site:
    """A site that lists the shop."""
    return processes.web(CLARION_ORIGINS=f"http://127.0.0.1:{port}")


@pytest.fixture
def shop(site: Site) -> Iterator[Shop]:
    """Starts shops with somebody signed in; returns their addresses."""
    key = api_keys.create(ApiKey(name="Shop", may_embed=True), None).shown
    with ExitStack() as ends:

        def start(user: Any, port: int) -> str:
            environment = {
                "CLARION_URL": site.url,
                "CLARION_KEY": key,
                "SHOP_USER": str(user.pk) if user else "",
                "PORT": str(port),
            }
            process = subprocess.Popen(
                [sys.executable, str(EXAMPLE)],
                env=os.environ | environment,
                stderr=subprocess.DEVNULL,
            )
            ends.callback(process.wait)
            ends.callback(process.kill)
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: answers(f"{address}/"), what="the shop")
            return address

        yield start


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that knows nothing yet; what a policy kept from it fails the test."""
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT)
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    yield context.new_page()
    context.close()
    assert not [text for text in said if "Content Security Policy" in text]


def test_a_listed_page(page: Page, shop: Shop, site: Site, port: int, ada: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.goto(shop(ada, port))
    expect(page.locator("#bell")).to_have_text("0 unread")
    notify(ada, "message", title="It is on its way")
    expect(page.locator("li.unread")).to_contain_text("It is on its way")
    page.get_by_role("button", name="Read").click()
    expect(page.locator("#bell")).to_have_text("0 unread")
    wait_until(lambda: Item.objects.get().read_at is not None, what="the state")
    assert any(url.startswith(site.ws_url) for url in asked)
    # Tokens have a "~" in them.
    assert not [url for url in asked if "~" in url or "token." in url]
    assert page.context.cookies() == []


@needs_axe
def test_it_keeps_nobody_out(page: Page, shop: Shop, port: int, ada: Any) -> None:
    page.goto(shop(ada, port))
    notify(ada, "message", title="It is on its way")
    expect(page.locator("li.unread")).to_contain_text("It is on its way")
    expect_accessible(page)


@pytest.mark.screenshots
def test_its_picture(page: Page, shop: Shop, port: int, ada: Any) -> None:
    page.goto(shop(ada, port))
    for title in ("It is on its way", "Your invoice is here", "Tell us how it was"):
        notify(ada, "message", title=title)
    expect(page.locator("li.unread")).to_have_count(3)
    page.get_by_role("button", name="Read").first.click()
    expect(page.locator("#bell")).to_have_text("2 unread")
    for device, look in DEVICES.items():
        page.set_viewport_size(look["viewport"])
        draw(page, "other-origin", device)


def test_a_page_that_is_not_listed(page: Page, shop: Shop, ada: Any) -> None:
    page.goto(shop(ada, free_port()))
    expect(page.locator("#bell")).to_have_text("reconnecting")
    notify(ada, "message", title="Secret")
    expect(page.locator("li")).to_have_count(0)


def test_nobody_is_signed_in(page: Page, shop: Shop, port: int, ada: Any) -> None:
    page.goto(shop(None, port))
    expect(page.locator("#bell")).to_have_text("signed_out")


def test_cookies_are_of_no_use_to_other_pages(
    page: Page, shop: Shop, site: Site, port: int, ada: Any
) -> None:
    """The same host, so the same site: browsers send cookies along, whatever SameSite says."""
    said = notify(ada, "message", title="Secret")
    wait_until(lambda: Item.objects.exists(), what="the item")
    name, value = settings.SESSION_COOKIE_NAME, login_session(ada)
    page.context.add_cookies([{"name": name, "value": value, "url": site.url}])
    for listed in (port, free_port()):
        page.goto(shop(None, listed))
        tried = page.evaluate(
            """async ([site, id]) => {
              const ask = (path, init) => fetch(site + path, { credentials: "include", ...init })
                .then((response) => response.text(), () => "kept");
              const json = (type) => ({
                method: "POST", headers: { "Content-Type": type }, body: `{"ids": ["${id}"]}`,
              });
              const connect = () => new Promise((resolve) => {
                const socket = new WebSocket(
                  site.replace("http", "ws") + "/ws/notifications/", ["clarion.v1"]);
                socket.onmessage = ({ data }) => resolve(data);
                socket.onclose = ({ code }) => resolve(code);
              });
              return [
                await ask("/api/v1/inbox/"), await ask("/inbox/"),
                await ask("/api/v1/inbox/read", json("application/json")),
                await ask("/api/v1/inbox/read", json("text/plain")),
                await ask("/api/v1/inbox/read", { ...json("text/plain"), mode: "no-cors" }),
                await ask(`/inbox/mark/read/`, { method: "POST", mode: "no-cors",
                  body: new URLSearchParams({ id }) }),
                await connect(),
              ];
            }""",
            [site.url, str(said.pk)],
        )
        # A page that is not listed gets no socket at all; a listed one is told that nobody is here.
        assert tried[-1] == (4401 if listed == port else 1006)
        assert set(tried[:4]) == {"kept"}
        assert all("Secret" not in str(answer) for answer in tried)
        assert Item.objects.get().read_at is None
