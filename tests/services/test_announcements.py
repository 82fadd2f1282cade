"""What operators say, how far it has come, and cancelling it half-way."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.contrib.auth.models import AnonymousUser, Group, Permission, User
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from notifications import notify, registry, subscribe, unsubscribe
from notifications.exceptions import InvalidNotification, NothingToCancel, UnknownTopic
from notifications.models import Announcement, Item, LogEntry, Notification, Outbox, Topic
from notifications.selectors.announcements import Progress, audience_size, progress
from notifications.services import outbox, permissions
from notifications.services import relay as relay_service
from notifications.services.announcements import announce, announce_to, cancel, send_to_self
from notifications.services.inbox import list_items, mark
from notifications.services.relay import relay_batch
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"title": "The shop opens", "url": "/shop/"}


@pytest.fixture
def crowd(make_user):
    return [make_user(f"p{n}") for n in range(25)]


@pytest.fixture(autouse=True)
def _small_rows(monkeypatch):
    """Rows of four, so that a crowd is a campaign."""
    for vendor in ("sqlite", "postgresql"):
        monkeypatch.setitem(outbox.ROW_RECIPIENTS, vendor, 4)


def far(announcement) -> tuple[int, int, int, int, int]:
    """(recipients, waiting, reached, read, spared)."""
    found = progress([Announcement.objects.get(pk=announcement.pk)])[announcement.pk]
    return found.recipients, found.waiting, found.reached, found.read, found.spared


def titles(user) -> list[str]:
    return [item["title"] for item in list_items(user.inbox.pk, None, 100).items]


# --- Sending ---------------------------------------------------------------------------------


def test_to_a_topic(ada, bob, relay_all):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    said = announce("everyone", SAID, ada)
    assert (said.topic, said.recipients, said.sent_by, said.state) == ("everyone", 1, ada, "sent")
    assert far(said) == (1, 1, 0, 0, 0)
    relay_all()
    assert far(said) == (1, 0, 0, 0, 0)
    assert titles(ada) == ["The shop opens"]
    assert far(said) == (1, 0, 1, 0, 0)
    mark(ada.inbox.pk, "read", [said.notification_id])
    assert far(said) == (1, 0, 1, 1, 0)


def test_to_people(ada, crowd, relay_all):
    team = Group.objects.create(name="team")
    team.user_set.set(crowd)
    staff = Group.objects.create(name="staff")
    staff.user_set.set(crowd[:5])
    # Each twice, in an order of columns of another table.
    people = User.objects.filter(groups__in=[team, staff]).order_by("groups__name")
    assert people.count() == 30
    said = announce_to(people, {**SAID, "level": "warning"}, ada)
    assert (said.topic, said.recipients, said.notification.level) == ("", 25, "warning")
    assert far(said) == (25, 25, 0, 0, 0)
    assert relay_batch(Outbox.Lane.BULK) == 2
    assert far(said) == (25, 17, 8, 0, 0)
    relay_all()
    assert far(said) == (25, 0, 25, 0, 0)
    assert titles(crowd[0]) == ["The shop opens"]


@pytest.mark.parametrize(
    "people",
    [
        lambda: User.objects.order_by("-username")[:3],
        lambda: User.objects.filter(username="p1").union(
            User.objects.filter(username__in=["p2", "p3"])
        ),
        lambda: User.objects.filter(username__in=["p1", "p2", "p3"]).select_related("inbox"),
        lambda: User.objects.filter(username__in=["p1", "p2", "p3"]).distinct().order_by("email"),
    ],
    ids=["sliced", "united", "joined", "distinct"],
)
def test_querysets_of_all_sorts(crowd, people):
    assert announce_to(people(), SAID, None).recipients == 3


@pytest.mark.any_database
def test_what_is_refused_leaves_nothing(ada):
    for people in (User.objects.none(), Group.objects.all()):
        with pytest.raises(InvalidNotification):
            announce_to(people, SAID, ada)
    with pytest.raises(InvalidNotification):
        announce("everyone", {"body": "no title"}, ada)
    with pytest.raises(UnknownTopic):
        announce("nobody", SAID, ada)
    for model in (Announcement, Notification, Outbox):
        assert not model.objects.exists()


@pytest.mark.any_database
def test_to_oneself_first(ada, bob, relay_all):
    send_to_self(ada, {**SAID, "data": {"order": 7}})
    relay_all()
    [item] = list_items(ada.inbox.pk, None, 100).items
    assert item["data"] == {"order": 7, "test": True}
    assert not titles(bob)
    assert not Announcement.objects.exists()


def test_a_list_of_announcements_takes_as_many_queries_as_one(ada, bob, relay_all):
    said = [announce("everyone", SAID, ada) for _ in range(3)]
    said.append(announce_to(User.objects.all(), SAID, None))
    relay_all()
    said.append(announce("everyone", SAID, ada))
    # Nothing left of what it said, as for a slot that was left out.
    said.append(Announcement.objects.create(topic="everyone", state="skipped"))
    with CaptureQueriesContext(connection) as queries:
        found = progress(said)
    assert len(queries) == 3
    assert found[said[0].pk] == Progress(2, 0, 0, 0, 0)
    assert found[said[3].pk] == Progress(2, 0, 2, 0, 0)
    assert found[said[4].pk] == Progress(2, 2, 0, 0, 0)
    assert found[said[5].pk] == Progress(0, 0, 0, 0, 0)


def test_how_many_it_would_reach(ada, bob, make_user):
    team = Group.objects.create(name="team")
    team.user_set.add(ada, bob)
    key = f"auth_group.{team.pk}"
    assert (audience_size("everyone"), audience_size(key), audience_size("staff")) == (2, 2, 0)
    make_user("carol", is_staff=True)
    team.user_set.remove(ada)
    assert (audience_size("everyone"), audience_size(key), audience_size("staff")) == (3, 1, 1)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert (audience_size("everyone"), audience_size(key), audience_size("nobody")) == (2, 0, 0)
    # All but those who left.
    Topic.objects.filter(key=key).update(default_since=0)
    assert audience_size(key) == 1


@pytest.mark.any_database
def test_how_many_belong_to_a_declared_topic(ada, bob, monkeypatch):
    monkeypatch.setattr(registry, "_topics", {})
    registry.register_topic("news", "News", default=True)
    registry.register_topic("offers", "Offers")
    # Neither has its row yet.
    assert (audience_size("news"), audience_size("offers")) == (2, 0)
    assert (permissions.is_wide("news"), permissions.is_wide("offers")) == (True, False)
    subscribe(ada, "offers")
    unsubscribe(bob, "news")
    assert (audience_size("news"), audience_size("offers")) == (1, 1)


# --- Cancelling ------------------------------------------------------------------------------


def test_half_way(ada, crowd, relay_all):
    said = announce_to(User.objects.filter(pk__in=[p.pk for p in crowd]), SAID, None)
    other = notify(crowd, "message", title="Another campaign")
    relay_batch(Outbox.Lane.BULK)
    # One row was given up meanwhile.
    parked = Outbox.objects.filter(notification=said.notification).first()
    Outbox.objects.filter(pk=parked.pk).update(due_at=None, attempts=Outbox.ATTEMPTS)
    assert cancel(said, ada) == 17
    assert (said.spared, said.cancelled_by) == (17, ada)
    assert said.cancelled_at is not None
    relay_all()
    assert far(said) == (25, 0, 8, 0, 17)
    assert Item.objects.filter(notification=other).count() == 25
    with pytest.raises(NothingToCancel):
        cancel(said, ada)
    assert Announcement.objects.get(pk=said.pk).spared == 17


def test_a_broadcast_before_it_is_in_the_log(ada, bob, relay_all):
    said = announce("everyone", SAID, ada)
    assert cancel(said, bob) == 2
    relay_all()
    assert not LogEntry.objects.exists()
    assert far(said) == (2, 0, 0, 0, 2)


def test_too_late(ada, crowd, relay_all):
    both = [announce("everyone", SAID, ada), announce_to(User.objects.all(), SAID, ada)]
    relay_all()
    both.append(Announcement.objects.create(topic="everyone", state="skipped"))
    for said in both:
        with pytest.raises(NothingToCancel):
            cancel(said, ada)
        assert Announcement.objects.get(pk=said.pk).cancelled_at is None


@pytest.mark.promise_1
@pytest.mark.postgresql
@pytest.mark.parametrize("dies", [True, False], ids=["rolls back", "commits"])
def test_waits_for_what_a_relay_has_in_hand(crowd, relay_all, monkeypatch, dies):
    """Were it passed over, it would go out after all once that relay had died."""
    said = announce_to(User.objects.all(), SAID, None)
    in_hand, go_on = Event(), Event()
    real = relay_service._do

    def slowly(rows):
        done = real(rows)
        in_hand.set()
        go_on.wait(10)
        if dies:
            raise KeyboardInterrupt
        return done

    def in_thread(what, *arguments):
        try:
            return what(*arguments)
        except KeyboardInterrupt:
            return None
        finally:
            connections.close_all()

    monkeypatch.setattr(relay_service, "_do", slowly)
    with ThreadPoolExecutor(2) as pool:
        relaying = pool.submit(in_thread, relay_batch, Outbox.Lane.BULK)
        assert in_hand.wait(10)
        cancelling = pool.submit(in_thread, cancel, said, None)
        wait_until(somebody_waits)
        go_on.set()
        spared = cancelling.result()
        relaying.result()
    monkeypatch.undo()
    relay_all()
    assert not Outbox.objects.exists()
    assert spared == (25 if dies else 17)
    assert far(said) == (25, 0, 25 - spared, 0, spared)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS(SELECT 1 FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


@pytest.mark.postgresql
def test_what_a_relay_does_not_let_go_of_stays(crowd, relay_all, monkeypatch):
    monkeypatch.setattr(outbox, "IN_HAND_SECONDS", 0.05)
    said = announce_to(User.objects.all(), SAID, None)
    held, go_on = Event(), Event()

    def hold():
        try:
            with transaction.atomic():
                list(Outbox.objects.select_for_update().order_by("pk")[:1])
                held.set()
                go_on.wait(10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        assert held.wait(10)
        assert cancel(said, None) == 21
        go_on.set()
        holding.result()
    assert far(said) == (25, 4, 0, 0, 21)
    # It can be asked for again.
    assert cancel(said, None) == 4
    assert far(said) == (25, 0, 0, 0, 25)


# --- Permissions -----------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("has", "allowed"),
    [
        ("", ""),
        ("compose", "to team, to people, cancel"),
        ("announce_to_everyone", ""),
        ("compose announce_to_everyone", "to team, to people, to everyone, cancel"),
        ("change_schedule", "change team"),
        ("change_schedule announce_to_everyone", "change team, change everyone"),
        ("change_schedule compose", "to team, to people, cancel, change team, run team"),
        ("delete_schedule", "delete everyone"),
    ],
)
def test_permissions(ada, has, allowed):
    Topic.objects.create(key="news", default_since=0)
    for codename in has.split():
        ada.user_permissions.add(
            Permission.objects.get(content_type__app_label="clarion", codename=codename)
        )
    ada = User.objects.get(pk=ada.pk)
    may = {
        "to team": permissions.may_announce(ada, "auth_group.1"),
        "to people": permissions.may_announce(ada),
        "to everyone": permissions.may_announce(ada, "everyone"),
        "cancel": permissions.may_cancel(ada),
        "add": permissions.may_schedule(ada, "staff"),
        "change team": permissions.may_schedule(ada, "auth_group.1", "change"),
        "change everyone": permissions.may_schedule(ada, "everyone", "change"),
        "run team": permissions.may_run_now(ada, "auth_group.1"),
        "run everyone": permissions.may_run_now(ada, "everyone"),
        "delete everyone": permissions.may_schedule(ada, "everyone", "delete"),
    }
    assert ", ".join(name for name, yes in may.items() if yes) == allowed
    assert permissions.may_announce(ada, "news") == may["to everyone"]
    ada.is_active = False
    assert not permissions.may_cancel(ada)
    assert not permissions.may_announce(AnonymousUser())
