"""Every page in Chromium before axe-core, in light and in dark. A new page is a line of `PAGES`.

What is found fails the test, best practices included, unless it is exempted here with a reason.
"""

import re
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from notifications import notify
from notifications.models import ApiKey, Heard, Inbox
from notifications.services import api_keys, schedules
from tests.browser.axe import Exemption, expect_accessible, needs_axe
from tests.browser.conftest import OpenWindow
from tests.browser.elsewhere import elsewhere
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker"), needs_axe]

# Nothing moves, so that colours are those that stay.
STILL = {"reduced_motion": "reduce"}
GERMAN_PHONE = {"locale": "de-DE", "viewport": {"width": 320, "height": 640}, "has_touch": True}

PAGES = ["/accounts/login/", "/demo/", "/inbox/", "/inbox/?plain=1", "/inbox/choices/"]


@pytest.mark.parametrize("options", [{}, GERMAN_PHONE], ids=["wide", "German phone"])
def test_pages(window_of: OpenWindow, ada: Any, options: dict[str, Any]) -> None:
    say_everything(ada)
    window = window_of(ada, **STILL, **options)
    said = []
    for path in PAGES:
        answer = window.page.goto(window.cable.url + path)
        assert answer
        assert answer.ok, path
        window.page.wait_for_load_state("networkidle")
        window.expect_no_overflow()
        said += flaws(window.page)
    assert not said, "\n".join(said)


def flaws(page: Page, exemptions: tuple[Exemption, ...] = ()) -> list[str]:
    """What is found, so that other pages are looked at all the same."""
    try:
        expect_accessible(page, exemptions)
    except AssertionError as found:
        return [f"{page.url}: {found}"]
    return []


def say_everything(user: Any) -> None:
    """An item of each level, one of them urgent, with actions; one that was read; a thread."""
    for level in ("info", "success", "warning", "error"):
        notify(
            user,
            "message",
            title=f"About {level}",
            body="Some words about it.\nAnd more.",
            level=level,
            url="/inbox/?about" if level == "info" else "",
            priority="urgent" if level == "error" else "normal",
            actor="Bob",
            actions=[{"label": "Look at it", "url": "/inbox/?look"}],
        )
    notify(user, "demo.signed_in", data={"address": "192.0.2.9"})
    for number in range(3):
        title = f"Comment {number}"
        notify(user, "message", title=title, thread="roadmap", actor=f"Bob {number}", url="/inbox/")
    wait_until(lambda: Inbox.objects.filter(user=user, unread=6).exists(), what="6 items")


# --- What people make of the list ------------------------------------------------------------


def test_the_list_in_all_its_states(window_of: OpenWindow, ada: Any) -> None:
    say_everything(ada)
    window = window_of(ada, **STILL).open()
    page, inbox = window.page, window.inbox
    window.expect_unread(6)
    window.item("Comment 2").get_by_role("button", name="Show 2 earlier ones").click()
    expect(inbox.locator(".thread li")).to_have_count(2)
    expect_accessible(page)
    window.item("About success").get_by_role("button", name="Mark as read").click()
    window.expect_unread(5)
    window.item("About success").hover()
    window.item("About warning").get_by_role("button", name="More").click()
    expect(inbox.get_by_role("menu")).to_be_visible()
    expect_accessible(page)
    page.keyboard.press("Escape")
    window.choose("About warning", "Archive")
    expect(inbox.locator(".notice")).to_be_visible()
    expect_accessible(page)
    page.get_by_role("button", name="Unread", exact=True).click()
    expect(window.titles).to_have_count(4)
    expect_accessible(page)
    page.get_by_role("button", name="Snoozed", exact=True).click()
    expect(page.get_by_text("Nothing here")).to_be_visible()
    expect_accessible(page)


def test_an_empty_list_offline(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, **STILL).open()
    expect(window.page.get_by_text("All quiet", exact=True)).to_be_visible()
    expect_accessible(window.page)
    window.unplug()
    window.expect_status("offline")
    expect_accessible(window.page)


def test_a_list_that_loads_and_cannot(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, **STILL)
    waiting: list[Route] = []
    window.page.route("**/api/v1/inbox/", lambda route: waiting.append(route))
    window.page.goto(f"{window.cable.url}/inbox/")
    expect(window.inbox.locator(".skeleton:visible")).to_have_count(3)
    expect_accessible(window.page)
    waiting.pop().abort()
    expect(window.page.get_by_text("The inbox cannot be reached.")).to_be_visible()
    expect_accessible(window.page)


def test_a_change_that_was_refused(window_of: OpenWindow, ada: Any) -> None:
    say_everything(ada)
    window = window_of(ada, **STILL).open()
    window.page.route("**/inbox/archive", lambda route: route.abort())
    window.choose("About info", "Archive")
    expect(window.page.get_by_role("alert")).to_be_visible()
    expect_accessible(window.page)


@pytest.mark.parametrize("options", [{}, GERMAN_PHONE], ids=["wide", "German phone"])
def test_the_bell_and_toasts(window_of: OpenWindow, ada: Any, options: dict[str, Any]) -> None:
    window = elsewhere(window_of(ada, **STILL, **options))
    page = window.page
    look_at = {"label": "Look at it", "url": "/inbox/?look"}
    notify(ada, "message", title="Lunch", body="Downstairs", level="success", actor="Bob")
    notify(ada, "message", title="Fire", priority="urgent", level="error", actions=[look_at])
    expect(window.toasts).to_have_count(2)
    expect_accessible(page)
    for number in range(15):
        notify(ada, "message", title=f"Number {number}", priority="urgent")
    expect(window.toasts.filter(has_text=re.compile("^16"))).to_have_count(1)
    expect(window.badge).to_have_text("17")
    expect_accessible(page)
    window.bell.click()
    expect(page.get_by_role("dialog").get_by_role("listitem")).to_have_count(17)
    expect_accessible(page)


def test_the_account_menu(window_of: OpenWindow, ada: Any) -> None:
    window = window_of(ada, **STILL).open()
    window.page.get_by_label("Account of ada").click()
    expect(window.page.get_by_role("button", name="Sign out")).to_be_visible()
    expect_accessible(window.page)


def test_a_login_that_fails(window_of: OpenWindow, ada: Any) -> None:
    page = window_of(None, **STILL).open("/accounts/login/").page
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect_accessible(page)


# --- Without scripts -------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?show=archived", "?thread=roadmap"])
def test_the_list_without_scripts(window_of: OpenWindow, ada: Any, query: str) -> None:
    """Shown as without them, and with them, as axe is one."""
    say_everything(ada)
    window = window_of(ada, **STILL)

    def without_scripts(route: Route) -> None:
        answer = route.fetch()
        page = re.sub(r"</?noscript>|<script type=.module.*?</script>", "", answer.text())
        route.fulfill(response=answer, body=page)

    window.page.route(re.compile(r"/inbox/[^/]*$"), without_scripts)
    window.page.goto(f"{window.cable.url}/inbox/{query}")
    expect(window.page.locator(".plain")).to_be_visible()
    for summary in window.page.locator(".item-snooze summary").all():
        summary.click()
    expect_accessible(window.page)


# --- Operators -------------------------------------------------------------------------------

ADMIN = [
    *("", "clarion/announcement/", "clarion/announcement/add/"),
    "clarion/announcement/{announcement}/change/",
    *("clarion/schedule/", "clarion/schedule/add/", "clarion/schedule/{schedule}/change/"),
    *("clarion/schedule/{schedule}/run/", "clarion/schedule/{schedule}/sent/"),
    *("clarion/apikey/", "clarion/apikey/add/", "clarion/outbox/", "clarion/notification/"),
]
# Of what Django's admin, which is not ours, has on every page.
DJANGO = (
    Exemption(
        "color-contrast",
        "Links with an icon for their ground, in the colours of the links beside them.",
        why="due to a background image",
        certain=False,
    ),
    Exemption(
        "th-has-data-cells",
        "Lists of models are tables in which each row has a heading, and cells may be empty.",
        element="table",
        certain=False,
    ),
    Exemption(
        "color-contrast",
        "A sign of one letter that closes the list of models.",
        why="too short",
        certain=False,
    ),
    Exemption(
        "frame-tested",
        "No script runs in the frame of a preview, and axe is one; it is shown by itself below.",
        element="clarion-preview",
        certain=False,
    ),
)

PIECE = tuple(
    Exemption(rule, "It is a piece of a page, in which all this is.")
    for rule in ("landmark-one-main", "page-has-heading-one", "region")
)


@pytest.fixture
def root(make_user: Any) -> Any:
    """Somebody who may do everything, where there is something to be seen."""
    user = make_user("root", is_staff=True, is_superuser=True)
    Heard.objects.update_or_create(name="beat", defaults={"at": timezone.now()})
    api_keys.create(ApiKey(name="CI"), user)
    return user


def test_pages_of_the_admin(window_of: OpenWindow, root: Any) -> None:
    fields = {"topic": "everyone", "title": "Cake", "kind": "cron", "cron": "30 8 * * 1-5"}
    schedule = schedules.create(fields | {"time_zone": "Europe/Berlin"}, root)
    ids = {"schedule": schedule.pk, "announcement": schedules.run_now(schedule, root).pk}
    window = window_of(root, **STILL)
    said = []
    for path in ADMIN:
        answer = window.page.goto(f"{window.cable.url}/admin/{path.format(**ids)}")
        assert answer
        assert answer.ok, path
        said += flaws(window.page, DJANGO)
    assert not said, "\n".join(said)


def test_a_preview(window_of: OpenWindow, root: Any) -> None:
    page = window_of(root, **STILL).open("/admin/clarion/announcement/add/").page
    page.get_by_label("To:").select_option("everyone")
    page.get_by_label("Title:").fill("Cake")
    page.get_by_role("button", name="Preview").click()
    frame = page.locator(".clarion-preview")
    expect(frame).to_be_visible()
    expect_accessible(page, DJANGO)
    # In its frame no script runs: it is shown by itself.
    document = frame.get_attribute("srcdoc")
    page.route("**/preview/", lambda route: route.fulfill(body=document, content_type="text/html"))
    page.goto(f"{page.url.split('/admin/')[0]}/preview/")
    expect(page.locator(".item-open")).to_be_visible()
    expect_accessible(page, PIECE)


# --- Elsewhere -------------------------------------------------------------------------------

# Swagger UI's own colours and markup; the API has its description in docs/api.md, too.
SWAGGER = (
    Exemption("color-contrast", "White on light green and blue, and the small texts beside them."),
    Exemption("color-contrast", "The same on grounds that are mixed.", certain=False),
    Exemption("heading-order", "Tags are headings of the third level below the first."),
    Exemption("nested-interactive", "Operations unfold by a click on all of their line."),
    Exemption("target-size", "Arrows that unfold a line which unfolds by a click anywhere."),
)


def test_the_page_of_the_api(window_of: OpenWindow, ada: Any) -> None:
    page = window_of(ada, **STILL).open("/api/v1/docs").page
    expect(page.get_by_text("Mark as read", exact=True)).to_be_visible()
    expect_accessible(page, SWAGGER)


# --- The check itself ------------------------------------------------------------------------


def test_it_finds_what_is_wrong(window_of: OpenWindow, ada: Any) -> None:
    """In a page and in a shadow tree, under the site's policy."""
    say_everything(ada)
    window = window_of(ada, **STILL).open()
    window.expect_unread(6)
    window.inbox.evaluate("(inbox) => inbox.style.setProperty('--clarion-muted', '#999')")
    window.page.locator(".brand").evaluate("(brand) => { brand.lastChild.remove(); }")
    with pytest.raises(AssertionError) as failure:
        expect_accessible(window.page)
    said = str(failure.value)
    assert re.search(r"light: link-name \(serious\): \.brand\n", said)
    assert re.search(
        r"light: color-contrast \(serious\): notification-inbox >>> #unread\n"
        r".* contrast of 2\.\d+ \(foreground color: #999999, background color: #f4f5f8",
        said,
    )
    # In the dark this grey can be read.
    assert "dark: color-contrast" not in said
