"""The Content-Security-Policy in Chromium: it holds, and nothing of the site runs into it.

All windows of these tests fail for what it kept from them (conftest.py), so here are the pages that
no other test opens.
"""

from typing import Any

import pytest
from django_celery_beat.models import CrontabSchedule
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
    window.open("/admin/auth/user/add/")
    # Its scripts run.
    assert window.page.evaluate("typeof django.jQuery") == "function"


def test_a_crontab_is_said_in_words(window_of: OpenWindow, make_user: Any) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    crontab = CrontabSchedule.objects.create(minute="0", hour="9", day_of_week="1")
    page = window_of(root).open("/admin/django_celery_beat/periodictask/add/").page
    page.locator("#id_crontab").select_option(str(crontab.pk))
    expect(page.locator(".field-crontab .help")).to_contain_text("09:00")


def test_the_page_of_the_api(window_of: OpenWindow, ada: Any) -> None:
    page = window_of(ada).open("/api/v1/docs").page
    page.get_by_text("The counters", exact=True).click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".responses-table.live-responses-table")).to_contain_text('"unread": 0')
    page.wait_for_load_state("networkidle")


def test_the_socket_is_among_what_is_allowed(window_of: OpenWindow, ada: Any) -> None:
    window_of(ada).open().expect_status("live")


# Run as if something had got into a page; each tries to leave a mark.
ATTACKS = {
    "script": """
        const script = document.createElement("script");
        script.textContent = "document.documentElement.dataset.done = 1";
        document.body.append(script)""",
    "handler": """
        const text = document.createElement("p");
        text.setAttribute("onclick", "document.documentElement.dataset.done = 1");
        document.body.append(text);
        text.click()""",
    "style": """
        const style = document.createElement("style");
        style.textContent = "body { opacity: .5 }";
        document.head.append(style);
        if (getComputedStyle(document.body).opacity === ".5") root.dataset.done = 1""",
    "image": """
        const image = new Image();
        image.onload = () => { root.dataset.done = 1 };
        image.src = elsewhere + "/static/clarion/icon.svg";
        document.body.append(image)""",
    "socket": """
        const socket = new WebSocket(elsewhere.replace("http", "ws") + "/ws/notifications/");
        socket.onopen = () => { root.dataset.done = 1 }""",
    "base": """
        const base = document.createElement("base");
        base.href = elsewhere;
        document.head.append(base);
        if (document.baseURI.startsWith(elsewhere)) root.dataset.done = 1""",
    "timer": """setTimeout("document.documentElement.dataset.done = 1")""",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_it_is_for(window_of: OpenWindow, attack: str) -> None:
    window = window_of(None)
    page = window.open("/accounts/login/").page
    page.evaluate(
        "() => document.addEventListener('securitypolicyviolation', (event) => {"
        " document.documentElement.dataset.kept = event.disposition })"
    )
    page.evaluate(
        "() => { const root = document.documentElement;"
        " const elsewhere = location.origin.replace('127.0.0.1', 'localhost');"
        f" {attack} }}"
    )
    root = page.locator("html")
    expect(root).to_have_attribute("data-kept", "enforce")
    assert root.get_attribute("data-done") is None
    window.complaints.clear()


def test_no_page_is_shown_within_another(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada)
    page = window.open("/accounts/login/").page
    page.evaluate(
        "const f = document.createElement('iframe'); f.src = '/inbox/'; document.body.append(f)"
    )
    frame = page.frame_locator("iframe")
    page.wait_for_load_state("networkidle")
    expect(frame.locator("#inbox")).to_have_count(0)
    window.complaints.clear()
