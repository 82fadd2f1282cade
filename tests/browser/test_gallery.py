"""Draws every page, light and dark, on a phone and on a desktop, into `screenshots/`.

To be looked at by whoever changes how something looks:
`make screenshots ARGS=tests/browser/test_gallery.py`.
"""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from django.utils import timezone
from playwright.sync_api import Page, expect

from notifications import notify
from notifications.models import ApiKey, Heard, Inbox, Item, Notification, Schedule
from notifications.services import api_keys, preferences, schedules
from tests.browser.conftest import OpenWindow
from tests.browser.test_admin_pictures import fill
from tests.browser.test_demo import Demo, titles
from tests.browser.window import Window
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.usefixtures("worker")]

GALLERY = Path(settings.BASE_DIR) / "screenshots"
DEVICES: dict[str, dict[str, Any]] = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
    },
    "desktop": {"viewport": {"width": 1440, "height": 900}},
}


def draw(page: Page, name: str, device: str, whole: bool = True) -> None:
    """Draw a page in the light and in the dark, as high as it is or as the window."""
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    if whole:
        # Playwright's own whole page is that of a device without touch.
        size, height = page.viewport_size, page.evaluate("document.documentElement.scrollHeight")
        assert size
        page.set_viewport_size({"width": size["width"], "height": height})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        path = GALLERY / f"{name}-{scheme}-{device}.png"
        page.screenshot(path=path, animations="disabled")


# --- What is there ---------------------------------------------------------------------------


def say(user: Any) -> None:
    """A week of somebody's life, of all kinds."""
    said = [
        notify(user, "message", title="Welcome to Clarion", body="What is sent to you shows here."),
        notify(user, "demo.signed_in", data={"address": "192.0.2.7"}),
        notify(user, "demo.shipped", data={"number": "A-1001"}, url="/inbox/choices/"),
        notify(
            user,
            "message",
            title="Release notes of 4.12: " + "faster lists, calmer mails, and much less to click",
            body="Lists of more than a thousand rows open at once. Mails of one day come as one. "
            "Whoever is away for a week finds what matters on top.\n\nAll of it is in the notes.",
            url="/inbox/choices/",
            actor="Carol",
        ),
        notify(
            user,
            "message",
            title="Disk of db-2 is 91 % full",
            level="warning",
            actions=[
                {"label": "Look", "url": "/inbox/choices/?disk=db-2"},
                {"label": "Silence for an hour", "url": "/inbox/choices/?silence=db-2"},
            ],
        ),
        *(
            notify(
                user,
                "demo.comment",
                data={"name": name, "document": "“Roadmap”"},
                body="“Could you look at the third paragraph before Thursday?”",
                thread="roadmap",
                actor=name,
                url="/inbox/choices/",
            )
            for name in ("Carol", "Dave", "Erin")
        ),
        notify(
            user,
            "message",
            title="The card for your plan was declined",
            body="Please enter another one before Friday.",
            level="error",
            priority="urgent",
        ),
        notify(user, "demo.invitation", data={"name": "Bob"}, actor="Bob"),
    ]
    for number, notification in enumerate(reversed(said), 1):
        Notification.objects.filter(pk=notification.pk).update(
            created_at=timezone.now() - timedelta(minutes=number**4)
        )
    inbox = Inbox.objects.get(user=user)
    wait_until(lambda: Item.objects.filter(inbox=inbox).count() == len(said), what="the items")


def furnish_office(ops: Any) -> None:
    """What operators have in their lists."""
    Heard.objects.update_or_create(name="beat", defaults={"at": Now()})
    opening: dict[str, Any] = {"topic": "staff", "title": "The shop opens soon", "kind": "cron"}
    opening |= {"cron": "30 8 * * 1-5", "time_zone": "Europe/Berlin"}
    for _ in range(3):
        schedule = Schedule.objects.first() or schedules.create(opening, ops)
        schedules.run_now(schedule, ops)
    api_keys.create(ApiKey(name="Shop", may_embed=True), ops)
    api_keys.revoke(ApiKey.objects.filter(pk=api_keys.create(ApiKey(name="Old shop"), ops).key.pk))


# --- What is done before a page is drawn -----------------------------------------------------


def nothing(window: Window) -> None:
    """As it comes."""


def wrong_password(window: Window) -> None:
    fill(window, username="ada", password="forgotten")
    window.page.get_by_role("button", name="Sign in").click()
    expect(window.page.get_by_role("alert")).to_be_visible()


def listed(window: Window) -> None:
    loaded(window)
    for title in ("Order A-1001 is on its way", "Welcome to Clarion"):
        toggle = window.item(title).get_by_role("button", name="Mark as read")
        if toggle.count():
            toggle.click()
    window.expect_unread(6)
    window.page.evaluate("document.activeElement.blur()")


def loaded(window: Window) -> None:
    window.expect_status("live")
    expect(window.titles).to_have_count(8)
    expect(window.inbox.locator(".category")).to_be_visible()


def from_right_to_left(window: Window) -> None:
    loaded(window)
    window.page.evaluate("document.documentElement.dir = 'rtl'")


def all_quiet(window: Window) -> None:
    window.expect_status("live")
    expect(window.page.get_by_text("All quiet")).to_be_visible()


def offline(window: Window) -> None:
    listed(window)
    window.unplug()
    window.expect_status("offline")


def with_a_menu(window: Window) -> None:
    listed(window)
    window.item("Bob invites you to lunch").get_by_role("button", name="More").click()
    expect(window.inbox.get_by_role("menuitem").first).to_be_visible()


def with_a_thread(window: Window) -> None:
    listed(window)
    window.inbox.get_by_role("button", name="earlier").click()
    expect(window.inbox.locator(".thread li")).to_have_count(2)


def with_undo(window: Window) -> None:
    window.choose(window.titles.nth(1).inner_text(), "Archive")
    expect(window.inbox.get_by_role("button", name="Undo")).to_be_visible()


def connected(window: Window) -> None:
    """A page with a bell and without a list is live."""
    window.wait_for("document.querySelector('notification-bell').client?.status === 'live'")


def with_the_bell(window: Window) -> None:
    connected(window)
    window.bell.click()
    expect(window.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(8)


def with_toasts(window: Window) -> None:
    connected(window)
    ada = get_user_model().objects.get(username="ada")
    body = "Version 4.12.0 is live on all 12 hosts."
    notify(ada, "message", title="Deployment finished", body=body, level="success", actor="Carol")
    notify(ada, "demo.invitation", data={"name": "Bob"}, actor="Bob")
    notify(ada, "message", title="The kitchen is on fire", level="error", priority="urgent")
    expect(window.toasts).to_have_count(3)


def with_the_account(window: Window) -> None:
    window.page.locator(".menu summary").click()
    expect(window.page.locator(".menu-panel")).to_be_visible()


def played(window: Window) -> None:
    demo = Demo(window.page)
    for name in ("hello", "invitation", "comment", "comment", "urgent", "everyone"):
        demo.press(name)
    demo.to("bob")
    for name in ("success", "warning", "hello"):
        demo.press(name)
    expect(titles(demo.right).first).to_have_text("Ada says hello")


def composed(window: Window) -> None:
    fill(window, topic="everyone", title="Maintenance on Sunday", level="warning", url="/status/")
    window.page.get_by_role("button", name="Preview").click()
    expect(window.page.locator(".clarion-preview")).to_be_visible()


def scheduled(window: Window) -> None:
    fill(window, topic="staff", title="Good morning", kind="cron", cron="30 8 * * 1-5")
    window.page.get_by_role("button", name="Preview").click()
    expect(window.page.get_by_text("At 08:30 on Monday")).to_be_visible()


def history(window: Window) -> None:
    window.open(f"/admin/clarion/schedule/{Schedule.objects.get().pk}/sent/")


def an_operation(window: Window) -> None:
    window.page.get_by_text("Notify people", exact=True).click()
    expect(window.page.get_by_text("Your report is ready").first).to_be_visible()


# --- The pages -------------------------------------------------------------------------------


class Shown(NamedTuple):
    """Whose page, where, after what was done; the whole of it, or what the window has."""

    who: str
    path: str
    prepare: Callable[[Window], None] = nothing
    whole: bool = True
    options: dict[str, Any] = {}


PLAIN = {"java_script_enabled": False}
PAGES = {
    "login": Shown("", "/accounts/login/"),
    "login-error": Shown("", "/accounts/login/", wrong_password),
    "inbox": Shown("ada", "/inbox/", listed),
    "inbox-thread": Shown("ada", "/inbox/", with_a_thread),
    "inbox-menu": Shown("ada", "/inbox/", with_a_menu, False),
    "inbox-undo": Shown("ada", "/inbox/", with_undo, False),
    "inbox-offline": Shown("ada", "/inbox/", offline, False),
    "inbox-empty": Shown("bob", "/inbox/", all_quiet, False),
    "inbox-german": Shown("ada", "/inbox/", loaded, options={"locale": "de-DE"}),
    "inbox-rtl": Shown("ada", "/inbox/", from_right_to_left),
    "plain": Shown("ada", "/inbox/", options=PLAIN),
    "plain-thread": Shown("ada", "/inbox/?thread=roadmap", options=PLAIN),
    "plain-empty": Shown("bob", "/inbox/", options=PLAIN),
    "bell": Shown("ada", "/inbox/choices/", with_the_bell, False),
    "toasts": Shown("ada", "/inbox/choices/", with_toasts, False),
    "account": Shown("ops", "/inbox/", with_the_account, False),
    "choices": Shown("ada", "/inbox/choices/"),
    "demo": Shown("", "/demo/", played, False),
    "demo-whole": Shown("", "/demo/", played),
    "admin": Shown("ops", "/admin/clarion/"),
    "admin-compose": Shown("ops", "/admin/clarion/announcement/add/", composed),
    "admin-announcements": Shown("ops", "/admin/clarion/announcement/"),
    "admin-schedule": Shown("ops", "/admin/clarion/schedule/add/", scheduled),
    "admin-schedules": Shown("ops", "/admin/clarion/schedule/"),
    "admin-history": Shown("ops", "/admin/clarion/schedule/", history),
    "admin-keys": Shown("ops", "/admin/clarion/apikey/"),
    "admin-key": Shown("ops", "/admin/clarion/apikey/add/"),
    "api": Shown("", "/api/v1/docs", an_operation, False),
}


@pytest.fixture
def persons(people: None) -> dict[str, Any]:
    """Those of the demo by their names, Ada with an inbox and choices, ops with work."""
    users = {user.username: user for user in get_user_model().objects.all()}
    say(users["ada"])
    inbox_id = Inbox.objects.get(user=users["ada"]).pk
    preferences.mute(inbox_id, category="comments")
    preferences.mute(inbox_id, thread="order.7")
    preferences.opt_out(inbox_id, "orders")
    furnish_office(users["ops"])
    return users


@pytest.mark.parametrize("name", PAGES)
def test_pages(window_of: OpenWindow, persons: dict[str, Any], name: str) -> None:
    shown = PAGES[name]
    for device, look in DEVICES.items():
        window = window_of(persons.get(shown.who), **look, **shown.options)
        window.page.goto(window.cable.url + shown.path)
        shown.prepare(window)
        draw(window.page, name, device, shown.whole)
