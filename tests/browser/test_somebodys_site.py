"""Our pages in a site that has the app alone: `tests/compat/news`."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from notifications import notify
from notifications.models import Inbox, Outbox
from notifications.services import relay
from project.local.redis_server import free_port
from tests.browser.axe import expect_accessible, needs_axe
from tests.browser.conftest import OpenWindow
from tests.support.processes import Processes, answers
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

INBOX = "/me/news/"
CHOICES = "/me/news/choices/"


@pytest.fixture(scope="module")
def _news(_module_processes: Processes) -> Site:
    port = free_port()
    process = _module_processes.start(
        "news",
        f"uvicorn tests.compat.news.asgi:application --lifespan off --port {port}",
        DJANGO_SETTINGS_MODULE="tests.compat.news.settings",
    )
    site = Site(port, process)
    process.wait_for(lambda: answers(site.url), "readiness")
    return site


@pytest.fixture
def news(_news: Site, live_site: Site) -> Iterator[Site]:
    """Somebody's site, on the tests' database."""
    return _news


def say(user: Any, *titles: str, **fields: Any) -> None:
    for title in titles:
        notify(user, "message", title=title, **fields)
    for lane in Outbox.Lane:
        relay.relay_batch(lane)


def test_the_inbox(window_of: OpenWindow, news: Site, ada: Any) -> None:
    say(ada, "One", "Two")
    window = window_of(ada, site=news).open(INBOX)
    window.expect_status("live")
    window.expect_titles(["Two", "One"])
    expect(window.page).to_have_title("Inbox")
    expect(window.page.locator(".unscripted")).to_be_hidden()
    # In the looks of `page.css`.
    expect(window.page.locator(".columns")).to_have_css("display", "grid")
    window.inbox.get_by_role("button", name="Mark all read").click()
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 0, what="changes over HTTP")
    window.page.get_by_role("link", name="What I want to hear").click()
    expect(window.page).to_have_url(window.cable.url + CHOICES)


def test_without_scripts(window_of: OpenWindow, news: Site, ada: Any) -> None:
    say(ada, "One")
    page = window_of(ada, site=news, java_script_enabled=False).open(INBOX).page
    expect(page.locator(".plain .item")).to_have_count(1)
    for only_scripted in page.locator(".unscripted, h1[slot]").all():
        expect(only_scripted).to_be_hidden()
    page.locator("button", has_text="Archive").last.click()
    expect(page.locator(".message")).to_have_text("Archived.")


def test_where_to_sign_in(window_of: OpenWindow, news: Site, ada: Any) -> None:
    nobody = window_of(None, site=news).open(INBOX)
    expect(nobody.page).to_have_url(f"{nobody.cable.url}/sso/?realm=news&next={INBOX}")
    window = window_of(ada, site=news).open(f"{INBOX}?show=unread")
    window.expect_status("live")
    Session.objects.all().delete()
    there = "%2Fme%2Fnews%2F%3Fshow%3Dunread"
    expect(window.page).to_have_url(f"{window.cable.url}/sso/?realm=news&next={there}")


@needs_axe
def test_choices(window_of: OpenWindow, news: Site, ada: Any) -> None:
    window = window_of(ada, site=news, reduced_motion="reduce").open(CHOICES)
    page = window.page
    page.get_by_role("button", name="Turn off").first.click()
    expect(page.locator(".message")).to_have_text("You will get no more of it.")
    expect_accessible(page)
    window.expect_no_overflow()
    page.get_by_role("link", name="Back to the inbox").click()
    window.expect_status("live")
    expect_accessible(page)
