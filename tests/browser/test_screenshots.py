"""Draws the pictures of the README and of docs/browser.md: `make screenshots`."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, expect

from notifications import broadcast, notify
from notifications.models import Notification
from tests.browser.conftest import OpenWindow
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.usefixtures("worker")]

IMAGES = Path(settings.BASE_DIR) / "docs" / "images"
# Sharp on good screens, and still small enough for a repository.
SCALE = 1.5

FRAME = """
<!doctype html>
<style>
  body { margin: 0; width: max-content; padding: 44px 52px 52px; display: flex; gap: 36px;
         align-items: flex-end; background: #dfe4fb;
         font: 600 12px system-ui, sans-serif; color: #6a7284; }
  figure { margin: 0; overflow: hidden; border-radius: 14px; background: #fff;
           box-shadow: 0 24px 60px rgb(40 50 110 / 28%), 0 2px 8px rgb(40 50 110 / 16%); }
  figure.dark { background: #181d27; color: #a0aabb; }
  figcaption { display: flex; gap: 7px; align-items: center; height: 34px; padding: 0 14px; }
  figcaption i { width: 11px; height: 11px; border-radius: 50%; background: #c9cede; }
  figure.dark i { background: #3a4355; }
  figcaption span { flex: 1; padding-right: 54px; text-align: center; }
  img { display: block; }
</style>
"""


def test_two_windows(
    chromium: Browser, window_of: OpenWindow, make_user: Any, ada: Any, bob: Any
) -> None:
    demo = make_user("demo")
    said = [
        (
            notify(
                demo,
                "message",
                title="Welcome to Clarion",
                body="What is sent to you shows here at once, in every window.",
            ),
            timedelta(days=1),
        ),
        (
            broadcast(
                "everyone",
                "message",
                title="Maintenance on Sunday, 02:00-04:00 UTC",
                body="The site is read-only meanwhile.",
                actor="Operations",
            ),
            timedelta(hours=3),
        ),
        (
            notify(
                demo,
                "message",
                title="Disk of db-2 is 91 % full",
                level="warning",
                url="/inbox/?disk=db-2",
            ),
            timedelta(minutes=42),
        ),
        (
            notify(
                demo,
                "message",
                title="Bob mentioned you in “Roadmap”",
                body="“Could you look at the third paragraph before Thursday?”",
                actor=bob,
                url="/inbox/?page=roadmap",
            ),
            timedelta(minutes=6),
        ),
    ]
    for notification, age in said:
        Notification.objects.filter(pk=notification.pk).update(created_at=timezone.now() - age)

    wide = window_of(
        demo, viewport={"width": 1010, "height": 690}, device_scale_factor=SCALE
    ).open()
    expect(wide.titles).to_have_count(len(said))
    for notification, _ in said[:2]:
        wide.item(notification.title).get_by_role("button", name="Mark as read").click()
    wide.expect_unread(2)
    expect(wide.badge).to_be_hidden()
    wide.page.mouse.move(0, 0)
    # From here on nobody looks, so that the bells keep their number.
    wide.page.evaluate("window.setHidden(true)")
    narrow = window_of(
        demo,
        hidden=True,
        viewport={"width": 340, "height": 690},
        device_scale_factor=SCALE,
        color_scheme="dark",
    ).open()
    notify(
        demo,
        "message",
        title="Deployment of web-frontend finished",
        body="Version 4.12.0 is live on all 12 hosts.",
        level="success",
        actor=ada,
    )
    for window in (wide, narrow):
        expect(window.titles).to_have_count(len(said) + 1)
        expect(window.badge).to_have_text("1")

    draw(chromium, IMAGES / "two-windows.png", [(wide, "light"), (narrow, "dark")])


def test_elements(
    chromium: Browser, window_of: OpenWindow, make_user: Any, ada: Any, bob: Any
) -> None:
    demo = make_user("demo")
    people = [ada, bob, *(make_user(name) for name in ("carol", "dave", "erin"))]
    said = [
        notify(demo, "message", title="Welcome to Clarion", body="What is sent to you shows here."),
        notify(
            demo,
            "message",
            title="Disk of db-2 is 91 % full",
            level="warning",
            actions=[
                {"label": "Look", "url": "/inbox/?disk=db-2"},
                {"label": "Silence for an hour", "url": "/inbox/?silence=db-2"},
            ],
        ),
        notify(
            demo,
            "message",
            title="The card for your plan was declined",
            body="Please enter another one before Friday.",
            level="error",
            priority="urgent",
        ),
        notify(
            demo,
            "message",
            title="Deployment of web-frontend finished",
            body="Version 4.12.0 is live on all 12 hosts.",
            level="success",
            actor=ada,
        ),
        *(
            notify(
                demo,
                "message",
                title=f"{person.username.title()} commented on “Roadmap”",
                body="“Could you look at the third paragraph before Thursday?”",
                thread="roadmap",
                actor=person.username.title(),
                url="/inbox/?page=roadmap",
            )
            for person in people
        ),
    ]
    for number, notification in enumerate(reversed(said), 1):
        Notification.objects.filter(pk=notification.pk).update(
            created_at=timezone.now() - timedelta(minutes=4 * number**2)
        )
    sizes = {"wide": {"width": 1010, "height": 760}, "phone": {"width": 340, "height": 760}}
    wide = window_of(
        demo,
        hidden=True,
        viewport=sizes["wide"],
        device_scale_factor=SCALE,
        color_scheme="dark",
        timezone_id="Europe/Berlin",
    ).open()
    expect(wide.titles).to_have_count(5)
    wide.item("Welcome to Clarion").get_by_role("button", name="Mark as read").click()
    wide.expect_unread(4)
    wide.item("Erin commented on “Roadmap”").get_by_role("button", name="More").click()
    expect(wide.inbox.get_by_role("menuitem")).to_have_count(7)
    phone = window_of(
        demo, hidden=True, viewport=sizes["phone"], device_scale_factor=SCALE, has_touch=True
    ).open()
    expect(phone.badge).to_be_visible()
    phone.bell.click()
    expect(phone.page.get_by_role("dialog").get_by_role("listitem")).to_have_count(5)
    expect(phone.badge).to_be_hidden()
    draw(chromium, IMAGES / "elements.png", [(wide, "dark"), (phone, "light")])


def draw(chromium: Browser, path: Path, windows: list[tuple[Window, str]]) -> None:
    """Put the windows' pictures side by side, each in a frame, into one file."""
    figures = ""
    for window, style in windows:
        size = window.page.viewport_size
        assert size
        picture = base64.b64encode(window.page.screenshot(animations="disabled")).decode()
        figures += (
            f'<figure class="{style}"><figcaption><i></i><i></i><i></i>'
            f"<span>{window.page.title()}</span></figcaption>"
            f'<img width="{size["width"]}" height="{size["height"]}"'
            f' src="data:image/png;base64,{picture}"></figure>'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    page = chromium.new_page(device_scale_factor=SCALE, viewport={"width": 1600, "height": 900})
    page.set_content(FRAME + figures)
    page.locator("body").screenshot(path=path)
    page.close()
