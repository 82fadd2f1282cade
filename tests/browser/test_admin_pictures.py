"""Draws the pictures of docs/operators.md: `make screenshots`."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from django.utils import timezone
from playwright.sync_api import Browser, Locator, expect

from notifications.models import Announcement, Heard, Inbox
from notifications.services import inbox, schedules
from notifications.services.firing import send
from notifications.services.relay import relay
from tests.browser.conftest import OpenWindow
from tests.browser.test_screenshots import IMAGES, SCALE, draw
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.usefixtures("worker")]

WIDTH = 1120


@pytest.fixture
def desk(window_of: OpenWindow, make_user: Any) -> Window:
    """The window of an operator who may do everything."""
    ops = make_user("ops", is_staff=True, is_superuser=True)
    Heard.objects.update_or_create(name="beat", defaults={"at": Now()})
    users = get_user_model()
    for number in range(130):
        users.objects.create(username=f"reader-{number}")
    window = window_of(
        ops, viewport={"width": WIDTH, "height": 900}, device_scale_factor=SCALE, timezone_id="UTC"
    )
    # The list of all models beside the page is Django's, and says nothing here.
    window.context.add_init_script('localStorage["django.admin.navSidebarIsOpen"] = "false"')
    return window


def field(window: Window, name: str) -> Locator:
    return window.page.locator(f"[name={name}]")


def fill(window: Window, **values: str) -> None:
    for name, value in values.items():
        control = field(window, name)
        if control.evaluate("element => element.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def picture(chromium: Browser, window: Window, name: str) -> None:
    """As high as what is in it."""
    height = window.page.evaluate(
        "document.querySelector('#content-main').getBoundingClientRect().bottom + scrollY"
    )
    window.page.set_viewport_size({"width": WIDTH, "height": int(height) // 4 * 4 + 24})
    window.page.mouse.move(0, 0)
    draw(chromium, IMAGES / name, [(window, "light")])


def test_composing(chromium: Browser, desk: Window) -> None:
    desk.open("/admin/clarion/announcement/add/")
    fill(
        desk,
        topic="everyone",
        title="Maintenance on Sunday, 02:00-04:00 UTC",
        body="The shop is read-only meanwhile. Orders that were placed before go out as usual.",
        url="/status/",
        level="warning",
    )
    desk.page.get_by_role("button", name="Preview").click()
    expect(desk.page.get_by_text("131 people")).to_be_visible()
    picture(chromium, desk, "operators-compose.png")


def test_scheduling(chromium: Browser, desk: Window) -> None:
    desk.open("/admin/clarion/schedule/add/")
    fill(
        desk,
        topic="staff",
        title="The shop opens in half an hour",
        url="/shop/today/",
        kind="cron",
        cron="30 8 * * 1-5",
        time_zone="Europe/Berlin",
    )
    desk.page.get_by_role("button", name="Preview").click()
    expect(desk.page.get_by_text("At 08:30 on Monday")).to_be_visible()
    picture(chromium, desk, "operators-schedule.png")


def test_history(chromium: Browser, desk: Window, make_user: Any) -> None:
    readers = [make_user(f"staff-{number}", is_staff=True) for number in range(11)]
    schedule = schedules.create(
        {
            "topic": "staff",
            "title": "The shop opens in half an hour",
            "kind": "cron",
            "cron": "30 8 * * 1-5",
            "time_zone": "Europe/Berlin",
        },
        readers[0],
    )
    slot = schedules.recurrence_of(schedule).up_to(timezone.now())
    for number in range(7):
        assert slot
        if number == 2:
            slots = {"slot": slot, "topic": "staff"}
            said = schedule.announcements.create(state="skipped", missed=1, **slots)
        else:
            said = send(schedule, slot, late=number == 3)
            relay()
            read_by(said, readers[: 3 + number], readers[: 1 + number])
        Announcement.objects.filter(pk=said.pk).update(
            created_at=slot + timedelta(seconds=2, minutes=40 if number == 3 else 0)
        )
        slot = schedules.recurrence_of(schedule).up_to(slot - timedelta(minutes=1))
        if number == 0:
            by_hand = schedules.run_now(schedule, get_user_model().objects.get(username="ops"))
            relay()
            read_by(by_hand, readers[:4], readers[:2])
    desk.open(f"/admin/clarion/schedule/{schedule.pk}/sent/")
    picture(chromium, desk, "operators-history.png")


def read_by(said: Announcement, seen: list[Any], read: list[Any]) -> None:
    """These have looked into their inboxes, and those have opened it."""
    for people, state in ((seen, "seen"), (read, "read")):
        for inbox_id in Inbox.objects.filter(user__in=people).values_list("pk", flat=True):
            inbox.mark(inbox_id, state, [said.notification_id])
