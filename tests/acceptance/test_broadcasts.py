"""Broadcasts reach those who belong to the topic when they are said, and nobody else."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import broadcast, notify
from notifications.models import Item, LogEntry, Notification, Outbox
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of

pytestmark = [pytest.mark.promise_5, pytest.mark.promise_8]


def announce(topic, title):
    broadcast(topic, "message", title=title)
    relay()


@pytest.fixture
def team(transactional_db):
    """A group with the topic that follows it."""
    group = Group.objects.create(name="team")
    group.topic = f"auth_group.{group.pk}"
    return group


def test_to_mine_and_not_to_others(screen, make_user, ada, bob, team):
    chief = make_user("chief", is_staff=True)
    bob.groups.add(team)
    pages = {name: screen(user) for name, user in {"ada": ada, "bob": bob, "chief": chief}.items()}
    announce("staff", "To staff")
    announce(team.topic, "To the team")
    announce("everyone", "To everyone")
    expected = {
        "ada": ["To everyone"],
        "bob": ["To everyone", "To the team"],
        "chief": ["To everyone", "To staff"],
    }
    for name, page in pages.items():
        # In order, so what comes last tells that nothing else came before.
        page.follow_until("To everyone")
        assert page.titles == expected[name]
        assert page.came == ["broadcast"] * len(expected[name])
        assert page.agrees()
        # The cursor has passed what was not theirs, so it does not come on resuming either.
        page.follow_heartbeats(1)
        page.socket.close()
        page.connect()
        assert page.agrees()


def test_late_joiners_and_leavers(screen, ada, bob, team):
    """Not even a page load shows a joiner what was said before; a leaver loses nothing."""
    team.user_set.add(bob)
    hers, his = screen(ada), screen(bob)
    announce(team.topic, "First")
    team.user_set.add(ada)
    team.user_set.remove(bob)
    announce(team.topic, "Second")
    team.user_set.remove(ada)
    bob.groups.add(team)
    announce(team.topic, "Third")
    announce("everyone", "End")
    expected = {hers: ["End", "Second"], his: ["End", "Third", "First"]}
    for page, titles in expected.items():
        page.follow_until("End")
        assert page.titles == titles
        assert page.agrees()
        fresh = page.browser.get("/api/v1/inbox/")
        assert [item["title"] for item in fresh["items"]] == titles


def test_membership_counts_at_once_on_an_open_socket(screen, ada):
    page = screen(ada)
    ada.is_staff = True
    ada.save()
    announce("staff", "To staff")
    page.follow_until("To staff")
    ada.is_staff = False
    ada.save()
    announce("staff", "To staff, without her")
    announce("everyone", "End")
    page.follow_until("End")
    assert page.titles == ["End", "To staff"]
    assert "reset" not in page.came
    assert page.agrees()


def test_new_people_get_what_is_said_after(screen, make_user, ada):
    announce("everyone", "Before")
    late = screen(make_user("late"))
    announce("everyone", "After")
    early = screen(ada)
    late.follow_until("After")
    assert late.titles == ["After"]
    assert early.titles == ["After", "Before"]
    assert late.agrees()


def test_group_that_is_deleted(screen, ada, team):
    """What a deleted group was told stays with those who were told."""
    ada.groups.add(team)
    page = screen(ada)
    announce(team.topic, "To the team")
    page.follow_until("To the team")
    team.delete()
    assert page.agrees()
    page.browser.get("/api/v1/inbox/")
    assert titles_of(ada) == ["To the team"]


def test_counts_before_and_after_taking_in(screen, ada):
    """A badge is the same whether or not the inbox has taken the broadcast in."""
    page = screen(ada)
    notify(ada, "message", title="Mine")
    announce("everyone", "All")
    page.follow_until("Mine", "All")
    assert (page.badge("unread"), page.taken) == (2, 0)
    page.browser.get("/api/v1/inbox/")
    page.follow(lambda p: p.taken == 1)
    assert page.badge("unread") == page.unread == 2
    assert page.agrees()


def test_read_before_it_is_taken_in(screen, ada):
    """State given to a broadcast straight from the log."""
    desk, phone = screen(ada), screen(ada)
    announce("everyone", "All one")
    announce("everyone", "All two")
    desk.follow_until("All one", "All two")
    phone.follow_until("All one", "All two")
    (one,) = [key for key, item in desk.known.items() if item["title"] == "All one"]
    desk.browser.post("/api/v1/inbox/read", {"ids": [one]})
    for device in (desk, phone):
        device.follow(lambda d: d.known[one]["read_at"])
        assert device.badge("unread") == 1
        assert device.agrees()


@pytest.mark.django_db(transaction=True)
def test_rows_do_not_grow_with_people(redis_server, crowd):
    """As many statements and rows for a thousand people as for one."""

    def cost():
        with CaptureQueriesContext(connection) as queries:
            announce("everyone", "All")
        return len(queries)

    cost()
    few = cost()
    crowd(1000)
    assert cost() == few
    assert (Notification.objects.count(), LogEntry.objects.count()) == (3, 3)
    assert (Item.objects.count(), Outbox.objects.count()) == (0, 0)
