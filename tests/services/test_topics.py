"""Topics and who belongs to them."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import broadcast
from notifications.exceptions import UnknownTopic
from notifications.models import Inbox, Item, LogEntry, Notification
from notifications.services import inboxes
from notifications.services.inbox import list_items

pytestmark = pytest.mark.django_db(transaction=True)


def heard(user) -> list[str]:
    page = list_items(inboxes.ensure(user).pk, None, 100)
    return [item["title"] for item in reversed(page.items)]


@pytest.fixture
def say(relay_all):
    """Says something to a topic and relays it."""

    def say(topic, title):
        broadcast(topic, "message", title=title)
        relay_all()

    return say


@pytest.mark.parametrize(
    "topic",
    ["", "nobody", "auth_group.", "auth_group.0", "auth_group.999999", "auth_group.1x",
     "auth_group.-1", "auth_group.99999999999999999999", "EVERYONE", None, 7],
)  # fmt: skip
def test_unknown_topics(topic):
    with pytest.raises(UnknownTopic):
        broadcast(topic, "message", title="T")
    assert not Notification.objects.exists()


@pytest.mark.promise_8
def test_staff_status_is_followed(ada, bob, say):
    say("staff", "before")
    ada.is_staff = True
    ada.save()
    say("staff", "while")
    ada.is_staff = False
    ada.save()
    say("staff", "after")
    assert (heard(ada), heard(bob)) == (["while"], [])


@pytest.mark.promise_8
@pytest.mark.parametrize("by_group", [False, True])
def test_groups_are_followed_from_both_sides(ada, bob, say, by_group):
    group = Group.objects.create(name="g")
    topic = f"auth_group.{group.pk}"

    def members(*users):
        if by_group:
            group.user_set.set(users)
        else:
            for user in (ada, bob):
                user.groups.set([group] if user in users else [])

    say(topic, "nobody yet")
    members(ada)
    say(topic, "ada")
    members(ada, bob)
    say(topic, "both")
    members(bob)
    say(topic, "bob")
    group.user_set.clear() if by_group else bob.groups.clear()
    say(topic, "nobody")
    assert (heard(ada), heard(bob)) == (["ada", "both"], ["both", "bob"])


def test_a_new_user_hears_nothing_old(say, make_user):
    say("everyone", "old")
    carol = make_user("carol", is_staff=True)
    say("everyone", "new")
    say("staff", "to staff")
    assert heard(carol) == ["new", "to staff"]


@pytest.mark.promise_1
def test_users_who_came_in_bulk_lose_nothing(say):
    say("everyone", "before")
    (dave,) = User.objects.bulk_create([User(username="dave", is_staff=True)])
    say("everyone", "after")
    say("staff", "to staff")
    assert not Inbox.objects.filter(user=dave).exists()
    assert heard(dave) == ["after", "to staff"]


@pytest.mark.promise_5
def test_a_broadcast_costs_the_same_for_ten_and_for_a_thousand(say, make_user):
    def cost(users: int) -> tuple[int, int]:
        User.objects.bulk_create(User(username=f"u{users}-{n}") for n in range(users))
        with transaction.atomic():
            inboxes.ensure_locked(User.objects.values_list("pk", flat=True))
        rows = [model.objects.count() for model in (Notification, LogEntry, Item)]
        with CaptureQueriesContext(connection) as queries:
            say("everyone", "T")
        grown = [model.objects.count() for model in (Notification, LogEntry, Item)]
        assert [b - a for a, b in zip(rows, grown, strict=True)] == [1, 1, 0]
        return len(queries), sum(grown) - sum(rows)

    assert cost(10) == cost(1000)


def test_making_inboxes_costs_the_same_for_ten_and_for_a_hundred(say):
    group = Group.objects.create(name="g")

    def cost(number: int) -> int:
        users = User.objects.bulk_create(
            User(username=f"v{number}-{n}", is_staff=True) for n in range(number)
        )
        group.user_set.through.objects.bulk_create(
            group.user_set.through(user=user, group=group) for user in users
        )
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            made = inboxes.ensure_locked([user.pk for user in users])
        assert len(made) == number
        return len(queries)

    cost(1)
    assert cost(10) == cost(50)
