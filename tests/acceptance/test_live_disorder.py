"""Publishes that come late, out of order or never still reach an open page."""

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth.models import Group

from notifications import broadcast, notify
from notifications.models import Inbox
from notifications.services import inbox as inbox_service
from notifications.services import relay as relay_service
from notifications.services.relay import relay

pytestmark = pytest.mark.promise_2


@pytest.fixture
def screen(either_screen):
    """On our channel layer and server, and on the stock ones."""
    return either_screen


@pytest.fixture
def withheld(monkeypatch):
    """What relays and state changes of this process would have published."""
    kept = []
    for place in ("notifications.services.relay", "notifications.receivers"):
        monkeypatch.setattr(f"{place}.publish_many", kept.extend)
    return kept


def publish(*pairs):
    """All at once: what is out of order is held for half a second only."""
    get_channel_layer().publish_many(pairs)


def say(user, *titles):
    """Notify and relay, one by one; each is a publication of its own."""
    for title in titles:
        if title.startswith("All"):
            broadcast("everyone", "message", title=title)
        else:
            notify(user, "message", title=title)
        relay()


def test_later_before_earlier(screen, ada, withheld):
    page = screen(ada)
    say(ada, "One", "Two", "Three")
    one, two, three = withheld
    publish(three, two, one)
    page.follow_until("One", "Two", "Three")
    # Put in order again, without the database.
    assert page.came == ["notifications"] * 3
    assert [item["title"] for frame in page.socket.frames for item in frame.get("items", ())] == [
        "One",
        "Two",
        "Three",
    ]
    assert page.agrees()


def test_log_entries_out_of_order(screen, ada, withheld):
    page = screen(ada)
    say(ada, "All one", "All two", "Mine", "All three")
    publish(*reversed(withheld))
    page.follow_until("All one", "All two", "All three", "Mine")
    assert sorted(page.came) == ["broadcast"] * 3 + ["notifications"]
    assert page.agrees()


@pytest.mark.parametrize(
    ("titles", "healed"),
    [
        (("Lost", "Here"), ["sync"]),
        # The process fetches what it missed of the log, once for all its sockets.
        (("All lost", "All here"), ["broadcast", "broadcast"]),
    ],
)
def test_a_gap_that_never_fills(screen, ada, withheld, titles, healed):
    page = screen(ada)
    say(ada, *titles)
    publish(withheld[1])
    page.follow_until(*titles)
    assert page.came == healed
    # And what comes much too late after all changes nothing.
    publish(withheld[0])
    say(ada, "Next")
    publish(withheld[2])
    page.follow_until("Next")
    assert page.came == [*healed, "notifications"]
    assert page.agrees()


def test_nothing_arrives(screen, ada, withheld):
    """No later frame shows that one is missing: the heartbeat does."""
    page = screen(ada)
    say(ada, "Lost", "All lost")
    page.follow_until("Lost", "All lost")
    inbox = Inbox.objects.get(user=ada)
    (item,) = inbox_service.list_items(inbox.pk, None, 1).items
    page.follow_heartbeats()
    inbox_service.mark(inbox.pk, "read", [int(item["id"])])
    page.follow(lambda p: p.known[item["id"]]["read_at"])
    # Whether the broadcast is fetched from the log or was taken in by the list is a matter of time.
    assert set(page.came) <= {"sync", "broadcast"}
    assert page.agrees()


def test_published_twice(screen, ada, withheld):
    page = screen(ada)
    say(ada, "One", "All one", "Two")
    publish(*withheld, *withheld)
    page.follow_until("One", "All one", "Two")
    page.follow_heartbeats()
    assert sorted(page.came) == ["broadcast", "notifications", "notifications"]
    assert page.agrees()


def test_what_is_not_understood_is_passed_over(screen, ada, withheld):
    """Old and new processes publish side by side during a deploy, and some publish nonsense."""
    page = screen(ada)
    say(ada, "One")
    group, message = withheld[0]
    publish(
        (group, message | {"v": 99}),
        (group, message | {"kind": "unheard of"}),
        (group, {"type": "unheard.of"}),
        (group, {"type": "notification.event", "v": 1, "kind": "inbox"}),
        (group, message | {"seq": "much"}),
        (group, message),
    )
    page.follow_until("One")
    assert page.came == ["notifications"]
    assert page.agrees()


def test_another_persons_group_is_not_heard(screen, ada, bob, withheld):
    hers, his = screen(ada), screen(bob)
    say(bob, "His")
    publish(*withheld)
    his.follow_until("His")
    hers.follow_heartbeats()
    assert hers.came == []


def test_real_names(withheld, redis_server, transactional_db, ada):
    """The fixture above holds back what it says it does."""
    assert relay_service.publish_many == withheld.extend


@pytest.mark.promise_8
def test_left_and_back_unheard(screen, ada, withheld):
    """What is said in between is never given to her, though her socket hears of neither."""
    team = Group.objects.create(name="team")
    ada.groups.add(team)
    page = screen(ada)
    withheld.clear()
    ada.groups.remove(team)
    withheld.clear()
    broadcast(f"auth_group.{team.pk}", "message", title="Not hers")
    say(ada, "All hear this")
    publish(*withheld)
    page.follow_until("All hear this")
    ada.groups.add(team)
    page.follow_heartbeats(5)
    assert page.agrees()
    assert "Not hers" not in str(page.socket.frames)
