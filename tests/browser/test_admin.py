"""An operator at work in real Chromium, and a reader beside them."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models.functions import Now
from playwright.sync_api import expect

from notifications.models import Heard, Schedule
from tests.browser.conftest import OpenWindow
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]

PERMISSIONS = ("add", "change", "view")


@pytest.fixture
def ops(make_user: Any) -> Any:
    """Who may do everything here but delete."""
    user = make_user("ops", is_staff=True)
    codenames = {f"{verb}_schedule" for verb in PERMISSIONS} | {
        *("compose", "announce_to_everyone", "view_announcement")
    }
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    Heard.objects.update_or_create(name="beat", defaults={"at": Now()})
    return user


def press(window: Window, name: str | re.Pattern[str]) -> None:
    window.page.get_by_role("button", name=name).click()


def test_from_the_first_word_to_the_history(window_of: OpenWindow, ops: Any, ada: Any) -> None:
    reader, own = window_of(ada).open(), window_of(ops).open()
    desk = window_of(ops, timezone_id="UTC").open("/admin/clarion/announcement/add/")
    page = desk.page
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    shown = page.frame_locator(".clarion-preview")

    # Composed, and looked at.
    page.get_by_label("To:").select_option("everyone")
    page.get_by_label("Title:").fill("Cake <b>in the kitchen</b>")
    page.get_by_label("Level:").select_option("success")
    press(desk, "Preview")
    expect(shown.locator(".item-open")).to_have_text("Cake <b>in the kitchen</b>")
    expect(shown.locator(".item")).to_have_attribute("data-level", "success")
    expect(page.get_by_text("2 people")).to_be_visible()

    # To oneself, then to all, who are asked about once.
    press(desk, "Send to myself first")
    own.expect_titles(["Cake <b>in the kitchen</b>"])
    reader.expect_titles([])
    press(desk, "Send now")
    expect(page.get_by_role("heading", name="Send to 2 people?")).to_be_visible()
    press(desk, "Yes, send to 2 people")
    reader.expect_titles(["Cake <b>in the kitchen</b>"])
    expect(page.get_by_text("It is on its way to 2 people.")).to_be_visible()

    # On a schedule, with what was composed.
    desk.open("/admin/clarion/announcement/add/")
    page.get_by_label("To:").select_option("everyone")
    page.get_by_label("Title:").fill("Cake again")
    press(desk, "Schedule instead")
    expect(page.get_by_label("Title:")).to_have_value("Cake again")
    page.get_by_label("Comes:").select_option("cron")
    expect(page.get_by_label("At:")).to_be_hidden()
    page.get_by_label("Crontab:").fill("30 15 * * 5")
    page.get_by_label("Time zone:").select_option("Asia/Kolkata")
    press(desk, "Preview and next times")
    expect(page.locator(".clarion-slots tbody tr")).to_have_count(5)
    first = page.locator(".clarion-slots tbody tr").first
    expect(first).to_contain_text("15:30")
    expect(first).to_contain_text("10:00")
    press(desk, "Save and continue editing")
    schedule = Schedule.objects.get()
    expect(page.get_by_text("State: On")).to_be_visible()

    # Out of turn: it arrives with the reader at once.
    page.get_by_role("link", name="Run now…").click()
    press(desk, "Yes, send to 2 people")
    reader.expect_titles(["Cake again", "Cake <b>in the kitchen</b>"])
    reader.item("Cake again").get_by_role("button", name="Mark as read").click()
    reader.expect_unread(1)

    # Paused, and what became of it all.
    press(desk, "Pause")
    expect(page.get_by_text("State: Paused")).to_be_visible()
    page.get_by_role("link", name="History").click()
    row = page.get_by_role("row", name="out of turn")
    expect(row).to_contain_text("ops")
    # For two, one inbox reached, once read.
    expect(row.locator(".clarion-number")).to_have_text(["2", re.compile("[12]"), "1", ""])
    schedule.refresh_from_db()
    assert not schedule.enabled
    assert complaints == []


def test_people_chosen_on_all_pages_of_the_list(
    window_of: OpenWindow, ops: Any, ada: Any, make_user: Any
) -> None:
    ops.user_permissions.add(Permission.objects.get(codename="view_user"))
    for number in range(101):
        make_user(f"friend-{number}")
    reader = window_of(ada).open()
    desk = window_of(ops).open("/admin/auth/user/")
    page = desk.page
    page.locator("#action-toggle").check()
    page.locator(".question a").click()
    page.locator("select[name=action]").select_option("notify_people")
    press(desk, "Go")
    expect(page.get_by_text("103 people")).to_be_visible()
    page.get_by_label("Title:").fill("Hello, all of you")
    press(desk, "Send now")
    press(desk, "Yes, send to 103 people")
    reader.expect_titles(["Hello, all of you"])
