"""The page `/demo/`: its buttons, its two windows, and the network between."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from notifications.models import Inbox, Item, Notification
from project.demo.scenes import BURST, BUTTONS
from tests.browser.conftest import OpenWindow
from tests.support.processes import Processes
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]


class Demo:
    """The page with its buttons; `left` is Ada's window, `right` Bob's."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.left, self.right = page.locator(".side").nth(0), page.locator(".side").nth(1)
        for side in (self.left, self.right):
            expect(side.locator(".side-status")).to_have_text("Live")

    def press(self, name: str) -> None:
        """Press a button, and wait until it has been answered."""
        with self.page.expect_response(f"**/demo/play/{name}/") as answer:
            self.page.locator(f'[data-play="{name}"]:not(#demo)').click()
        assert answer.value.status == 200, answer.value.text()

    def to(self, name: str) -> None:
        """Choose who is spoken to."""
        self.page.locator(".direction").get_by_text(name, exact=True).click()


def titles(side: Locator) -> Locator:
    """The titles in the list of a window."""
    return side.locator(".scroll notification-inbox .item > .content > .title > .open")


@pytest.fixture
def demo(window_of: OpenWindow, people: None) -> Demo:
    window = window_of(None, viewport={"width": 1440, "height": 900})
    window.open("/demo/")
    return Demo(window.page)


def test_what_is_said_shows_in_the_window_of_whom_it_is_for(demo: Demo) -> None:
    demo.press("hello")
    expect(titles(demo.left)).to_have_text(["Bob says hello"])
    expect(titles(demo.right)).to_have_count(0)
    demo.to("bob")
    demo.press("urgent")
    expect(titles(demo.right)).to_have_text(["The door of the server room is open"])
    expect(demo.right.locator(".toast")).to_contain_text("The door of the server room is open")
    # Each had a commit, and a moment at which it was shown.
    for side in (demo.left, demo.right):
        expect(side.locator('[data-figure="count"]')).to_have_text("1")
        expect(side.locator('[data-figure="last"]')).to_contain_text("ms")
        expect(side.locator(".wire li").first).to_be_attached()


def test_every_button(demo: Demo, processes: Processes) -> None:
    processes.beat()
    shown = {
        "hello": "Bob says hello",
        "success": "Order A-",
        "warning": "The disk is nearly full",
        "error": "The backup has failed",
        "urgent": "The door of the server room is open",
        "invitation": "Bob invites you to lunch",
        "comment": "has commented on the plan",
        "progress": "Your export is ready",
        "brief": "Half price, for ten seconds",
        "task": "A Celery task says hello",
        "signal": "is paid",
        "schedule": "Scheduled, and here it is",
        "everyone": "Maintenance at noon",
        "team": "The team meets at four",
        "news": "There is something new",
    }
    rest = {"update", "retract", "retract-thread", "storm"}
    assert shown.keys() | rest == BUTTONS.keys()
    for name, title in shown.items():
        demo.press(name)
        expect(titles(demo.left).first).to_contain_text(title)
    # What is for all reached Bob, too; what was said to Ada's group did not.
    everybody = ["There is something new", "Maintenance at noon", "Scheduled, and here it is"]
    expect(titles(demo.right)).to_have_text(everybody)
    expect(titles(demo.left).filter(has_text="Half price")).to_have_count(0)


def test_changing_and_taking_back(demo: Demo) -> None:
    for name in ("comment", "comment", "hello"):
        demo.press(name)
    thread = titles(demo.left).filter(has_text="has commented")
    expect(titles(demo.left)).to_have_count(2)
    expect(demo.left.get_by_role("button", name="earlier")).to_be_visible()
    demo.press("update")
    expect(titles(demo.left).first).to_have_text("On second thought: never mind")
    demo.press("retract")
    expect(titles(demo.left)).to_have_count(1)
    expect(thread).to_have_count(1)
    demo.press("retract-thread")
    expect(titles(demo.left)).to_have_count(0)


def test_nothing_to_take_back_is_said(demo: Demo) -> None:
    demo.page.get_by_role("button", name="Retract the last one").click()
    expect(demo.page.locator("#demo-said")).to_have_text("Say something first.")


def test_a_network_that_is_cut(demo: Demo) -> None:
    network = demo.left.get_by_role("switch", name="Network")
    network.uncheck()
    expect(demo.left.locator(".side-status")).to_have_text("Offline")
    demo.press("hello")
    demo.press("everyone")
    expect(titles(demo.right)).to_have_text(["Maintenance at noon"])
    expect(titles(demo.left)).to_have_count(0)
    network.check()
    expect(demo.left.locator(".side-status")).to_have_text("Live")
    expect(titles(demo.left)).to_have_text(["Maintenance at noon", "Bob says hello"])
    # What was caught up with tells nothing of how quick it is.
    expect(demo.left.locator('[data-figure="count"]')).to_have_text("0")


def test_two_devices_of_one_person(demo: Demo) -> None:
    demo.right.get_by_label("Who is here").select_option("ada")
    expect(demo.right.locator(".side-status")).to_have_text("Live")
    demo.press("hello")
    for side in (demo.left, demo.right):
        expect(titles(side)).to_have_text(["Bob says hello"])
    demo.left.get_by_role("button", name="Mark as read").click()
    expect(demo.right.locator(".scroll notification-inbox .item.is-unread")).to_have_count(0)


def test_on_another_page_news_are_toasts(demo: Demo) -> None:
    demo.left.get_by_text("Another page").click()
    demo.press("hello")
    expect(demo.left.locator(".toast")).to_contain_text("Bob says hello")
    inner, outer = demo.left.locator(".toast").bounding_box(), demo.left.bounding_box()
    assert inner
    assert outer
    assert outer["x"] < inner["x"] < inner["x"] + inner["width"] <= outer["x"] + outer["width"]
    expect(demo.right.locator(".toast")).to_have_count(0)


def test_the_storm_can_be_stopped(demo: Demo) -> None:
    storm = demo.page.locator('[data-play="storm"]')
    storm.click()
    expect(titles(demo.left).first).to_be_visible()
    expect(storm).to_have_text("Stop")
    storm.click()
    expect(storm).to_have_text("1,000 in 10 seconds")
    said = Notification.objects.filter(type="demo.note").count()
    assert 0 < said < BURST * BUTTONS["storm"].times
    ada = Inbox.objects.get(user__username="ada")
    wait_until(lambda: Item.objects.filter(inbox=ada).count() == said, what="all of it")


@pytest.mark.parametrize("width", [320, 390, 900])
def test_it_fits(window_of: OpenWindow, people: None, width: int) -> None:
    window = window_of(None, viewport={"width": width, "height": 800})
    window.open("/demo/")
    demo = Demo(window.page)
    demo.press("invitation")
    expect(titles(demo.left)).to_have_count(1)
    window.expect_no_overflow()


def test_a_login_in_another_tab(window_of: OpenWindow, people: None) -> None:
    """It changes the browser's CSRF token; who wants another token then shows the new one."""
    window = window_of(None)

    def soon_over(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace('"expires_in": 900', '"expires_in": 1')
        route.fulfill(response=answer, body=body)

    window.page.route("**/demo/tokens/**", soon_over)
    window.open("/demo/")
    demo = Demo(window.page)
    other = window.context.new_page()
    other.goto(f"{window.cable.url}/accounts/login/")
    other.get_by_label("Name").fill("demo")
    other.get_by_label("Password").fill("demo")
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(f"{window.cable.url}/inbox/")
    network = demo.left.get_by_role("switch", name="Network")
    network.uncheck()
    network.check()
    expect(demo.left.locator(".side-status")).to_have_text("Live")
    demo.press("hello")
    expect(titles(demo.left)).to_have_text(["Bob says hello"])


def test_what_django_refuses_does_not_end_it(window_of: OpenWindow, people: None) -> None:
    """It says so in no answer of ours, and another attempt may succeed."""
    window = window_of(None)
    refusals: list[int] = []

    def refuse_once(route: Route) -> None:
        answer = route.fetch(headers={} if not refusals else None)
        refusals.append(answer.status)
        route.fulfill(response=answer)

    window.page.route("**/demo/tokens/ada/", refuse_once)
    window.open("/demo/")
    Demo(window.page)
    assert refusals == [403, 200]


def test_without_the_people(window_of: OpenWindow, transactional_db: None) -> None:
    window = window_of(None)
    window.open("/demo/")
    expect(window.page.locator("#demo-said")).to_contain_text("manage.py demo_data")
