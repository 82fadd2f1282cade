"""What no signal told is found, for however many people, and set right as if one had."""

from itertools import count

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import broadcast, register_topic, registry, subscribe
from notifications.models import Inbox, Membership, Topic
from notifications.services import memberships, reconcile, topics
from notifications.services.inbox import list_items
from notifications.services.reconcile import reconcile as run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.promise_8]


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    monkeypatch.setattr(registry, "_topics", dict(registry._topics))


@pytest.fixture
def say(relay_all):
    """Says something to a topic and relays it."""

    def say(topic, title):
        broadcast(topic, "message", title=title)
        relay_all()

    return say


def heard(user) -> list[str]:
    page = list_items(Inbox.objects.get(user=user).pk, None, 100)
    return [item["title"] for item in reversed(page.items)]


def members(topic) -> set[str]:
    rows = Membership.objects.filter(topic__key=topic, until=None)
    return set(rows.values_list("inbox__user__username", flat=True))


def test_staff_status_changed_in_silence(ada, bob, say):
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    assert run() == 1
    say("staff", "while")
    User.objects.filter(pk=ada.pk).update(is_staff=False)
    assert (run(), run()) == (1, 0)
    say("staff", "after")
    assert (heard(ada), heard(bob)) == (["while"], [])


def test_groups_changed_in_silence(ada, bob, say, published):
    one, two = Group.objects.bulk_create([Group(name="one"), Group(name="two")])
    through = User.groups.through
    rows = [through(user=user, group=group) for user in (ada, bob) for group in (one, two)]
    through.objects.bulk_create(rows)
    assert run() == 2
    say(f"auth_group.{one.pk}", "both")
    through.objects.filter(user=ada, group=one)._raw_delete("default")
    published.clear()
    assert run() == 1
    event = published[-1][1]
    assert topics.row(f"auth_group.{one.pk}").pk not in event.topics
    say(f"auth_group.{one.pk}", "bob")
    say(f"auth_group.{two.pk}", "still both")
    assert heard(ada) == ["both", "still both"]
    assert heard(bob) == ["both", "bob", "still both"]


def test_users_made_in_bulk_get_an_inbox(say):
    (dave,) = User.objects.bulk_create([User(username="dave", is_staff=True)])
    say("everyone", "after")
    assert run() == 1
    assert (heard(dave), members("staff")) == (["after"], {"dave"})


class TestDeletedGroups:
    @pytest.fixture
    def group(self, ada, bob):
        group = Group.objects.create(name="g")
        group.user_set.set([ada, bob])
        return group

    def test_members_leave_at_once(self, group, ada, say):
        topic = f"auth_group.{group.pk}"
        say(topic, "before")
        group.delete()
        assert members(topic) == set()
        assert heard(ada) == ["before"]
        assert run() == 0

    def test_of_very_many_some_leave_soon(self, group, monkeypatch):
        woken = []
        monkeypatch.setattr(memberships, "AT_ONCE", 1)
        monkeypatch.setattr(memberships, "wake_reconciler", lambda: woken.append(1))
        topic = f"auth_group.{group.pk}"
        group.delete()
        assert (members(topic), woken) == ({"bob"}, [1])
        assert run() == 1
        assert members(topic) == set()

    def test_deleted_in_silence(self, group):
        topic = f"auth_group.{group.pk}"
        User.groups.through.objects.all()._raw_delete("default")
        Group.objects.filter(pk=group.pk)._raw_delete("default")
        assert run() == 2
        assert members(topic) == set()


class TestWhoMayNoLonger:
    @pytest.fixture
    def allowed(self):
        """Names of those who may subscribe to `clubs`."""
        allowed = {"ada", "bob"}
        register_topic("clubs", "Clubs", may_subscribe=lambda user: user.username in allowed)
        return allowed

    def test_leaves(self, allowed, ada, bob, say):
        for user in (ada, bob):
            subscribe(user, "clubs")
        say("clubs", "both")
        allowed.remove("ada")
        assert (run(), run()) == (1, 0)
        say("clubs", "bob")
        assert (heard(ada), heard(bob)) == (["both"], ["both", "bob"])

    def test_pages_go_on_where_the_last_run_ended(self, allowed, make_user, monkeypatch):
        monkeypatch.setattr(reconcile, "PAGE", 2)
        names = ["u1", "u2", "u3", "u4", "u5"]
        allowed |= set(names)
        for name in names:
            subscribe(make_user(name), "clubs")
        allowed -= {"u1", "u5"}
        assert [run() for _ in range(3)] == [1, 0, 1]
        assert members("clubs") == {"u2", "u3", "u4"}
        assert Topic.objects.get(key="clubs").asked_up_to == 0
        allowed.remove("u2")
        assert run() == 1

    def test_a_question_without_an_answer_is_no_no(self, allowed, ada, caplog):
        subscribe(ada, "clubs")
        del registry._topics["clubs"]
        register_topic("clubs", "Clubs", may_subscribe=lambda user: 1 / 0)
        assert run() == 0
        assert members("clubs") == {"ada"}
        assert "could not be asked" in caplog.text

    def test_a_topic_that_nobody_declares_keeps_its_members(self, allowed, ada):
        subscribe(ada, "clubs")
        del registry._topics["clubs"]
        assert run() == 0
        assert members("clubs") == {"ada"}


def test_default_topics_begin():
    register_topic("news", "News", default=True)
    run()
    assert Topic.objects.get(key="news").default_since is not None


def test_one_who_cannot_be_set_right_harms_no_other(ada, bob, monkeypatch, caplog):
    real = reconcile.follow

    def follow(keys):
        if ada.pk in keys:
            raise ValueError("broken")
        real(keys)

    monkeypatch.setattr(reconcile, "follow", follow)
    User.objects.update(is_staff=True)
    assert run() == 1
    assert members("staff") == {"bob"}
    assert "could not be set right" in caplog.text


def test_time_is_bounded_and_the_next_run_goes_on(make_user, monkeypatch):
    for n in range(5):
        make_user(f"u{n}")
    User.objects.update(is_staff=True)
    seconds = count()

    class Clock:
        def monotonic(self) -> float:
            return next(seconds)

    woken = []
    monkeypatch.setattr(reconcile, "time", Clock())
    monkeypatch.setattr(reconcile, "TOGETHER", 1)
    monkeypatch.setattr(reconcile, "wake_reconciler", lambda: woken.append(1))
    assert [(run(), len(woken)) for _ in range(4)] == [(2, 1), (2, 2), (1, 2), (0, 2)]


def test_where_nothing_differs_it_is_a_few_queries(make_user):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert run() == 0
        return len(queries)

    few = cost()
    group = Group.objects.create(name="g")
    for n in range(10):
        make_user(f"u{n}", is_staff=True).groups.add(group)
    assert cost() == few < 12


def test_who_is_staff_no_more_is_sought_among_the_staff():
    """With a join PostgreSQL goes through all memberships: 4 s for a million and a half."""
    found, _ = reconcile._others_inside()
    assert "clarion_topic" not in str(found.query)
