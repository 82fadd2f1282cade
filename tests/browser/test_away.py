"""Pages whose laptop slept, and pages of a release that is gone: they end where the database is."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Request, expect

from notifications import broadcast, notify, retract
from notifications.models import Inbox, Notification, Outbox
from tests.browser.conftest import OpenWindow
from tests.browser.test_tabs import Tab
from tests.browser.window import Window
from tests.support.processes import Processes
from tests.support.site import Browser, Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

CLIENT = "document.querySelector('notification-bell').client"
MISSED = 300
ROWS = 50  # at least; the others come when one scrolls
# Everything an item is, but for what two readings of a broadcast that is not taken in differ in.
STATE = ("id", "title", "seen_at", "read_at", "archived_at", "snoozed_until")


def later(**interval: int) -> str:
    """Return a moment to come."""
    return (timezone.now() + timedelta(**interval)).isoformat()


def listed(browser: Browser) -> list[dict[str, Any]]:
    """Return the whole list as the server has it."""
    items: list[dict[str, Any]] = []
    before = ""
    while before is not None:
        page = browser.get(
            f"/api/v1/inbox/?limit=100&before={before}" if before else "/api/v1/inbox/"
        )
        items += page["items"]
        before = page["next"]
    return [{name: item[name] for name in STATE} for item in items]


def expect_agreement(window: Window, browser: Browser, user: Any) -> None:
    """Wait until list, rows, counts and badge of a page are what the database has."""
    expected = listed(browser)
    names = ", ".join(STATE)
    shown = f"{CLIENT}.items.map(({{ {names} }}) => ({{ {names} }}))"
    wait_until(lambda: window.page.evaluate(shown) == expected, 20, what="the list")
    inbox = Inbox.objects.get(user=user)
    counts = {"unread": inbox.unread, "unseen": inbox.unseen}
    wait_until(lambda: window.page.evaluate(f"{CLIENT}.counts") == counts, 20, what="the counts")
    expect(window.inbox.locator("#unread")).to_have_text(f"{inbox.unread} unread")
    expect(window.badge).to_have_text("99+" if inbox.unseen > 99 else str(inbox.unseen))
    titles = [item["title"] for item in expected]

    def has_rows() -> bool:
        rows = window.titles.all_text_contents()
        return len(rows) >= min(ROWS, len(titles)) and rows == titles[: len(rows)]

    wait_until(has_rows, 20, what="rows of the newest")


def while_away(near: Browser, user: Any) -> None:
    """Have hundreds arrive, and some read, put away and taken back on another device."""
    with transaction.atomic():
        for number in range(MISSED):
            notify(user, "message", title=f"Missed {number}")
        for number in range(20):
            broadcast("everyone", "message", title=f"To everyone {number}")
    wait_until(lambda: near.get("/api/v1/inbox/")["unread"] == MISSED + 23, 20, what="all of it")
    ids = {str(title): str(pk) for pk, title in Notification.objects.values_list("pk", "title")}

    def act(action: str, *titles: str, **more: Any) -> None:
        near.post(f"/api/v1/inbox/{action}", {"ids": [ids[title] for title in titles], **more})

    act("read", "Before 0", *(f"Missed {number}" for number in range(0, 90, 3)), "To everyone 3")
    act("seen", *(f"Missed {number}" for number in range(100, 150)))
    act("archive", "Before 1", *(f"Missed {number}" for number in range(1, 90, 3)), "To everyone 4")
    act("snooze", "Missed 2", "To everyone 5", until=later(days=1))
    for title in ("Before 2", "Missed 5", "To everyone 6", "To everyone 7"):
        retract(Notification.objects.get(pk=ids[title]))
    gone = Notification.objects.filter(pk__in=[ids["Before 2"], ids["Missed 5"]])
    assert gone.filter(retracted_at=None).count() == 0
    wait_until(lambda: not Outbox.objects.exists(), what="carried")


@pytest.mark.promise_2
@pytest.mark.promise_4
@pytest.mark.parametrize("back", ["online", "visible"])
def test_a_laptop_that_slept(window_of: OpenWindow, live_site: Site, ada: Any, back: str) -> None:
    for number in range(3):
        notify(ada, "message", title=f"Before {number}")
    window = window_of(ada, hidden=True)
    window.page.clock.install()
    window.open()
    window.expect_titles(["Before 2", "Before 1", "Before 0"])
    near = live_site.browser(ada)
    asked: list[str] = []

    def note(request: Request) -> None:
        # The categories' titles may not have come before the network went.
        of_list = "/api/" in request.url and not request.url.endswith("/choices")
        if request.method == "GET" and of_list:
            asked.append(request.url)

    if back == "online":
        window.unplug()
        window.expect_status("offline")
    else:
        # Nobody tells that the network goes, and timers sleep, too.
        window.cable.cut()
        window.expect_status("reconnecting")
        window.page.clock.pause_at(later(hours=8))
    while_away(near, ada)
    window.page.on("request", note)
    if back == "online":
        window.plug_in()
    else:
        window.cable.mend()
        window.show()
        window.wait_for(f"{CLIENT}.status === 'live'")
        window.page.evaluate("window.setHidden(true)")
        window.page.clock.resume()

    expect_agreement(window, near, ada)
    # What was missed came through the socket; nothing was loaded a second time.
    assert asked == []
    notify(ada, "message", title="After")
    expect(window.titles.first).to_have_text("After")


@pytest.mark.promise_2
def test_a_deploy_under_open_tabs(window_of: OpenWindow, processes: Processes, ada: Any) -> None:
    site = processes.web()
    tabs: list[Window] = [window_of(ada, site=site, hidden=True).open()]
    tabs += [Tab(tabs[0]).open() for _ in range(2)]
    notify(ada, "message", title="Before")
    for tab in tabs:
        tab.expect_titles(["Before"])

    site.process.stop()
    for tab in tabs:
        tab.expect_status("reconnecting")
    for number in range(20):
        notify(ada, "message", title=f"Meanwhile {number}")
    broadcast("everyone", "message", title="New release")
    # Files have other names in the new release, and those of this page are gone.
    tabs[0].context.route("**/static/**", lambda route: route.fulfill(status=404))
    processes.web(port=site.port)
    wait_until(lambda: not Outbox.objects.exists(), what="delivered")

    near = site.browser(ada)
    for tab in tabs:
        expect_agreement(tab, near, ada)
        tab.expect_status("live")
    # Everything goes on in the pages of the old one.
    tabs[2].choose("Meanwhile 7", "Archive")
    # Rows that move under the pointer are not clicked.
    expect(tabs[1].item("Meanwhile 7")).to_have_count(0)
    tabs[1].item("Meanwhile 5").get_by_role("button", name="Mark as read").click()
    tabs[0].page.get_by_role("button", name="Archived", exact=True).click()
    tabs[0].expect_titles(["Meanwhile 7"])
    tabs[0].page.get_by_role("button", name="All", exact=True).click()
    for tab in tabs:
        tab.expect_unread(20)
        expect_agreement(tab, near, ada)
