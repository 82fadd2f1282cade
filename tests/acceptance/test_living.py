"""What was said is changed and taken back on every page that shows it, open or not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import broadcast, notify, retract, update
from notifications.models import Item, Notification
from notifications.services import preferences
from tests.acceptance.screen import counted, glimpsed, shown
from workers import app

pytestmark = [pytest.mark.promise_2, pytest.mark.promise_4, pytest.mark.usefixtures("worker")]

SOON = timedelta(hours=1)


@pytest.fixture
def devices(screen, ada):
    """Two open pages of one person, and one that will be away."""
    return [screen(ada) for _ in range(3)]


def sweep():
    """What beat has done every few seconds."""
    app.send_task("notifications.sweep")


def becomes(page, *titles):
    """Wait until the page shows exactly these, and the badges that a page load would."""
    page.follow(lambda p: p.titles == list(titles))
    page.follow(lambda p: shown(p) == shown(glimpsed(p.browser)))


@pytest.mark.parametrize("taken", [True, False], ids=["taken in", "or not"])
def test_everything_on_every_page(devices, ada, bob, taken):
    desk, phone, away = devices
    said = {
        "running": notify([ada, bob], "message", title="running"),
        "mistake": notify(ada, "message", title="mistake"),
        "offer": notify(ada, "message", title="offer", expires_at=timezone.now() + SOON),
        "one": notify(ada, "message", title="one", thread="t", actor="One"),
        "two": notify(ada, "message", title="two", thread="t", actor="Two"),
    }
    for title in ("maintenance", "false alarm", "sale"):
        expires_at = timezone.now() + SOON if title == "sale" else None
        said[title] = broadcast("everyone", "message", title=title, expires_at=expires_at)
    for page in devices:
        page.follow_until(*(said.keys() - {"one"}))
        page.follow(lambda p: "one" not in p.titles)
    if taken:
        desk.agrees()
        away.follow(lambda p: p.taken)
    away.socket.close()

    update(said["running"], title="failed", level="error")
    update(said["maintenance"], title="maintenance tonight")
    for title in ("mistake", "false alarm", "two"):
        retract(said[title])
    over = [said[title].pk for title in ("offer", "sale")]
    Notification.objects.filter(pk__in=over).update(expires_at=timezone.now())
    sweep()
    expected = ["maintenance tonight", "one", "failed"]
    for page in (desk, phone):
        becomes(page, *expected)
        assert "reset" not in page.came
    away.connect()
    becomes(away, *expected)
    assert "reset" not in away.came
    assert shown(desk) == shown(phone) == shown(away)
    assert desk.badge("unread") == 3
    for page in devices:
        assert page.agrees()
    assert counted([ada, bob])


def test_a_thread_for_one_person(devices, screen, ada, bob):
    desk, phone, away = devices
    his = screen(bob)
    notify([ada, bob], "message", title="item", thread="t")
    broadcast("everyone", "message", title="entry", thread="t")
    for page in (*devices, his):
        page.follow_until("item", "entry")
    away.socket.close()
    retract(thread="t", recipient=ada)
    broadcast("everyone", "message", title="End")
    for page in (desk, phone):
        becomes(page, "End")
    away.connect()
    becomes(away, "End")
    becomes(his, "End", "entry", "item")


def test_put_off_on_one_device(devices, ada):
    desk, phone, away = devices
    said = notify(ada, "message", title="later")
    for page in devices:
        page.follow_until("later")
    away.socket.close()
    until = (timezone.now() + SOON).isoformat()
    desk.browser.post("/api/v1/inbox/snooze", {"ids": [str(said.pk)], "until": until})
    for page in (desk, phone):
        becomes(page)
    Item.objects.update(snoozed_until=timezone.now())
    sweep()
    for page in (desk, phone):
        becomes(page, "later")
        assert page.badge("unread") == page.badge("unseen") == 1
    away.connect()
    becomes(away, "later")


def test_what_somebody_does_not_want_to_hear(devices, screen, ada, bob):
    desk, phone, away = devices
    his = screen(bob)
    away.socket.close()
    preferences.mute(ada.inbox.pk, thread="t")
    for page in (desk, phone):
        page.follow(lambda p: p.seq == 1)
    notify(ada, "message", title="item", thread="t")
    broadcast("everyone", "message", title="entry", thread="t")
    broadcast("everyone", "message", title="loud")
    away.connect()
    for page in devices:
        becomes(page, "loud", "entry", "item")
        assert page.badge("unread") == page.badge("unseen") == 1
    becomes(his, "loud", "entry")
    assert his.badge("unread") == 2
