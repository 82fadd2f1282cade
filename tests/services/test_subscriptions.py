"""Declared topics: subscribing, leaving, and those to which everybody belongs."""

from threading import Thread

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import broadcast, register_topic, registry, subscribe, unsubscribe
from notifications.exceptions import NotAllowed, UnknownTopic
from notifications.models import Inbox, LogEntry, LogHead, Membership, Outbox, Topic
from notifications.receivers import migrated
from notifications.selectors import Arriving, arrivals, changes, standing, topic_choices
from notifications.services import inboxes, relay, topics
from notifications.services.inbox import list_items
from notifications.wire.cursor import Cursor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def own_registry(monkeypatch):
    """Without the demo's topics."""
    monkeypatch.setattr(registry, "_topics", {})


@pytest.fixture
def say(relay_all):
    """Says something to a topic and relays it."""

    def say(topic, title):
        broadcast(topic, "message", title=title)
        relay_all()

    return say


def heard(user) -> list[str]:
    page = list_items(inboxes.ensure(user).pk, None, 100)
    return [item["title"] for item in reversed(page.items)]


@pytest.fixture
def releases():
    return register_topic("releases", "Releases", "What is new in each version")


@pytest.fixture
def news():
    return register_topic("news", "News", default=True)


class TestDeclaring:
    @pytest.mark.parametrize(
        ("fields", "word"),
        [
            ({"key": ""}, "key"),
            ({"key": "with space"}, "key"),
            ({"key": 7}, "key"),
            ({"key": "x" * 101}, "key"),
            ({"key": "everyone"}, "there already"),
            ({"key": "staff"}, "there already"),
            ({"key": "auth_group.7"}, "there already"),
            ({"title": ""}, "title"),
            ({"may_subscribe": "yes"}, "function"),
            ({"may_subscribe": lambda user: True, "default": True}, "default"),
        ],
    )
    def test_wrong_declarations(self, fields, word):
        with pytest.raises(ImproperlyConfigured, match=word):
            register_topic(**{"key": "k", "title": "T", **fields})

    def test_twice(self, releases):
        assert register_topic(releases.key, releases.title, releases.description) == releases
        with pytest.raises(ImproperlyConfigured, match="twice"):
            register_topic("releases", "Other")

    def test_known_by_key(self, releases, news):
        assert registry.all_topics() == [news, releases]
        assert registry.find_topic("news") == news
        assert registry.find_topic("everyone") is None


@pytest.mark.promise_8
def test_later_members_hear_nothing_old_and_leavers_lose_nothing(ada, bob, say, releases):
    say("releases", "one")
    subscribe(ada, "releases")
    say("releases", "two")
    unsubscribe(ada, "releases")
    subscribe(bob, "releases")
    say("releases", "three")
    subscribe(ada, "releases")
    say("releases", "four")
    assert (heard(ada), heard(bob)) == (["two", "four"], ["three", "four"])


def test_twice_changes_nothing(ada, releases, published):
    for act in (subscribe, unsubscribe):
        act(ada, "releases")
        before = list(Membership.objects.values()), list(Inbox.objects.values())
        published.clear()
        with CaptureQueriesContext(connection) as queries:
            act(ada, "releases")
        assert not [query for query in queries if "UPDATE" in query["sql"]]
        assert (list(Membership.objects.values()), list(Inbox.objects.values())) == before
        assert published == []


def test_sockets_are_told_all_topics(ada, releases, published):
    subscribe(ada, "releases")
    topic = Topic.objects.get(key="releases").pk
    everyone = Topic.objects.get(key="everyone").pk
    unsubscribe(ada, "releases")
    joined, left = [event for _, event in published]
    assert (joined.topics[topic], joined.topics[everyone]) == (0, 0)
    assert topic not in left.topics


def test_leaving_counts_the_topics_versions(ada, bob, releases):
    for user in (ada, bob):
        subscribe(user, "releases")
        unsubscribe(user, "releases")
    row = Topic.objects.get(key="releases")
    versions = row.membership_set.order_by("inbox__user").values_list("version", flat=True)
    assert (row.version, list(versions)) == (2, [1, 2])
    subscribe(ada, "releases")
    # A session that has heard of neither is still found by what it left.
    assert Membership.objects.get(inbox=ada.inbox).version == 1


@pytest.mark.postgresql
@pytest.mark.promise_8
def test_nothing_is_said_while_somebody_leaves(ada, say, releases, monkeypatch):
    """What is said before the commit of who leaves would otherwise come after they left."""
    monkeypatch.setattr(relay, "BATCH_LOCK_SECONDS", 0.05)
    monkeypatch.setattr(relay, "ROW_LOCK_SECONDS", 0.05)
    subscribe(ada, "releases")
    broadcast("everyone", "message", title="T")

    def relay_meanwhile() -> None:
        relay.relay_batch(Outbox.Lane.DIRECT)
        connection.close()

    with transaction.atomic():
        unsubscribe(ada, "releases")
        thread = Thread(target=relay_meanwhile)
        thread.start()
        thread.join()
        assert "lock" in Outbox.objects.get().error
        assert not LogEntry.objects.exists()
    assert Membership.objects.get(inbox=ada.inbox).until == 0


@pytest.mark.parametrize("act", [subscribe, unsubscribe])
def test_topics_that_nobody_chooses(ada, act):
    group = Group.objects.create(name="g")
    for key in ("everyone", "staff", f"auth_group.{group.pk}"):
        with pytest.raises(NotAllowed):
            act(ada, key)
    for key in ("nothing", "auth_group.0", None):
        with pytest.raises(UnknownTopic):
            act(ada, key)


@pytest.mark.promise_8
def test_who_may_subscribe(ada, bob, say):
    allowed = {"ada"}
    register_topic("clubs", "Clubs", may_subscribe=lambda user: user.username in allowed)
    with pytest.raises(NotAllowed):
        subscribe(bob, "clubs")
    subscribe(ada, "clubs")
    allowed.clear()
    # Nobody is kept in for not being allowed in.
    unsubscribe(ada, "clubs")
    say("clubs", "nobody")
    assert (heard(ada), heard(bob)) == ([], [])


class TestDefaults:
    def test_everybody_belongs_from_when_it_began(self, ada, bob, say, make_user, news):
        say("news", "one")
        unsubscribe(ada, "news")
        late = make_user("late")
        say("news", "two")
        subscribe(ada, "news")
        say("news", "three")
        assert heard(ada) == ["one", "three"]
        assert heard(bob) == ["one", "two", "three"]
        assert heard(late) == ["two", "three"]

    def test_a_topic_that_becomes_a_default_later(self, ada, bob, say, releases):
        subscribe(ada, "releases")
        say("releases", "ada")
        unsubscribe(bob, "releases")
        registry._topics.clear()
        register_topic("releases", "Releases", default=True)
        topics.begin_defaults()
        assert Topic.objects.get(key="releases").default_since == 1
        say("releases", "both")
        assert (heard(ada), heard(bob)) == (["ada", "both"], ["both"])

    def test_it_begins_once(self, say, news):
        say("news", "one")
        topics.begin_defaults()
        row = Topic.objects.get(key="news")
        assert (row.default_since, row.version, row.default_version) == (0, 1, 1)

    def test_it_begins_at_the_first_deploy(self, say, news):
        say("everyone", "before")
        migrated("default")
        assert Topic.objects.get(key="news").default_since == LogHead.objects.get().position == 1

    def test_a_migration_to_before_there_were_defaults(self, news, monkeypatch):
        class Old:
            def get_model(self, *names):
                return Group

        migrated("default", apps=Old())
        migrated("other", apps=apps)
        assert not Topic.objects.filter(key="news").exists()

    def test_everyone_is_one_of_them(self, ada):
        assert Topic.objects.get(key="everyone").default_since == 0
        assert Topic.objects.get(key="everyone").pk in standing(ada.inbox.pk).topics

    @pytest.mark.promise_3
    def test_where_inboxes_are_is_as_many_queries(self, ada, news):
        def cost() -> int:
            arriving = Arriving(ada.inbox.pk, None, "en", "")
            with CaptureQueriesContext(connection) as queries:
                (arrival,) = arrivals([arriving]).values()
            assert arrival.standing.topics == standing(ada.inbox.pk).topics
            return len(queries)

        before = cost()
        topics.begin_defaults()
        for n in range(3):
            subscribe(ada, register_topic(f"t{n}", "T").key)
        assert before == cost() == 2

    @pytest.mark.promise_8
    def test_a_client_that_had_not_heard_of_leaving_begins_anew(self, ada, say, news):
        topics.begin_defaults()
        before = standing(ada.inbox.pk)
        unsubscribe(ada, "news")
        say("news", "no more for her")
        # Her session passed it on before it heard.
        cursor = Cursor(before.epoch, before.seq, before.position + 1)
        assert changes(ada.inbox.pk, cursor).reset == "left"


class TestChoices:
    def test_what_a_person_may_choose(self, ada, releases, news):
        register_topic("clubs", "Clubs", may_subscribe=lambda user: user.is_staff)
        assert [(c.key, c.subscribed) for c in topic_choices(ada)] == [
            ("news", True),
            ("releases", False),
        ]
        subscribe(ada, "releases")
        unsubscribe(ada, "news")
        ada.is_staff = True
        assert [(c.key, c.subscribed) for c in topic_choices(ada)] == [
            ("clubs", False),
            ("news", False),
            ("releases", True),
        ]
        (_, _, choice) = topic_choices(ada)
        assert (choice.title, choice.description) == ("Releases", "What is new in each version")

    def test_who_may_no_longer_may_still_leave(self, ada):
        allowed = {"ada"}
        register_topic("clubs", "Clubs", may_subscribe=lambda user: user.username in allowed)
        subscribe(ada, "clubs")
        allowed.clear()
        assert [choice.key for choice in topic_choices(ada)] == ["clubs"]
        unsubscribe(ada, "clubs")
        assert topic_choices(ada) == []

    def test_of_somebody_without_an_inbox(self, news):
        (dave,) = User.objects.bulk_create([User(username="dave")])
        assert [choice.subscribed for choice in topic_choices(dave)] == [True]
        topics.begin_defaults()
        assert [choice.subscribed for choice in topic_choices(dave)] == [True]
