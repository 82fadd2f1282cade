"""The inbox page in real browsers, against a real site and a real worker."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import expect

from notifications import broadcast, notify
from notifications.models import Inbox, Item
from tests.browser.conftest import OpenWindow
from tests.support.processes import Process, Processes
from tests.support.site import Site, login_session
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


def say(user: Any, *titles: str, **fields: Any) -> None:
    """Notify one by one."""
    for title in titles:
        notify(user, "message", title=title, **fields)


# --- Two windows -----------------------------------------------------------------------------


@pytest.mark.promise_4
def test_one_notification_shows_in_both_windows(window_of: OpenWindow, ada: Any) -> None:
    windows = [window_of(ada, hidden=True).open() for _ in range(2)]
    for window in windows:
        expect(window.page.get_by_text("All quiet")).to_be_visible()

    say(ada, "Lunch is here", body="Downstairs", level="success")

    for window in windows:
        window.expect_titles(["Lunch is here"])
        window.expect_unread(1)
        expect(window.badge).to_have_text("1")
        expect(window.page).to_have_title("(1) Inbox · Clarion")
        window.expect_announced("New notification: Lunch is here")


@pytest.mark.promise_4
def test_seen_in_one_window_is_seen_in_the_other(window_of: OpenWindow, ada: Any) -> None:
    first, second = (window_of(ada, hidden=True).open() for _ in range(2))
    say(ada, "One", "Two")
    broadcast("everyone", "message", title="Three")
    for window in (first, second):
        expect(window.badge).to_have_text("3")

    first.show()

    for window in (first, second):
        expect(window.badge).to_be_hidden()
        window.expect_unread(3)
    assert Inbox.objects.get(user=ada).unseen == 0


@pytest.mark.promise_4
def test_read_in_one_window_is_read_in_the_other(window_of: OpenWindow, ada: Any) -> None:
    first, second = window_of(ada).open(), window_of(ada).open()
    say(ada, "One", "Two", "Three")
    second.expect_unread(3)

    first.page.get_by_role("button", name="Two", exact=True).click()
    for window in (first, second):
        window.expect_unread(2)
        expect(window.item("Two").get_by_role("button", name="Mark as unread")).to_be_visible()

    second.item("Two").get_by_role("button", name="Mark as unread").click()
    for window in (first, second):
        window.expect_unread(3)

    second.page.get_by_role("button", name="Mark all read").click()
    for window in (first, second):
        window.expect_unread(0)
    assert Inbox.objects.get(user=ada).unread == 0


@pytest.mark.promise_4
def test_what_is_read_in_one_browser_leaves_the_badge_of_the_other(
    window_of: OpenWindow, ada: Any
) -> None:
    first, second = (window_of(ada, hidden=True).open() for _ in range(2))
    say(ada, "One", "Two", "Three")
    expect(second.badge).to_have_text("3")
    first.item("Two").get_by_role("button", name="Mark as read").click()
    for window in (first, second):
        expect(window.badge).to_have_text("2")
        expect(window.page).to_have_title("(2) Inbox · Clarion")
        window.expect_unread(2)


@pytest.mark.promise_8
def test_each_person_sees_their_own(window_of: OpenWindow, ada: Any, bob: Any) -> None:
    adas, bobs = window_of(ada).open(), window_of(bob).open()
    say(ada, "For Ada")
    say(bob, "For Bob")
    adas.expect_titles(["For Ada"])
    bobs.expect_titles(["For Bob"])


# --- A network that goes away ----------------------------------------------------------------


@pytest.mark.promise_2
def test_nothing_is_missing_after_the_network_was_cut(
    window_of: OpenWindow, live_site: Site, ada: Any
) -> None:
    near, far = window_of(ada).open(), window_of(ada).open()
    say(ada, "Before")
    far.expect_titles(["Before"])

    far.unplug()
    far.expect_status("offline")
    titles = ["Before"]
    for number in range(1, 13):
        say(ada, f"Missed {number}")
        titles.insert(0, f"Missed {number}")
        if number % 4 == 0:
            broadcast("everyone", "message", title=f"To everyone {number}")
            titles.insert(0, f"To everyone {number}")
    near.expect_titles(titles)
    near.item("Missed 3").get_by_role("button", name="Mark as read").click()
    near.item("To everyone 8").get_by_role("button", name="Mark as read").click()
    near.expect_unread(14)
    far.expect_titles(["Before"])

    far.plug_in()
    far.expect_status("live")
    far.expect_titles(titles)
    far.expect_unread(14)

    # It goes on live from there, and agrees with what a page loaded now shows.
    say(ada, "After")
    titles.insert(0, "After")
    far.expect_titles(titles)
    page = live_site.browser(ada).get("/api/v1/inbox/")
    assert [item["title"] for item in page["items"]] == titles
    assert page["unread"] == 15
    for window in (near, far, window_of(ada).open()):
        window.expect_titles(titles)
        window.expect_unread(15)


@pytest.mark.promise_2
def test_a_network_that_hangs_is_noticed_by_its_silence(window_of: OpenWindow, ada: Any) -> None:
    near, far = window_of(ada).open(), window_of(ada).open()
    far.cable.hang()
    say(ada, "One", "Two")
    near.expect_titles(["Two", "One"])
    far.expect_status("reconnecting")
    far.cable.mend()
    far.expect_titles(["Two", "One"])
    far.expect_unread(2)
    far.expect_status("live")


@pytest.mark.promise_2
def test_a_site_that_restarts_under_the_page(
    window_of: OpenWindow, processes: Processes, ada: Any
) -> None:
    site = processes.web()
    window = window_of(ada, site=site).open()
    site.process.stop()
    window.expect_status("reconnecting")
    say(ada, "Meanwhile")
    processes.web(port=site.port)
    window.expect_titles(["Meanwhile"])
    window.expect_status("live")


@pytest.mark.promise_3
def test_who_was_away_for_too_long_gets_a_first_page(
    window_of: OpenWindow, processes: Processes, ada: Any
) -> None:
    site = processes.web(CLARION_RESUME_LIMIT="5", CLARION_PAGE_SIZE="4")
    near = window_of(ada, site=site).open()
    far = window_of(ada, site=site).open()
    say(ada, "Before")
    far.expect_titles(["Before"])
    far.unplug()
    say(ada, *(f"Missed {number}" for number in range(8)))
    near.expect_titles([*(f"Missed {number}" for number in range(7, -1, -1)), "Before"])

    far.plug_in()
    # The rest comes by itself, as long as the end of the list is in view.
    far.expect_titles([*(f"Missed {number}" for number in range(7, -1, -1)), "Before"])
    expect(far.page.get_by_role("button", name="Load older")).to_be_hidden()
    far.expect_unread(9)


# --- The page --------------------------------------------------------------------------------


def test_texts_stay_texts(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    hostile = "<img src=x onerror=\"document.body.textContent='gone'\">"
    say(ada, hostile, body=hostile, actor=hostile, level="error")
    window.expect_titles([hostile])
    expect(window.item(hostile).locator(".body")).to_have_text(hostile)
    expect(window.page.locator("img[src=x]")).to_have_count(0)


def test_a_click_marks_read_and_follows_the_address(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada).open()
    say(ada, "Look here", url="/accounts/login/?from=notification")
    window.page.get_by_role("link", name="Look here").click()
    expect(window.page.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()
    assert window.page.url.endswith("?from=notification")
    wait_until(lambda: Inbox.objects.get(user=ada).unread == 0, what="the click counted")


def test_it_works_by_keyboard_on_a_small_screen(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, viewport={"width": 320, "height": 640}).open()
    say(ada, "A" * 200, body="B" * 300, actor="C" * 100)
    window.expect_unread(1)
    window.expect_no_overflow()
    for _ in range(20):
        window.page.keyboard.press("Tab")
        if window.focused.startswith("Mark as read"):
            break
    window.page.keyboard.press("Enter")
    window.expect_unread(0)
    assert window.focused.startswith("Mark as unread")


def test_signing_in_and_out(window_of: OpenWindow, make_user: Any) -> None:
    # The site hashes as sites do; the suite's own settings do not.
    secret = PBKDF2PasswordHasher().encode("a-long-password", "salt")
    get_user_model().objects.filter(pk=make_user("grace").pk).update(password=secret)
    window = window_of(None, viewport={"width": 320, "height": 640})
    window.page.goto(f"{window.cable.url}/")
    window.expect_no_overflow()
    window.page.get_by_label("Name").fill("grace")
    window.page.get_by_label("Password").fill("wrong")
    window.page.get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_contain_text("do not match")
    window.page.get_by_label("Password").fill("a-long-password")
    window.page.get_by_role("button", name="Sign in").click()
    window.expect_status("live")
    # The demo's rule on Django's own signal.
    window.expect_titles(["New sign-in"])

    # Another tab signs out: this one is told.
    tab = window.context.new_page()
    tab.goto(f"{window.cable.url}/inbox/")
    tab.get_by_label("Account of grace").click()
    tab.get_by_role("button", name="Sign out").click()
    expect(tab.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()
    expect(window.page.get_by_role("heading", name="Sign in to Clarion")).to_be_visible()
    expect(window.page).to_have_url(f"{window.cable.url}/accounts/login/?next=%2Finbox%2F")


def test_a_new_password_in_another_tab(window_of: OpenWindow, ada: Any) -> None:
    """The browser has a new login session then, and its windows go on with it."""
    say(ada, "Before")
    window = window_of(ada).open()
    window.expect_status("live")
    # What the page still says by itself would be said by the new login session before it counts.
    seen = Item.objects.filter(inbox__user=ada, seen_at__isnull=False)
    wait_until(seen.exists)
    ada.set_password("another")
    name, value = settings.SESSION_COOKIE_NAME, login_session(ada)
    window.context.add_cookies([{"name": name, "value": value, "url": window.cable.url}])
    with window.page.expect_response("**/api/v1/inbox/") as page:
        ada.save()
    assert page.value.ok
    window.expect_status("live")
    say(ada, "After")
    window.expect_titles(["After", "Before"])


def test_the_demo_panel_sends_now_and_by_a_task(
    window_of: OpenWindow, ada: Any, bob: Any, worker: Process
) -> None:
    adas, bobs = window_of(ada).open(), window_of(bob).open()
    panel = adas.page.locator("#demo-form")

    def send(to: str, title: str, button: str, answer: str) -> None:
        panel.get_by_label("To").select_option(label=to)
        panel.get_by_label("Title").fill(title)
        panel.get_by_role("button", name=button).click()
        expect(adas.page.locator("#demo-said")).to_have_text(answer)

    send("bob", "Hello Bob", "Send now", "Sent.")
    bobs.expect_titles(["Hello Bob"])
    send("everyone", "Hello all", "Send now", "Sent.")
    adas.expect_titles(["Hello all"])
    bobs.expect_titles(["Hello all", "Hello Bob"])
    send("bob", "Later", "In 10 s", "A task sends it in 10 seconds.")
    bobs.expect_titles(["Later", "Hello all", "Hello Bob"])
