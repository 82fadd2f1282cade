"""Draws the pictures of the README and of docs/browser.md: `make screenshots`."""

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, expect

from notifications import notify
from notifications.models import Notification
from tests.browser.conftest import OpenWindow
from tests.browser.test_demo import Demo, titles
from tests.browser.window import Window

pytestmark = [pytest.mark.browser, pytest.mark.screenshots, pytest.mark.usefixtures("worker")]

IMAGES = Path(settings.BASE_DIR) / "docs" / "images"
# Sharp on good screens at the width of a README, and still small enough for a repository. What
# is drawn has sizes that are multiples of 4, so that its pixels are those of the picture.
SCALE = 1.25

FRAME = """
<!doctype html>
<style>
  body { margin: 0; width: max-content; padding: 32px; display: flex; gap: 36px;
         align-items: flex-end; background: #dfe4fb;
         font: 600 12px system-ui, sans-serif; color: #6a7284; }
  figure { margin: 0; overflow: hidden; border-radius: 14px; background: #fff;
           box-shadow: 0 0 0 1px rgb(40 50 110 / 14%); }
  figure.dark { background: #181d27; color: #a0aabb; }
  figcaption { display: flex; gap: 7px; align-items: center; height: 36px; padding: 0 14px; }
  figcaption i { width: 11px; height: 11px; border-radius: 50%; background: #c9cede; }
  figure.dark i { background: #3a4355; }
  figcaption span { flex: 1; padding-right: 54px; text-align: center; }
  img { display: block; }
</style>
"""


def test_demo(chromium: Browser, window_of: OpenWindow, people: None) -> None:
    size = {"width": 1240, "height": 928}
    window = window_of(None, viewport=size, device_scale_factor=SCALE).open("/demo/")
    demo = Demo(window.page)
    for name in ("success", "comment", "comment", "warning", "invitation"):
        demo.press(name)
    expect(titles(demo.left)).to_have_count(4)
    for number, notification in enumerate(Notification.objects.order_by("-pk"), 1):
        notification.created_at -= timedelta(minutes=number**4)
        notification.save()
    window.page.reload()
    demo = Demo(window.page)
    expect(titles(demo.left)).to_have_count(4)
    demo.left.get_by_role("button", name="Mark as read").last.click()
    expect(demo.left.locator(".scroll notification-inbox .is-unread")).to_have_count(3)
    demo.right.get_by_text("Another page").click()
    demo.to("bob")
    demo.press("hello")
    demo.press("everyone")
    expect(titles(demo.left).first).to_have_text("Maintenance at noon")
    expect(demo.right.locator(".toast")).to_have_count(2)
    demo.left.locator(".scroll").evaluate("scroll => scroll.scrollTo(0, 0)")
    window.page.mouse.move(0, 0)
    draw(chromium, IMAGES / "demo.png", [(window, "light")])


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
    sizes = {"wide": {"width": 1008, "height": 720}, "phone": {"width": 340, "height": 720}}
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
