"""Topics and who belongs to them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import broadcast, notify
from notifications.exceptions import UnknownTopic
from notifications.models import Inbox, Item, LogEntry, LogHead, Notification
from notifications.receivers import migrated
from notifications.selectors import changes, standing
from notifications.services import inboxes
from notifications.services.inbox import list_items
from notifications.wire.cursor import Cursor

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


def test_what_expires_before_it_is_taken_in_is_not(ada, relay_all):
    broadcast("everyone", "message", title="short", expires_at=timezone.now() + timedelta(hours=1))
    broadcast("everyone", "message", title="long")
    relay_all()
    Notification.objects.filter(title="short").update(expires_at=timezone.now())
    assert heard(ada) == ["long"]


def test_what_expires_before_it_is_relayed_is_not_delivered(ada, relay_all):
    soon = timezone.now() + timedelta(hours=1)
    for said in (
        notify(ada, "message", title="T", expires_at=soon),
        broadcast("everyone", "message", title="B", expires_at=soon),
    ):
        Notification.objects.filter(pk=said.pk).update(expires_at=timezone.now())
    relay_all()
    assert heard(ada) == []
    assert not LogEntry.objects.exists()


@pytest.mark.promise_2
def test_a_cursor_from_before_joining_missed_the_topic_however_far_its_position(ada, say):
    group = Group.objects.create(name="g")
    inbox_id = inboxes.ensure(ada).pk
    before = standing(inbox_id)
    ada.groups.add(group)
    say(f"auth_group.{group.pk}", "to the group")
    say("everyone", "to all")
    # Its session never heard of the membership, let the first entry pass and wrote the second.
    page = changes(inbox_id, Cursor(before.epoch, before.seq, before.position + 2))
    assert [item["title"] for item in page.items] == ["to the group", "to all"]
    # Once the membership is known, the position counts again.
    assert changes(inbox_id, Cursor(before.epoch, page.seq, page.position)).items == []


class TestWithoutAnInbox:
    """People who were there before Clarion, or who came in bulk."""

    @pytest.fixture
    def dormant(self):
        (user,) = User.objects.bulk_create([User(username="dormant")])
        return user

    @pytest.mark.promise_8
    def test_who_joins_hears_nothing_from_before(self, dormant, say):
        group = Group.objects.create(name="g")
        say(f"auth_group.{group.pk}", "before")
        say("staff", "before")
        dormant.groups.add(group)
        dormant.is_staff = True
        dormant.save()
        say(f"auth_group.{group.pk}", "after")
        assert heard(dormant) == ["after"]

    @pytest.mark.promise_1
    def test_who_leaves_keeps_what_was_theirs(self, dormant, say):
        group = Group.objects.create(name="g")
        dormant.groups.add(group)
        say(f"auth_group.{group.pk}", "mine")
        dormant.groups.remove(group)
        say(f"auth_group.{group.pk}", "not mine")
        assert heard(dormant) == ["mine"]


def test_an_imported_user_hears_nothing_old_whatever_the_date_of_joining(say):
    say("everyone", "old")
    user = User.objects.create_user("old hand", date_joined=timezone.now() - timedelta(days=999))
    assert heard(user) == []


class Proxy(User):
    """A user by another name, as admins make them."""

    class Meta:
        proxy = True
        app_label = "auth"


@pytest.mark.promise_8
def test_proxies_of_the_user_model_are_followed(ada, say):
    proxy = Proxy.objects.get(pk=ada.pk)
    proxy.is_staff = True
    proxy.save()
    say("staff", "while")
    proxy.is_staff = False
    proxy.save()
    say("staff", "after")
    assert heard(ada) == ["while"]


def test_saving_a_user_locks_nothing_where_nothing_changed(ada):
    with CaptureQueriesContext(connection) as queries:
        ada.save()
    assert not [query for query in queries if "UPDATE" in query["sql"] and "inbox" in query["sql"]]
    assert not [query for query in queries if "FOR NO KEY UPDATE" in query["sql"]]


def test_coming_back_hears_nothing_of_the_time_between(ada, say):
    group = Group.objects.create(name="g")
    topic = f"auth_group.{group.pk}"
    ada.groups.add(group)
    say(topic, "one")
    ada.groups.clear()
    say(topic, "two")
    ada.groups.add(group)
    say(topic, "three")
    assert heard(ada) == ["one", "three"]


def test_a_client_that_had_not_heard_of_leaving_begins_anew(ada, say):
    group = Group.objects.create(name="g")
    ada.groups.add(group)
    inbox_id = inboxes.ensure(ada).pk
    before = standing(inbox_id)
    ada.groups.clear()
    say(f"auth_group.{group.pk}", "no more for her")
    # Her session passed it on before it heard.
    cursor = Cursor(before.epoch, before.seq, before.position + 1)
    assert changes(inbox_id, cursor).reset == "left"
    now = standing(inbox_id)
    assert not changes(inbox_id, Cursor(now.epoch, now.seq, now.position)).reset


def test_after_a_flush_there_is_a_log_again(ada, say):
    before = LogHead.objects.get()
    migrated("default")
    assert LogHead.objects.get().epoch == before.epoch
    call_command("flush", verbosity=0, interactive=False)
    # Cursors of before say nothing about it.
    assert LogHead.objects.get().epoch != before.epoch
    carol = User.objects.create_user("carol")
    say("everyone", "Hello")
    assert heard(carol) == ["Hello"]
