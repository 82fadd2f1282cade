"""What people do with the bell, the list and the toasts, in real browsers against a real site."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Route, expect

from notifications import notify, retract
from notifications.models import Inbox, Item
from tests.browser.conftest import OpenWindow
from tests.browser.elsewhere import elsewhere
from tests.browser.window import FOCUSED, Window
from tests.support.processes import Processes
from tests.support.site import Site
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


CLIENT = "document.querySelector('notification-bell').client"


def say(user: Any, *titles: str, **fields: Any) -> None:
    """Notify one by one."""
    for title in titles:
        notify(user, "message", title=title, **fields)


def state(user: Any, title: str) -> Item:
    """Return what the database has of an item."""
    return Item.objects.get(inbox__user=user, notification__title=title)


# --- The bell --------------------------------------------------------------------------------


def test_the_bell_opens_a_panel_and_marks_seen(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    page = window.page
    say(ada, "One", "Two")
    expect(window.badge).to_have_text("2")
    expect(page).to_have_title("(2) Inbox · Clarion")
    icon = page.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", re.compile("icon-new"))
    bell = page.get_by_role("button", name="Notifications, 2 new")
    expect(bell).to_have_attribute("aria-expanded", "false")
    bell.click()
    panel = page.get_by_role("dialog", name="Notifications")
    expect(panel.get_by_role("listitem")).to_have_count(2)
    expect(window.badge).to_be_hidden()
    expect(page).to_have_title("Inbox · Clarion")
    expect(icon).not_to_have_attribute("href", re.compile("icon-new"))
    wait_until(lambda: Inbox.objects.get(user=ada).unseen == 0, what="seen")
    assert Inbox.objects.get(user=ada).unread == 2
    expect(panel.get_by_role("link", name="See all")).to_have_attribute("href", "/inbox/")

    # A click elsewhere closes it, and so does Escape, which gives the focus back.
    page.mouse.click(5, 300)
    expect(panel).to_be_hidden()
    bell = page.get_by_role("button", name="Notifications", exact=True)
    bell.focus()
    page.keyboard.press("Enter")
    expect(panel).to_be_visible()
    window.wait_for(f"({FOCUSED})() === 'Two'")
    # A menu in the panel closes by itself.
    panel.get_by_role("button", name="More: One").click()
    expect(panel.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel.get_by_role("menu")).to_be_hidden()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(bell).to_be_focused()
    expect(bell).to_have_attribute("aria-expanded", "false")


def test_the_bell_counts_to_99(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True).open()
    for number in range(101):
        notify(ada, "message", title=f"Number {number}")
    expect(window.badge).to_have_text("99+")
    expect(window.page).to_have_title("(99+) Inbox · Clarion")
    expect(window.page.get_by_role("button", name="Notifications, 101 new")).to_be_visible()


def test_older_pages_come_as_one_scrolls(window_of: OpenWindow, ada: Any) -> None:
    for number in range(75):
        notify(ada, "message", title=f"Number {number}")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 75, what="75 items")
    window = window_of(ada, viewport={"width": 800, "height": 600}).open()
    expect(window.titles).to_have_count(30)
    window.titles.nth(29).scroll_into_view_if_needed()
    expect(window.titles).to_have_count(60)
    window.titles.nth(59).scroll_into_view_if_needed()
    expect(window.titles).to_have_count(75)
    expect(window.page.get_by_role("button", name="Load older")).to_be_hidden()


# --- Putting away, and taking back -----------------------------------------------------------


def test_archiving_can_be_undone(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "One", "Two", "Three")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 3, what="3 items")
    near, far = window_of(ada).open(), window_of(ada).open()
    near.expect_titles(["Three", "Two", "One"])
    near.item("Two").hover()
    near.page.get_by_role("button", name="Archive: Two").click()
    for window in (near, far):
        window.expect_titles(["Three", "One"])
    expect(near.inbox.locator(".notice")).to_contain_text("Archived.")
    near.expect_announced("Archived.")
    near.page.get_by_role("button", name="Undo").click()
    for window in (near, far):
        window.expect_titles(["Three", "Two", "One"])
        window.expect_unread(3)
    expect(near.page.get_by_role("button", name="Undo")).to_be_hidden()
    assert state(ada, "Two").archived_at is None


def test_what_was_archived_is_found_and_taken_out_again(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(ada, "One", "Two")
    window.expect_unread(2)
    window.choose("One", "Archive")
    window.expect_titles(["Two"])
    window.page.get_by_role("button", name="Archived", exact=True).click()
    window.expect_titles(["One"])
    # Undoing brings it back to where it was.
    window.choose("One", "Snooze for 3 hours")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    window.page.get_by_role("button", name="Undo").click()
    window.expect_titles(["One"])
    window.choose("One", "Move to the inbox")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    window.page.get_by_role("button", name="All", exact=True).click()
    window.expect_titles(["Two", "One"])
    wait_until(lambda: state(ada, "One").archived_at is None, what="One is back")


def test_snoozing(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, timezone_id="Europe/Berlin").open()
    say(ada, "One", "Two")
    window.expect_unread(2)
    window.choose("One", "Snooze for 3 hours")
    window.expect_titles(["Two"])
    expect(window.inbox.locator(".notice")).to_contain_text("Snoozed until")
    wait_until(lambda: state(ada, "One").snoozed_until, what="snoozed")
    until = state(ada, "One").snoozed_until
    assert until
    assert abs(until - timezone.now() - timedelta(hours=3)) < timedelta(minutes=1)
    window.page.get_by_role("button", name="Undo").click()
    window.expect_titles(["Two", "One"])

    window.choose("Two", "Snooze until tomorrow morning")
    window.expect_titles(["One"])
    window.page.get_by_role("button", name="Snoozed", exact=True).click()
    window.expect_titles(["Two"])
    window.choose("Two", "Wake up now")
    window.page.get_by_role("button", name="All", exact=True).click()
    window.expect_titles(["Two", "One"])


def test_reading_all_is_undone_for_exactly_what_was_unread(
    window_of: OpenWindow, live_site: Site, ada: Any
) -> None:
    for number in range(45):
        notify(ada, "message", title=f"Number {number}")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 45, what="45 items")
    window = window_of(ada, hidden=True, viewport={"width": 800, "height": 400}).open()
    expect(window.titles).to_have_count(30)
    window.item("Number 44").get_by_role("button", name="Mark as read").click()
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 44, what="one read")
    # Twice is as once.
    asked: list[str] = []
    window.page.on(
        "request", lambda request: request.method == "POST" and asked.append(request.url)
    )
    window.page.get_by_role("button", name="Mark all read").dblclick()
    window.expect_unread(0)
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 0, what="all read")
    window.page.get_by_role("button", name="Undo").click()
    # Also what the list has not loaded.
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 44, what="as before")
    expect(window.inbox.locator("#unread")).to_have_text("44 unread")
    assert state(ada, "Number 44").read_at is not None
    # When all that was loaded is put away elsewhere, what is older comes in its place.
    ids = window.inbox.evaluate("(inbox) => inbox.client.items.map(({ id }) => id)")
    assert len(ids) == 30
    assert [url.rpartition("/")[2] for url in asked] == ["read-all", "unread"]
    live_site.browser(ada).post("/api/v1/inbox/archive", {"ids": ids})
    window.expect_titles([f"Number {number}" for number in range(14, -1, -1)])


def test_what_could_not_be_undone_is_asked_about(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    window.page.evaluate("customElements.get('notification-inbox').undoable = 1")
    say(ada, "One", "Two")
    window.expect_unread(2)
    ask = window.inbox.locator(".read-all")
    notice = window.inbox.locator(".notice")
    ask.click()
    expect(notice).to_contain_text("Mark all as read? That cannot be undone.")
    # Undoing is not what the question is about.
    ask.focus()
    window.page.keyboard.press("z")
    expect(notice).to_be_hidden()
    ask.click()
    expect(notice).to_be_visible()
    window.inbox.evaluate("(inbox) => inbox.undo()")
    expect(notice).to_be_hidden()
    window.expect_unread(2)
    # Of a category that is asked if there are too many of it.
    notify(ada, "demo.signed_in", data={"address": "192.0.2.9"})
    window.expect_unread(3)
    category = window.page.get_by_label("Category")
    category.select_option("security")
    ask.click()
    window.expect_titles(["New sign-in"])
    expect(notice).to_contain_text("All marked as read.")
    notice.get_by_role("button", name="Undo").click()
    expect(window.inbox.locator("#unread")).to_have_text("3 unread")
    category.select_option("messages")
    window.expect_titles(["Two", "One"])
    ask.click()
    expect(notice).to_contain_text("Mark all as read? That cannot be undone.")
    notice.get_by_role("button", name="Mark all read").click()
    expect(window.inbox.locator("#unread")).to_have_text("1 unread")
    expect(notice).to_be_hidden()


def test_what_is_refused_is_taken_back_and_told(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(ada, "One")
    window.expect_unread(1)
    window.page.route("**/inbox/archive", lambda route: route.abort())
    window.choose("One", "Archive")
    expect(window.page.get_by_role("alert")).to_contain_text("did not work")
    window.expect_titles(["One"])
    expect(window.page.get_by_role("button", name="Undo")).to_be_hidden()
    # It is of what was tried last, as long as the connection stays.
    complaint = window.inbox.locator(".complaint")
    window.item("One").get_by_role("button", name="Mark as read").click()
    window.expect_unread(0)
    expect(complaint).to_be_hidden()
    window.choose("One", "Archive")
    expect(complaint).to_be_visible()
    window.unplug()
    window.expect_status("offline")
    window.plug_in()
    window.expect_status("live")
    expect(complaint).to_be_hidden()


def test_what_nobody_asked_for_fails_quietly_and_is_not_hurried(
    window_of: OpenWindow, processes: Processes, ada: Any
) -> None:
    # Time makes leaps, in which no heartbeat may be due.
    window = window_of(ada, site=processes.web(), hidden=True)
    page = window.page
    page.clock.install()
    window.open()
    page.clock.pause_at(timezone.now() + timedelta(seconds=1))
    asked: list[int] = []

    def refuse(route: Route) -> None:
        asked.append(1)
        route.fulfill(status=429, headers={"Retry-After": "20"})

    page.route("**/inbox/seen-all", refuse)
    say(ada, "One", "Two")
    window.wait_for(f"{CLIENT}.counts.unread === 2")
    page.clock.run_for(500)
    window.choose("One", "Archive")
    page.clock.run_for(500)
    window.expect_titles(["Two"])
    window.show()

    def passes(milliseconds: int, requests: int) -> None:
        page.clock.run_for(milliseconds)
        wait_until(lambda: page.evaluate("1") and len(asked) >= requests, what="a request")
        window.wait_for(f"{CLIENT}.counts.unseen === 1")
        page.clock.run_for(500)
        assert len(asked) == requests

    passes(2_000, 1)
    expect(window.inbox.locator(".notice")).to_contain_text("Archived.")
    expect(window.inbox.locator(".complaint")).to_be_hidden()
    passes(4_000, 1)
    passes(10_000, 1)
    passes(5_000, 2)
    # With a new connection everything may be different.
    page.unroute("**/inbox/seen-all")
    window.unplug()
    window.wait_for(f"{CLIENT}.status === 'offline'")
    window.plug_in()
    window.wait_for(f"{CLIENT}.status === 'live'")
    page.clock.run_for(500)
    page.clock.run_for(2_000)
    wait_until(lambda: Inbox.objects.get(user=ada).unseen == 0, what="seen")


def test_what_nobody_can_turn_off_is_not_offered_for_muting(
    window_of: OpenWindow, ada: Any
) -> None:
    window = window_of(ada).open()
    say(ada, "A message")
    notify(ada, "demo.signed_in", data={"address": "192.0.2.9"})
    window.expect_titles(["New sign-in", "A message"])
    muting = window.inbox.get_by_role("menuitem", name="Mute")
    for title, entries in (("A message", 1), ("New sign-in", 0)):
        window.item(title).get_by_role("button", name="More").click()
        expect(window.inbox.get_by_role("menuitem", name="Archive")).to_be_visible()
        expect(muting).to_have_count(entries)
        window.page.keyboard.press("Escape")


def test_categories_that_did_not_come_are_asked_for_again(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada)
    window.page.route("**/api/v1/inbox/choices", lambda route: route.abort())
    with window.page.expect_event(
        "requestfailed", lambda request: request.url.endswith("/api/v1/inbox/choices")
    ):
        window.open()
    category = window.inbox.get_by_label("Category")
    expect(category).to_be_hidden()
    window.page.unroute("**/api/v1/inbox/choices")
    window.unplug()
    window.expect_status("offline")
    window.plug_in()
    expect(category).to_be_visible()


def test_muting_a_thread_and_undoing_it(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True).open()
    say(ada, "Order is packed", thread="order-7")
    window.expect_unread(1)
    window.choose("Order is packed", "Mute this thread")
    expect(window.inbox.locator(".notice")).to_contain_text("Muted")
    say(ada, "Order is sent", thread="order-7")
    window.expect_titles(["Order is sent"])
    window.expect_unread(0)
    expect(window.badge).to_be_hidden()
    with window.page.expect_response("**/unmute"):
        window.page.get_by_role("button", name="Undo").click()
    say(ada, "Order is there", thread="order-7")
    window.expect_titles(["Order is there"])
    window.expect_unread(1)
    expect(window.badge).to_have_text("1")


# --- Rows ------------------------------------------------------------------------------------


def test_a_thread_is_one_row_that_unfolds(
    window_of: OpenWindow, ada: Any, bob: Any, make_user: Any
) -> None:
    window = window_of(ada).open()
    for who in (bob, make_user("carol"), make_user("dave")):
        say(ada, f"From {who}", thread="roadmap", actor=who)
    window.expect_titles(["From dave"])
    row = window.item("From dave")
    expect(row.locator(".actors")).to_have_text("dave and 2 others")
    row.get_by_role("button", name="Show 2 earlier ones").click()
    expect(row.locator(".thread .open, .thread span")).to_have_text(["From carol", "From bob"])
    fold = row.get_by_role("button", name="Hide earlier")
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.click()
    expect(row.locator(".thread")).to_be_hidden()


def test_actions_are_links_that_mark_read(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(
        ada,
        "Deploy?",
        actions=[
            {"label": "Go", "url": "/accounts/login/?go"},
            {"label": "Read about it", "url": "https://example.org/"},
        ],
    )
    row = window.item("Deploy?")
    foreign = row.get_by_role("link", name="Read about it")
    expect(foreign).to_have_attribute("rel", "noopener noreferrer")
    row.get_by_role("link", name="Go").click()
    expect(window.page.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()
    assert window.page.url.endswith("?go")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 0, what="the click counted")


def test_times_are_right_when_one_comes_back(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True)
    window.page.clock.install()
    window.open()
    say(ada, "One")
    time = window.item("One").locator("time")
    expect(time).to_have_text("now")
    # Timers sleep along with the machine.
    window.page.clock.set_system_time(timezone.now() + timedelta(hours=2))
    window.page.evaluate("window.setHidden(false)")
    assert time.text_content() == "2 hours ago"


def test_filters(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(ada, "A message")
    notify(ada, "demo.signed_in", data={"address": "192.0.2.9"})
    window.expect_titles(["New sign-in", "A message"])
    window.item("A message").get_by_role("button", name="Mark as read").click()
    window.page.get_by_role("button", name="Unread", exact=True).click()
    window.expect_titles(["New sign-in"])
    # It stays live.
    say(ada, "Another message")
    window.expect_titles(["Another message", "New sign-in"])
    window.page.get_by_role("button", name="All", exact=True).click()
    window.page.get_by_label("Category").select_option("security")
    window.expect_titles(["New sign-in"])
    window.page.get_by_role("button", name="Mark all read").click()
    expect(window.inbox.locator("#unread")).to_have_text("1 unread")
    window.page.get_by_label("Category").select_option("")
    window.expect_titles(["Another message", "New sign-in", "A message"])
    window.expect_unread(1)


def test_filters_follow_other_devices_without_asking(
    window_of: OpenWindow, live_site: Site, ada: Any
) -> None:
    say(ada, "One", "Two", "Three")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 3, what="3 items")
    window = window_of(ada, hidden=True).open()
    far = live_site.browser(ada)
    asked: list[str] = []
    window.page.on(
        "request",
        lambda request: "/api/v1/inbox/?" in request.url and asked.append(request.url),
    )

    def act(action: str, *titles: str, **more: str) -> None:
        ids = [str(state(ada, title).notification_id) for title in titles]
        far.post(f"/api/v1/inbox/{action}", {"ids": ids, **more})

    def choose(name: str) -> None:
        with window.page.expect_response("**/api/v1/inbox/?*"):
            window.page.get_by_role("button", name=name, exact=True).click()

    choose("Archived")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    act("archive", "One", "Three")
    window.expect_titles(["Three", "One"])
    act("read", "One")
    expect(window.inbox.locator(".item.is-unread")).to_have_count(1)
    act("unarchive", "One")
    window.expect_titles(["Three"])
    retract(state(ada, "Three").notification)
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    assert len(asked) == 1

    choose("Snoozed")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    act("snooze", "Two", until=(timezone.now() + timedelta(hours=1)).isoformat())
    window.expect_titles(["Two"])
    act("unsnooze", "Two")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    assert len(asked) == 2

    choose("Unread")
    window.expect_titles(["Two"])
    act("unread", "One")
    window.expect_titles(["Two", "One"])
    assert len(asked) == 3
    # Which ones "all" are is known, but for those that come from elsewhere.
    far.post("/api/v1/inbox/read-all", {"cursor": far.get("/api/v1/inbox/")["cursor"]})
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    assert len(asked) == 3
    choose("Archived")
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    with window.page.expect_response("**/api/v1/inbox/?*"):
        far.post("/api/v1/inbox/archive-read", {"cursor": far.get("/api/v1/inbox/")["cursor"]})
    window.expect_titles(["Two", "One"])
    assert len(asked) == 5


def test_filters_get_what_they_have_not_got(
    window_of: OpenWindow, live_site: Site, ada: Any
) -> None:
    say(ada, "One", "Two")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 2, what="2 items")
    far = live_site.browser(ada)

    def archive(title: str) -> None:
        given = {"ids": [str(state(ada, title).notification_id)]}
        far.post("/api/v1/inbox/archive", given)

    archive("One")
    window = window_of(ada, hidden=True).open()
    markup = '<notification-inbox filter="archived"></notification-inbox>'
    window.inbox.evaluate("(inbox, markup) => (inbox.outerHTML = markup)", markup)
    window.expect_titles(["One"])
    # What happened while it was not in the page.
    window.inbox.evaluate(
        "(inbox) => { window.place = inbox.parentNode; (window.aside = inbox).remove(); }"
    )
    archive("Two")
    window.wait_for("window.aside.client.items.length === 0")
    window.page.evaluate("window.place.append(window.aside)")
    window.expect_titles(["Two", "One"])
    # Chosen without a network, and when there is one again.
    window.unplug()
    window.expect_status("offline")
    window.page.get_by_role("button", name="Snoozed", exact=True).click()
    expect(window.page.get_by_text("The inbox cannot be reached.")).to_be_visible()
    window.plug_in()
    expect(window.page.get_by_text("Nothing here")).to_be_visible()
    expect(window.inbox.locator(".skeleton:visible")).to_have_count(0)


def test_what_a_page_draws_itself(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "As ever", url="/accounts/login/")
    say(ada, "Special", level="success")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 2, what="2 items")
    window = window_of(ada, hidden=True).open()
    page = window.page
    window.expect_titles(["Special", "As ever"])
    # Also what is drawn already.
    window.inbox.evaluate(
        """(inbox) => {
            inbox.item = ({ level, title }) => {
                if (level === "error") throw new Error("Of the page");
                if (level === "info") return null;
                const drawn = document.createElement("strong");
                drawn.append(`* ${title}`);
                if (level === "warning") {
                    const link = document.createElement("a");
                    Object.assign(link, { href: "/accounts/login/", textContent: "Look" });
                    drawn.append(link);
                }
                return drawn;
            };
            window.opened = [];
            inbox.addEventListener("notification-open", (event) => {
                event.preventDefault();
                window.opened.push(event.detail.item.title);
            });
        }"""
    )
    special = page.get_by_role("button", name="* Special", exact=True)
    special.click()
    page.get_by_role("link", name="As ever").click()
    window.expect_unread(0)
    say(ada, "Linked", level="warning")
    link = page.get_by_role("link", name="Look")
    link.click()
    window.expect_unread(0)
    assert page.evaluate("window.opened") == ["Special", "As ever", "Linked"]
    assert page.url.endswith("/inbox/")

    # What has been read has new rows; filled again, they keep the focus.
    rows = window.inbox.locator(".item > .content")
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    expect(rows).to_have_text(["* LinkedLook", "* Special", re.compile("As ever")])
    for control, unread in ((special, 1), (link, 2)):
        control.focus()
        page.keyboard.press("u")
        window.expect_unread(unread)
        expect(control).to_be_focused()

    # Where it fails there is the usual row, and the page is told.
    say(ada, "Broken", level="error")
    window.expect_titles(["Broken", "As ever"])
    page.keyboard.press("u")
    window.expect_unread(2)
    expect(rows).to_have_count(4)
    wait_until(lambda: page.evaluate("1") and window.complaints, what="the page is told")
    assert set(window.complaints) == {"Of the page"}
    window.complaints.clear()
    window.inbox.evaluate("(inbox) => (inbox.item = null)")
    window.expect_titles(["Broken", "Linked", "Special", "As ever"])
    page.get_by_role("button", name="Special", exact=True).click()
    assert page.evaluate("window.opened.slice(3)") == ["Special"]


def test_what_a_page_gives_too_early_or_late(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    # Before the element is known, as elements of other documents are not.
    window.page.evaluate(
        """() => {
            const apart = document.implementation.createHTMLDocument();
            const inbox = apart.createElement("notification-inbox");
            inbox.filter = "archived";
            document.querySelector("main").append(inbox);
        }"""
    )
    pressed = window.inbox.locator(".filter[aria-pressed=true]")
    expect(pressed).to_have_text("Archived")
    window.inbox.get_by_role("button", name="All", exact=True).click()
    expect(pressed).to_have_text("All")

    # After the bell's list has been made.
    window.bell.click()
    window.page.evaluate("document.querySelector('notification-bell').close()")
    window.page.evaluate(
        """() => {
            const bell = document.querySelector("notification-bell");
            bell.item = ({ title }) => document.createRange().createContextualFragment(title + "!");
            bell.show();
        }"""
    )
    say(ada, "Mine")
    dialog = window.page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Mine!", exact=True)).to_be_visible()
    shown = window.page.evaluate(
        """() => {
            const bell = document.querySelector("notification-bell");
            bell.client = new bell.client.constructor({ apiUrl: "/api/" });
            bell.show();
            const [inbox, ...more] = bell.shadowRoot.querySelectorAll("notification-inbox");
            return more.length === 0 && inbox.client === bell.client && inbox.item === bell.item;
        }"""
    )
    assert shown


# --- By keyboard, and for screen readers -----------------------------------------------------


def test_the_list_by_keyboard(window_of: OpenWindow, live_site: Site, ada: Any) -> None:
    window = window_of(ada).open()
    press = window.page.keyboard.press
    say(ada, "One", "Two", "Three", "Four")
    window.expect_unread(4)
    window.titles.first.focus()
    for key, name in (
        *(("j", "Three"), ("ArrowDown", "Two"), ("j", "One"), ("j", "One"), ("k", "Two")),
        *(("Home", "Four"), ("End", "One"), ("ArrowUp", "Two")),
    ):
        press(key)
        assert window.focused == name, key
    press("u")
    window.expect_unread(3)
    press("u")
    window.expect_unread(4)
    press("Enter")
    window.expect_unread(3)
    assert window.focused == "Two"
    press("e")
    window.expect_titles(["Four", "Three", "One"])
    assert window.focused == "One"
    press("z")
    window.expect_titles(["Four", "Three", "Two", "One"])
    # Also where nothing is left, and all comes back. What is said each time is an element of its
    # own: the same text in the same place is no news, unless somebody observes the page, as here.
    window.page.evaluate("window.told = new Set()")
    for titles in (["Three", "Two", "One"], ["Two", "One"], ["One"], []):
        window.titles.first.focus()
        press("e")
        window.expect_titles(titles)
        window.expect_announced("Archived.")
        window.page.evaluate("told.add(document.querySelector('#clarion-polite > *'))")
    assert window.page.evaluate("told.size") == 4
    assert "All quiet" in window.focused
    press("z")
    window.expect_titles(["One"])
    assert window.focused == "One"
    ids = [str(state(ada, title).notification_id) for title in ("Two", "Three", "Four")]
    live_site.browser(ada).post("/api/v1/inbox/unarchive", {"ids": ids})
    window.expect_titles(["Four", "Three", "Two", "One"])
    window.expect_unread(3)
    window.inbox.get_by_role("button", name="Mark all read").focus()
    press("Enter")
    window.expect_unread(0)
    assert window.focused == "Mark all read"
    press("z")
    window.expect_unread(3)
    # One stop for the tab key in a list, and the controls of its row.
    window.titles.nth(1).focus()
    names = []
    for _ in range(4):
        names.append(window.focused)
        press("Tab")
    assert names == ["Three", "Archive: Three", "Mark as read: Three", "More: Three"]
    # The menu takes the arrows, and gives the focus back.
    press("Shift+Tab")
    assert window.focused == "More: Three"
    press("Enter")
    window.wait_for(f"({FOCUSED})() === 'Mark as read'")
    press("ArrowUp")
    assert window.focused == "Mute “Messages”"
    press("ArrowDown")
    press("ArrowDown")
    assert window.focused.startswith("Snooze for 3 hours")
    press("Escape")
    expect(window.inbox.get_by_role("menu")).to_be_hidden()
    assert window.focused == "More: Three"


def test_a_storm_is_told_once_and_what_is_urgent_at_once(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, hidden=True).open()
    window.page.evaluate(
        """() => {
            window.told = [];
            const hear = ([{target}]) => window.told.push(target.textContent);
            const voice = document.getElementById("clarion-polite");
            new MutationObserver(hear).observe(voice, {childList: true});
        }"""
    )
    # Not more than a page, which right after connecting would be what was missed.
    for number in range(25):
        notify(ada, "message", title=f"Number {number}")
    expect(window.badge).to_have_text("25")
    window.wait_for("window.told.length > 0")
    say(ada, "Fire", priority="urgent")
    window.expect_announced("Urgent: New notification: Fire", "assertive")
    assert window.page.evaluate("window.told.length") < 15
    assert not any("Fire" in text for text in window.page.evaluate("window.told"))


# --- Toasts ----------------------------------------------------------------------------------


def test_toasts_come_and_go(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada)
    page = window.page
    page.clock.install()  # before anything is on its way that it would not know of
    elsewhere(window).page.locator("main input").focus()
    window.stop_the_clock()
    say(ada, "Lunch", body="Downstairs", level="success")
    window.wait_for("document.querySelector('notification-bell').client.items.length === 1")
    expect(window.toasts).to_have_count(0)
    page.clock.run_for(1_000)
    expect(window.toasts).to_contain_text(["Lunch"])
    expect(page.locator("main input")).to_be_focused()
    say(ada, "Fire", priority="urgent", level="error")
    window.wait_for("document.querySelector('notification-bell').client.items.length === 2")
    page.clock.run_for(1_000)
    expect(window.toasts).to_have_count(2)
    # Not while somebody points at them.
    window.toasts.first.hover()
    page.clock.run_for(60_000)
    expect(window.toasts).to_have_count(2)
    page.mouse.move(1, 1)
    page.clock.run_for(7_000)
    expect(window.toasts).to_contain_text(["Fire"])
    page.clock.run_for(600_000)
    window.toasts.get_by_role("button", name="Close").click()
    expect(window.toasts).to_have_count(0)
    assert Inbox.objects.get(user=ada).unread == 2
    # What arrives just before a login ends is not shown after it.
    page.clock.resume()  # so that the socket, long without a heartbeat, is opened anew
    client = "document.querySelector('notification-bell').client"
    window.wait_for(f"{client}.status === 'live'")
    window.stop_the_clock()
    say(ada, "Secret", priority="urgent")
    window.wait_for(f"{client}.items.length === 3")
    page.route("**/api/v1/inbox/read", lambda route: route.fulfill(status=401))
    page.evaluate(f"{client}.markRead(['1']).catch(() => {{}})")
    window.wait_for(f"{client}.status === 'signed_out'")
    page.clock.run_for(1_000)
    expect(window.toasts).to_have_count(0)


def test_toasts_in_a_storm_are_one(window_of: OpenWindow, ada: Any) -> None:
    window = elsewhere(window_of(ada))
    window.page.mouse.move(1, 1)
    for number in range(17):
        notify(ada, "message", title=f"Number {number}")
    expect(window.toasts).to_contain_text(["17 new notifications"])
    window.toasts.get_by_role("button", name="17 new notifications").click()
    expect(window.page.get_by_role("dialog", name="Notifications")).to_be_visible()
    expect(window.toasts).to_have_count(0)


def test_no_toast_for_what_was_missed_nor_where_nobody_looks_nor_beside_the_list(
    window_of: OpenWindow, ada: Any
) -> None:
    window = elsewhere(window_of(ada))
    behind = elsewhere(window_of(ada, hidden=True))
    listing = window_of(ada).open()
    window.unplug()
    say(ada, "Missed")
    listing.expect_titles(["Missed"])
    window.plug_in()
    window.wait_for("document.querySelector('notification-bell').client.items.length === 1")
    say(ada, "Live")
    expect(window.toasts).to_contain_text(["Live"])
    expect(behind.badge).to_have_text("2")
    listing.expect_titles(["Live", "Missed"])
    expect(behind.toasts).to_have_count(0)
    expect(listing.toasts).to_have_count(0)
    # A list that shows something else does not count.
    listing.page.get_by_label("Category").select_option("security")
    expect(listing.page.get_by_text("Nothing here")).to_be_visible()
    say(ada, "Of another category")
    expect(listing.toasts).to_contain_text(["Of another category"])
    listing.toasts.get_by_role("button", name="Close").click()
    listing.page.get_by_label("Category").select_option("")
    listing.expect_titles(["Of another category", "Live", "Missed"])
    # Nor does the panel. Both show what is unread.
    window.bell.click()
    panel = window.page.get_by_role("dialog")
    panel.get_by_role("button", name="Archived").click()
    listing.page.get_by_role("button", name="Unread").click()
    say(ada, "Not archived")
    expect(window.toasts.filter(has_text="Not archived")).to_have_count(1)
    listing.expect_titles(["Not archived", "Of another category", "Live", "Missed"])
    expect(listing.toasts).to_have_count(0)
    listing.page.get_by_role("button", name="All", exact=True).click()
    # What is read elsewhere is no news.
    listing.page.get_by_role("button", name="Mark all read").click()
    expect(window.toasts).to_have_count(0)


# --- Everywhere ------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_nothing_sticks_out_of_a_small_screen(
    window_of: OpenWindow, ada: Any, direction: str
) -> None:
    window = window_of(ada, viewport={"width": 320, "height": 640}, locale="de-DE").open()
    window.page.evaluate(f"document.documentElement.dir = '{direction}'")
    say(
        ada,
        "A" * 200,
        body="B" * 300,
        actor="C" * 100,
        actions=[{"label": "D" * 40, "url": "/d/"}, {"label": "E", "url": "/e/"}],
    )
    expect(window.titles).to_have_count(1)
    window.expect_no_overflow()
    level, tools = (
        window.inbox.locator(f".item > {part}").bounding_box() for part in (".level", ".tools")
    )
    assert level
    assert tools
    assert (level["x"] < tools["x"]) == (direction == "ltr")
    window.inbox.locator(".more").click()
    expect_inside(window, window.inbox.get_by_role("menu").bounding_box())
    window.page.keyboard.press("Escape")
    window.bell.click()
    expect_inside(window, window.page.get_by_role("dialog").bounding_box())
    window.expect_no_overflow()


def expect_inside(window: Window, box: Any) -> None:
    """Fail if part of a box is outside of the window."""
    size = window.page.viewport_size
    assert size
    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]


DIRECTION = "(element) => getComputedStyle(element).direction"
TEXT_BOX = """(element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return range.getBoundingClientRect().toJSON();
}"""


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_sides(window_of: OpenWindow, ada: Any, direction: str) -> None:
    window = elsewhere(window_of(ada, viewport={"width": 1_000, "height": 700}))
    window.page.evaluate(f"document.documentElement.dir = '{direction}'")
    say(ada, "Fire", priority="urgent", url="/fire/", body="Leave the house.\nNow!")
    expect(window.toasts).to_have_count(1)
    bell, badge, toast, level, close = (
        place.bounding_box()
        for place in (
            *(window.bell, window.badge, window.toasts),
            *(window.toasts.locator(part) for part in (".level", ".close")),
        )
    )
    window.bell.click()
    dialog = window.page.get_by_role("dialog")
    panel = dialog.bounding_box()
    assert bell and badge and toast and level and close and panel  # noqa: PT018

    def start(box: Any) -> float:
        return float(box["x"] if direction == "ltr" else 1_000 - box["x"] - box["width"])

    def end(box: Any) -> float:
        return start(box) + float(box["width"])

    # At the end of the window, which is the left one where one reads from the right.
    assert 1_000 - end(toast) == pytest.approx(16, abs=1)
    assert start(level) < start(close)
    assert end(panel) == pytest.approx(end(bell), abs=1)
    assert start(bell) < start(badge) < end(bell)
    # Texts run as their own language does, and stand where those of the page do.
    for place in (window.toasts, dialog.get_by_role("listitem")):
        title, body = place.locator(".open"), place.locator(".body")
        assert [text.evaluate(DIRECTION) for text in (title, body)] == ["ltr", "ltr"]
        assert start(title.evaluate(TEXT_BOX)) == pytest.approx(start(body.evaluate(TEXT_BOX)))


@pytest.mark.parametrize("name", ["Archived", "Snoozed", "Unread"])
def test_a_login_that_ends_empties_every_filter(
    window_of: OpenWindow, live_site: Site, ada: Any, name: str
) -> None:
    say(ada, "Secret")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 1, what="an item")
    given = {"ids": [str(state(ada, "Secret").notification_id)]}
    if name == "Archived":
        live_site.browser(ada).post("/api/v1/inbox/archive", given)
    if name == "Snoozed":
        until = (timezone.now() + timedelta(hours=1)).isoformat()
        live_site.browser(ada).post("/api/v1/inbox/snooze", given | {"until": until})
    window = window_of(ada, hidden=True).open()
    window.inbox.evaluate("(inbox) => inbox.removeAttribute('login')")
    window.page.get_by_role("button", name=name, exact=True).click()
    window.expect_titles(["Secret"])
    Session.objects.all().delete()
    window.page.evaluate("document.querySelector('notification-bell').client.woke()")
    expect(window.inbox.locator(".empty")).to_have_text("Signed out")
    expect(window.page.get_by_text("Secret")).to_have_count(0)


def test_a_login_that_ends_empties_every_element(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    window.inbox.evaluate("(inbox) => inbox.removeAttribute('login')")
    say(ada, "Secret", priority="urgent")
    expect(window.toasts).to_have_count(1)
    window.bell.click()
    Session.objects.all().delete()
    window.page.evaluate("document.querySelector('notification-bell').client.woke()")
    for place in (window.inbox, window.page.get_by_role("dialog")):
        expect(place.locator(".empty")).to_have_text("Signed out")
    expect(window.page.get_by_text("Secret")).to_have_count(0)
    expect(window.toasts).to_have_count(0)


def test_light_and_dark(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "One")
    ground = """(list) => {
        const [red, green, blue] = getComputedStyle(list).backgroundColor.match(/\\d+/g);
        return Number(red) + Number(green) + Number(blue) > 384 ? "light" : "dark";
    }"""
    for scheme in ("light", "dark"):
        window = window_of(ada, color_scheme=scheme).open()
        window.expect_titles(["One"])
        shown = window.inbox.locator("#list")
        assert shown.evaluate(ground) == scheme
        # Asked for by the page.
        for theme in ("light", "dark"):
            window.inbox.evaluate("(inbox, theme) => inbox.setAttribute('theme', theme)", theme)
            assert shown.evaluate(ground) == theme
        window.inbox.evaluate("(inbox) => inbox.style.setProperty('--clarion-surface', '#ff0')")
        assert shown.evaluate(ground) == "light"


def test_nothing_moves_where_that_is_not_wanted(window_of: OpenWindow, ada: Any) -> None:
    moving = """() => document.querySelector("notification-toasts").shadowRoot
        .getAnimations().length"""
    window = elsewhere(window_of(ada, reduced_motion="reduce"))
    say(ada, "Still", priority="urgent")
    expect(window.toasts).to_have_count(1)
    name = "(toast) => getComputedStyle(toast).animationName"
    assert window.toasts.evaluate(name) == "none"
    assert window.page.evaluate(moving) == 0
    other = elsewhere(window_of(ada))
    say(ada, "Moving", priority="urgent")
    expect(other.toasts).to_have_count(1)
    assert other.toasts.evaluate(name) == "rise"


def test_a_list_that_the_server_drew_is_taken_over(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "From the server")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 1, what="an item")
    window = window_of(ada)
    waiting: list[Route] = []

    def with_list(route: Route) -> None:
        answer = route.fetch()
        page = answer.text().replace(
            "\n      <noscript>", "<ol><li>Drawn by the server</li></ol><noscript>"
        )
        route.fulfill(response=answer, body=page)

    window.page.route("**/inbox/", with_list)
    window.page.route("**/api/v1/inbox/", lambda route: waiting.append(route))
    window.page.goto(f"{window.cable.url}/inbox/")
    drawn = window.page.get_by_text("Drawn by the server")
    expect(window.inbox.locator("#status")).to_be_visible()
    expect(drawn).to_be_visible()
    expect(window.inbox.locator(".skeleton:visible")).to_have_count(0)
    wait_until(lambda: window.page.evaluate("1") and waiting, what="the list is asked for")
    waiting[0].continue_()
    window.expect_titles(["From the server"])
    expect(drawn).to_be_hidden()


def test_while_it_loads_and_where_it_cannot(window_of: OpenWindow, ada: Any) -> None:
    say(ada, "There")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 1, what="an item")
    window = window_of(ada)
    waiting: list[Route] = []
    window.page.route("**/api/v1/inbox/", lambda route: waiting.append(route))
    window.page.goto(f"{window.cable.url}/inbox/")
    expect(window.inbox.locator(".skeleton:visible")).to_have_count(3)
    expect(window.inbox.locator("#list")).to_have_attribute("aria-busy", "true")
    wait_until(lambda: window.page.evaluate("1") and waiting, what="the list is asked for")
    # Whoever waits in the panel has the focus in what comes.
    window.bell.press("Enter")
    expect(window.page.get_by_role("dialog").locator(".skeleton:visible")).to_have_count(3)
    waiting.pop().abort()
    expect(window.inbox.get_by_text("The inbox cannot be reached.")).to_be_visible()
    window.wait_for(f"({FOCUSED})().startsWith('The inbox cannot be reached.')")
    window.page.unroute("**/api/v1/inbox/")
    window.page.keyboard.press("Tab")
    assert window.focused == "Try again"
    window.page.keyboard.press("Enter")
    window.expect_titles(["There"])
    window.wait_for(f"({FOCUSED})() === 'There'")
    expect(window.inbox.get_by_text("The inbox cannot be reached.")).to_be_hidden()
