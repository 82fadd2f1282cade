"""Several tabs of one browser: one socket, whatever happens to the tab that has it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from notifications import broadcast, notify
from notifications.models import Inbox
from tests.browser.bare import BareChromium
from tests.browser.conftest import ARGUMENTS, OpenWindow
from tests.browser.window import Window
from tests.support.processes import Processes
from tests.support.site import Site, login_session
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


@pytest.fixture
def site(processes: Processes) -> Site:
    """A site of its own, so that its sockets can be counted."""
    return processes.web(application="tests.browser.counted:application")


@pytest.fixture
def expect_sockets(site: Site) -> Callable[[int], None]:
    """Waits until the server has as many sockets open."""

    def expect_them(count: int) -> None:
        def holds() -> bool:
            status, body = site.browser().request("GET", "/sockets")
            return status == 200 and int(body) == count

        wait_until(holds, what=f"{count} sockets")

    return expect_them


class Tab(Window):
    """One more page in the context of a window."""

    def __init__(self, window: Window) -> None:
        self.context, self.cable = window.context, window.cable
        self.page: Page = self.context.new_page()


@pytest.fixture
def tabs_of(window_of: OpenWindow, site: Site) -> Callable[..., list[Window]]:
    """Opens the inbox in as many tabs of one browser; the first one leads."""

    def make(user: Any, count: int) -> list[Window]:
        tabs = [window_of(user, site=site, hidden=True).open()]
        while len(tabs) < count:
            tabs.append(Tab(tabs[0]).open())
        return tabs

    return make


TabsOf = Callable[..., list[Window]]
ExpectSockets = Callable[[int], None]


def test_what_arrives_shows_in_all_tabs_over_one_socket(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any
) -> None:
    tabs = tabs_of(ada, 4)
    expect_sockets(1)
    notify(ada, "message", title="One")
    broadcast("everyone", "message", title="Two")
    for tab in tabs:
        tab.expect_titles(["Two", "One"])
        tab.expect_unread(2)
        expect(tab.badge).to_have_text("2")
        tab.expect_announced("notification")
    # A change in a tab that does not lead.
    tabs[2].item("One").get_by_role("button", name="Mark as read").click()
    for tab in tabs:
        tab.expect_unread(1)
    tabs[3].page.get_by_role("button", name="Mark all read").click()
    for tab in tabs:
        tab.expect_unread(0)
    assert Inbox.objects.get(user=ada).unread == 0
    expect_sockets(1)


def test_a_leader_that_is_closed_is_followed(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any
) -> None:
    tabs = tabs_of(ada, 3)
    for number in range(2):
        notify(ada, "message", title=f"Before {number}")
        tabs[-1].expect_unread(1)
        # What comes while nobody leads is caught up with.
        tabs.pop(0).page.close()
        notify(ada, "message", title=f"After {number}")
        broadcast("everyone", "message", title=f"To everyone {number}")
        expected = [
            f"{what} {which}"
            for which in range(number, -1, -1)
            for what in ("To everyone", "After", "Before")
        ]
        for tab in tabs:
            expect(tab.titles).to_have_count(len(expected))
            tab.expect_status("live")
            assert sorted(tab.titles.all_inner_texts()) == sorted(expected)
        expect_sockets(1)
        tabs[-1].page.get_by_role("button", name="Mark all read").click()
        tabs[-1].expect_unread(0)
        wait_until(lambda: Inbox.objects.get(user=ada).unread == 0, what="nothing unread")


def test_a_leader_that_freezes_is_followed_and_follows_when_it_thaws(
    site: Site, expect_sockets: ExpectSockets, ada: Any, tmp_path: Path
) -> None:
    with BareChromium(tmp_path, ARGUMENTS) as chromium:
        chromium.sign_in(site.url, settings.SESSION_COOKIE_NAME, login_session(ada))
        leader = chromium.tab(f"{site.url}/inbox/")
        leader.expect_status("live")
        others = [chromium.tab(f"{site.url}/inbox/") for _ in range(2)]
        for tab in others:
            tab.expect_status("live")
        leader.evaluate(
            "document.addEventListener('freeze', () => { window.frozen = true; });"
            "setInterval(() => { window.ticks = (window.ticks ?? 0) + 1; }, 100)"
        )
        leader.freeze()
        leader.expect("window.frozen", value=True)
        ticks = leader.evaluate("window.ticks")
        notify(ada, "message", title="While frozen")
        for tab in others:
            tab.expect_titles("While frozen")
            tab.expect_status("live")
        expect_sockets(1)
        assert leader.evaluate("window.ticks") == ticks

        leader.thaw()
        notify(ada, "message", title="Afterwards")
        for tab in (leader, *others):
            tab.expect_titles("Afterwards", "While frozen")
            tab.expect_status("live")
        expect_sockets(1)


def test_a_leader_that_hangs_loses_the_lock_and_follows_when_it_goes_on(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any
) -> None:
    leader, follower = tabs_of(ada, 2)
    # It hears nothing and says nothing until the server has two sockets.
    leader.page.evaluate(
        """setTimeout(() => {
            const asked = new XMLHttpRequest();
            do {
                asked.open("GET", "/sockets", false);
                asked.send();
            } while (asked.responseText !== "2");
        })"""
    )
    follower.show()  # who comes to the front asks whether the leader is there
    notify(ada, "message", title="While it hung")
    follower.expect_titles(["While it hung"])
    leader.expect_titles(["While it hung"])
    expect_sockets(1)
    for tab in (leader, follower):
        tab.expect_status("live")


def test_a_new_tab_paints_before_the_network_answers(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any
) -> None:
    (first,) = tabs_of(ada, 1)
    notify(ada, "message", title="Kept")
    first.expect_titles(["Kept"])
    first.wait_for("JSON.stringify(localStorage).includes('Kept')")
    # Everything of the page comes from here on, and nothing from below the API.
    first.context.route("**/api/**", lambda route: None)
    first.context.route_web_socket("**/ws/**", lambda route: None)
    first.page.reload()
    first.expect_titles(["Kept"])
    first.expect_status("connecting")


def test_another_person_in_the_same_browser_sees_nothing_of_the_first(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any, bob: Any
) -> None:
    adas = tabs_of(ada, 2)
    notify(ada, "message", title="For Ada")
    adas[1].expect_titles(["For Ada"])
    adas[1].wait_for("JSON.stringify(localStorage).includes('For Ada')")

    name, value = settings.SESSION_COOKIE_NAME, login_session(bob)
    adas[0].context.add_cookies([{"name": name, "value": value, "url": adas[0].cable.url}])
    bobs = Tab(adas[0])
    bobs.page.add_init_script(
        """
        const look = () => { window.saw = (window.saw ?? "") + document.body?.innerText; };
        new MutationObserver(look).observe(document, {subtree: true, childList: true});
        """
    )
    bobs.open()
    notify(bob, "message", title="For Bob")
    bobs.expect_titles(["For Bob"])

    assert "For Ada" not in bobs.page.evaluate("window.saw")
    assert "For Ada" not in bobs.page.evaluate("JSON.stringify(localStorage)")
    for tab in adas:
        expect(tab.page).to_have_url(f"{tab.cable.url}/accounts/login/?next=%2Finbox%2F")
    expect_sockets(1)


def test_a_tab_that_slept_while_another_person_signed_in(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any, bob: Any
) -> None:
    (tab,) = tabs_of(ada, 1)
    notify(ada, "message", title="For Ada")
    tab.expect_titles(["For Ada"])
    tab.unplug()
    tab.expect_status("offline")
    name, value = settings.SESSION_COOKIE_NAME, login_session(bob)
    tab.context.add_cookies([{"name": name, "value": value, "url": tab.cable.url}])
    notify(bob, "message", title="For Bob")
    tab.plug_in()
    expect(tab.page).to_have_url(f"{tab.cable.url}/accounts/login/?next=%2Finbox%2F")
    kept = tab.page.evaluate("JSON.stringify(localStorage)")
    assert "For Ada" not in kept
    assert "For Bob" not in kept
    expect_sockets(0)


def test_signing_out_leaves_nothing_in_the_browser(
    tabs_of: TabsOf, expect_sockets: ExpectSockets, ada: Any
) -> None:
    tabs = tabs_of(ada, 2)
    notify(ada, "message", title="Secret")
    for tab in tabs:
        tab.expect_titles(["Secret"])
    tabs[0].wait_for("JSON.stringify(localStorage).includes('Secret')")
    # From the tab that does not lead.
    tabs[1].page.get_by_label("Account of ada").click()
    tabs[1].page.get_by_role("button", name="Sign out").click()
    for tab in tabs:
        expect(tab.page.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()
        assert "Secret" not in tab.page.evaluate("JSON.stringify(localStorage)")
    expect_sockets(0)


def test_a_change_is_shown_at_once_and_taken_back_if_it_is_refused(
    tabs_of: TabsOf, ada: Any
) -> None:
    (tab,) = tabs_of(ada, 1)
    notify(ada, "message", title="Stays unread")
    tab.expect_unread(1)
    waiting: list[Any] = []
    tab.page.route("**/api/v1/inbox/read", lambda route: waiting.append(route))
    tab.item("Stays unread").get_by_role("button", name="Mark as read").click()
    tab.expect_unread(0)
    assert Inbox.objects.get(user=ada).unread == 1
    waiting[0].abort()
    tab.expect_unread(1)
    expect(tab.page.get_by_role("alert")).to_contain_text("did not work")
