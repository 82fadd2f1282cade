"""The inbox page where scripts are on, and the module does not come or does not run."""

from typing import Any

import pytest
from playwright.sync_api import expect

from notifications import notify
from notifications.models import Inbox
from tests.browser.axe import expect_accessible, needs_axe
from tests.browser.conftest import OpenWindow
from tests.browser.window import Window
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

MODULE = "**/clarion/inbox*.js"


def say(user: Any, *titles: str, **fields: Any) -> None:
    for title in titles:
        notify(user, "message", title=title, **fields)
    wait_until(lambda: Inbox.objects.filter(user=user, unread__gt=0).exists(), what="items")


def without_module(window: Window) -> Window:
    window.page.route(MODULE, lambda route: route.abort())
    window.page.goto(f"{window.cable.url}/inbox/")
    return window


def test_a_way_to_the_plain_list(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "One", "Two")
    window = without_module(window_of(ada))
    page = window.page
    page.get_by_role("link", name="Show it as a plain list").click()
    expect(page).to_have_url(f"{window.cable.url}/inbox/?plain=1")
    rows = page.locator(".plain .item")
    expect(rows).to_have_count(2)
    # It stays plain, wherever one goes in it.
    rows.first.get_by_role("button", name="Mark as read").click()
    expect(page.get_by_text("1 unread")).to_be_visible()
    page.get_by_role("link", name="Unread").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Messages").click()
    expect(rows).to_have_count(1)
    assert page.url.endswith("?show=unread&category=messages&plain=1")


def test_threads_stay_plain(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "One", "Two", thread="roadmap")
    page = without_module(window_of(ada)).page
    page.goto(f"{page.url}?plain=1")
    page.get_by_role("link", name="Show all 2").click()
    expect(page.locator(".plain .item")).to_have_count(2)
    # Also by way of the other page.
    page.get_by_role("button", name="Mute this thread").click()
    page.get_by_role("button", name="Turn off").first.click()
    expect(page.locator(".message")).to_have_text("You will get no more of it.")
    page.get_by_role("link", name="roadmap").click()
    expect(page.locator(".plain .item")).to_have_count(2)
    page.locator(".menu summary").click()
    page.get_by_role("link", name="What I want to hear").click()
    page.get_by_role("button", name="Unmute roadmap").click()
    page.get_by_role("link", name="Back to the inbox").click()
    expect(page.locator(".plain .item")).to_have_count(1)


def test_an_address_shows_with_scripts_what_it_shows_without(
    window_of: OpenWindow, ada: Any
) -> None:
    say(ada, "Read", "Comment", "Another", thread="")
    say(ada, "One", "Two", thread="roadmap")
    window = window_of(ada).open()
    window.expect_titles(["Two", "Another", "Comment", "Read"])
    window.choose("Read", "Archive")
    window.expect_titles(["Two", "Another", "Comment"])
    for show, titles in {
        "archived": ["Read"],
        "snoozed": [],
        "unread": ["Two", "Another", "Comment"],
    }.items():
        window.page.goto(f"{window.cable.url}/inbox/?show={show}")
        window.expect_status("live")
        window.expect_titles(titles)
        chosen = window.inbox.locator("[part=filter][aria-pressed=true]")
        expect(chosen).to_have_text(show.capitalize())
    # What the elements cannot show the server does.
    page = window.open("/inbox/?thread=roadmap").page
    expect(page.locator(".plain .item-open")).to_have_text(["Two", "One"])
    page.get_by_role("button", name="Mute this thread").click()
    page.get_by_role("link", name="roadmap").click()
    expect(page.locator(".plain .item-open")).to_have_text(["Two", "One"])
    page.get_by_role("link", name="Back to the inbox").click()
    window.expect_titles(["Two", "Another", "Comment"])


@needs_axe
@pytest.mark.parametrize(
    "look", [{}, {"locale": "de-DE", "viewport": {"width": 320, "height": 600}}]
)
def test_the_offer_itself(window_of: OpenWindow, ada: Any, look: dict[str, Any]) -> None:
    window = without_module(window_of(ada, **look))
    expect(window.page.locator(".unscripted a")).to_be_visible()
    window.expect_no_overflow()
    expect_accessible(window.page)


def test_who_has_scripts_or_waits_for_them_is_not_asked(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    offer = window.page.locator(".unscripted")
    expect(offer).to_be_hidden()
    assert offer.evaluate("(offer) => getComputedStyle(offer).display") == "none"
    # Until some seconds have gone by, it is there and not to be seen; also where nothing may move.
    window = window_of(ada, reduced_motion="reduce")
    window.page.route(MODULE, lambda route: None)
    window.page.goto(f"{window.cable.url}/inbox/", wait_until="commit")
    offer = window.page.locator(".unscripted")
    offer.evaluate("(offer) => offer.getAnimations()[0].pause()")
    offer.evaluate("(offer) => { offer.getAnimations()[0].currentTime = 4_900 }")
    expect(offer).to_be_hidden()
    offer.evaluate("(offer) => offer.getAnimations()[0].finish()")
    expect(offer).to_be_visible()
