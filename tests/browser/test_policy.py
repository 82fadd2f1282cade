"""The Content-Security-Policy in Chromium: it holds, and nothing of the site runs into it.

All windows of these tests fail for what it kept from them (conftest.py), so here are the pages that
no other test opens.
"""

from typing import Any

import pytest
from playwright.sync_api import expect

from notifications.models import ApiKey
from notifications.services import api_keys
from tests.browser.conftest import OpenWindow

pytestmark = [pytest.mark.browser, pytest.mark.any_database]

ADMIN = [
    *("", "auth/user/", "auth/user/add/", "auth/group/add/", "clarion/apikey/add/"),
    *("clarion/announcement/", "clarion/announcement/add/", "clarion/schedule/add/"),
    *("clarion/outbox/", "clarion/notification/", "clarion/apikey/"),
    *("django_celery_beat/periodictask/", "django_celery_beat/periodictask/add/"),
    *("django_celery_beat/crontabschedule/add/", "django_celery_beat/clockedschedule/add/"),
    *("password_change/", "jsi18n/"),
]


def test_every_page_of_the_admin(window_of: OpenWindow, make_user: Any) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    api_keys.create(ApiKey(name="CI"), root)
    window = window_of(root)
    for path in ADMIN:
        answer = window.page.goto(f"{window.cable.url}/admin/{path}")
        assert answer is not None
        assert answer.status == 200, path
        window.page.wait_for_load_state("networkidle")
    window.open("/admin/auth/user/add/")
    # Its scripts run.
    assert window.page.evaluate("typeof django.jQuery") == "function"


def test_the_page_of_the_api(window_of: OpenWindow, ada: Any) -> None:
    page = window_of(ada).open("/api/v1/docs").page
    page.get_by_text("The counters", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".responses-table.live-responses-table")).to_contain_text('"unread": 0')
    page.wait_for_load_state("networkidle")


def test_the_socket_is_among_what_is_allowed(window_of: OpenWindow, ada: Any) -> None:
    window_of(ada).open().expect_status("live")


@pytest.mark.parametrize(
    "attack",
    [
        "const s = document.createElement('script'); s.textContent = 'window.done = 1';"
        "document.body.append(s)",
        "const b = document.createElement('p'); b.setAttribute('onclick', 'window.done = 1');"
        "document.body.append(b); b.click()",
        "const s = document.createElement('style'); s.textContent = 'body { opacity: .5 }';"
        "document.head.append(s); window.done = getComputedStyle(document.body).opacity === '.5'",
        "const i = new Image(); i.onload = () => { window.done = 1 }; i.src = location.origin"
        ".replace('127.0.0.1', 'localhost') + '/static/clarion/icon.svg'; document.body.append(i)",
        "new WebSocket(location.origin.replace('http://127.0.0.1', 'ws://localhost'))"
        ".onopen = () => { window.done = 1 }",
        "const b = document.createElement('base'); b.href = 'https://evil.example/';"
        "document.head.append(b); window.done = document.baseURI.includes('evil')",
        "window.done = (() => { try { return eval('1') } catch { return 0 } })()",
    ],
)
def test_what_it_is_for(window_of: OpenWindow, attack: str) -> None:
    """Run as if something had got into a page."""
    window = window_of(None)
    page = window.open("/accounts/login/").page
    page.evaluate(
        "window.broken = new Promise((resolve) => "
        "document.addEventListener('securitypolicyviolation', resolve, { once: true }))"
    )
    page.evaluate(f"() => {{ {attack} }}")
    assert page.evaluate("window.broken.then((event) => event.disposition)") == "enforce"
    assert not page.evaluate("window.done")
    window.violations.clear()


def test_no_page_is_shown_within_another(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada)
    page = window.open("/accounts/login/").page
    page.evaluate(
        "const f = document.createElement('iframe'); f.src = '/inbox/'; document.body.append(f)"
    )
    frame = page.frame_locator("iframe")
    page.wait_for_load_state("networkidle")
    expect(frame.locator("#inbox")).to_have_count(0)
    window.violations.clear()
