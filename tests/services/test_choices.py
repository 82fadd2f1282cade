"""What people do not want to hear: not delivered, or quietly, by whichever way it comes."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import (
    NotificationType,
    broadcast,
    notify,
    register,
    register_category,
    registry,
    retract,
    selectors,
    update,
)
from notifications.exceptions import InvalidChoice, InvalidMoment, NotAllowed
from notifications.models import Inbox, Item, Notification
from notifications.selectors.choices import choices_for
from notifications.selectors.places import choices_of
from notifications.services import inbox as service
from notifications.services import preferences
from notifications.services.preferences import mute, opt_in, opt_out, unmute
from notifications.wire.choices import Choices
from notifications.wire.cursor import Cursor
from notifications.wire.log import Seat
from tests.support.inboxes import assert_consistent

pytestmark = [pytest.mark.promise_4, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def declared(monkeypatch):
    """Types of three categories, one of which nobody can turn off."""
    monkeypatch.setattr(registry, "_types", dict(registry._types))
    monkeypatch.setattr(registry, "_categories", dict(registry._categories))
    for key in ("news", "shop", "account"):
        register(NotificationType(key=f"t.{key}", category=key, title=key))
    register_category("news", "News", "What is new")
    register_category("account", "Account", "Passwords", mandatory=True)


@pytest.fixture(autouse=True)
def consistent(transactional_db):
    """Whatever a test did, all inboxes are as they must be."""
    yield
    for inbox in Inbox.objects.all():
        assert_consistent(inbox)


def cursor_of(inbox):
    now = selectors.standing(inbox.pk)
    return Cursor(now.epoch, now.seq, now.position)


def state(item):
    return item["type"], item["seen_at"] is not None, item["read_at"] is not None


def listed(inbox):
    return [state(item) for item in service.list_items(inbox.pk, None, 100).items]


def counts(inbox):
    now = selectors.standing(inbox.pk).counters
    return now.unread, now.unseen


def heard(key):
    return f"t.{key}", False, False


def quietly(key):
    return f"t.{key}", True, True


# What somebody chose, what is said, and what becomes of that: heard, quietly or not at all.
CHOSEN = [
    (lambda pk: opt_out(pk, "news"), "news", "", None),
    (lambda pk: opt_out(pk, "news"), "shop", "", heard),
    (lambda pk: mute(pk, category="news"), "news", "", quietly),
    (lambda pk: mute(pk, category="news"), "shop", "t", heard),
    (lambda pk: mute(pk, category="news", until=timezone.now() + HOUR), "news", "", quietly),
    (lambda pk: mute(pk, thread="t"), "news", "t", quietly),
    (lambda pk: mute(pk, thread="t"), "account", "t", heard),
    (lambda pk: mute(pk, thread="t"), "news", "u", heard),
    (lambda pk: (mute(pk, thread="t"), unmute(pk, thread="t")), "news", "t", heard),
    (lambda pk: (mute(pk, thread="t"), unmute(pk, category="t")), "news", "t", quietly),
    (lambda pk: (opt_out(pk, "news"), opt_in(pk, "news")), "news", "", heard),
    (lambda pk: (opt_out(pk, "news"), mute(pk, category="news")), "news", "", None),
]


@pytest.mark.parametrize(("choose", "category", "thread", "becomes"), CHOSEN)
def test_notifications(ada, inbox, relay_all, published, choose, category, thread, becomes):
    choose(inbox.pk)
    published.clear()
    notify(ada, f"t.{category}", thread=thread)
    relay_all()
    expected = [becomes(category)] if becomes else []
    assert listed(inbox) == expected
    assert counts(inbox) == ((1, 1) if becomes is heard else (0, 0))
    assert [state(item) for _, event in published for item in event.items] == expected


@pytest.mark.parametrize(("choose", "category", "thread", "becomes"), CHOSEN)
def test_broadcasts_by_all_three_ways(
    inbox, relay_all, published, choose, category, thread, becomes
):
    """Down an open socket, by coming back, and by taking the log in: the same, to the moment."""
    choose(inbox.pk)
    before = cursor_of(inbox)
    choices = selectors.standing(inbox.pk).choices
    assert choices is not None
    published.clear()
    said = broadcast("everyone", f"t.{category}", thread=thread)
    relay_all()
    expected = [becomes(category)] if becomes else []
    ((_, event),) = published
    live = [f.item for f in Seat(before.position, 0, None, choices).frames(event.entries)]
    resumed = selectors.changes(inbox.pk, before).items
    assert [state(item) for item in live] == expected
    assert resumed == live
    taken = service.list_items(inbox.pk, None, 10).items
    assert [{**item, "seq": None} for item in taken] == live
    assert counts(inbox) == ((1, 1) if becomes is heard else (0, 0))
    assert Item.objects.filter(inbox=inbox, notification=said).exists() == bool(becomes)


@pytest.mark.parametrize("sent", [True, False], ids=["sent", "stored"])
def test_a_session_decides_by_what_it_was_sent(inbox, published, sent):
    """The same as by what is stored."""
    mute(inbox.pk, category="news", until=timezone.now() + HOUR)
    opt_out(inbox.pk, "shop")
    inbox.refresh_from_db()
    event = published[-1][1]
    assert Choices.read(event.choices) == choices_of(inbox.choices)
    assert "account" in event.choices["mandatory"]


@pytest.mark.parametrize(("late", "becomes"), [(-1, quietly), (0, heard)], ids=["until", "from"])
def test_a_mute_ends_at_its_moment(ada, inbox, relay_all, published, late, becomes):
    """By when something was said, not by when it comes or is looked at."""
    until = (timezone.now() + HOUR).replace(microsecond=500_000)
    mute(inbox.pk, category="news", until=until)
    before = cursor_of(inbox)
    notify(ada, "t.news")
    broadcast("everyone", "t.news")
    Notification.objects.update(created_at=until + timedelta(milliseconds=late))
    relay_all()
    choices = selectors.standing(inbox.pk).choices
    log = next(event for group, event in published if group == "log")
    (live,) = Seat(0, 0, None, choices).frames(log.entries)
    assert live.item is not None
    assert state(live.item) == becomes("news")
    assert [state(i) for i in selectors.changes(inbox.pk, before).items] == [becomes("news")] * 2
    assert listed(inbox) == [becomes("news")] * 2


class TestFromNowOn:
    @pytest.mark.parametrize(
        "choose", [lambda pk: opt_out(pk, "news"), lambda pk: mute(pk, category="news")]
    )
    def test_what_was_said_before_is_heard(self, inbox, relay_all, choose):
        """Also where it was pending: the log is taken in by the old choices."""
        broadcast("everyone", "t.news")
        relay_all()
        choose(inbox.pk)
        assert listed(inbox) == [heard("news")]
        assert counts(inbox) == (1, 1)

    def test_what_was_not_heard_before_does_not_come(self, ada, inbox, relay_all):
        opt_out(inbox.pk, "news")
        broadcast("everyone", "t.news")
        notify(ada, "t.news")
        relay_all()
        opt_in(inbox.pk, "news")
        assert listed(inbox) == []
        broadcast("everyone", "t.news")
        relay_all()
        assert listed(inbox) == [heard("news")]

    def test_what_waits_in_the_outbox_is_decided_when_it_comes(self, ada, inbox, relay_all):
        notify(ada, "t.news")
        broadcast("everyone", "t.news")
        opt_out(inbox.pk, "news")
        relay_all()
        assert listed(inbox) == []

    def test_what_came_before_is_updated_and_retracted(self, ada, inbox, relay_all):
        direct, to_all = notify(ada, "t.news"), broadcast("everyone", "t.news")
        relay_all()
        opt_out(inbox.pk, "news")
        for said in (direct, to_all):
            update(said, title="New")
        relay_all()
        titles = [item["title"] for item in service.list_items(inbox.pk, None, 10).items]
        assert titles == ["New", "New"]
        for said in (direct, to_all):
            retract(said)
        relay_all()
        assert (listed(inbox), counts(inbox)) == ([], (0, 0))

    def test_what_was_not_heard_is_not_updated_into_the_list(self, inbox, relay_all, published):
        opt_out(inbox.pk, "news")
        before = cursor_of(inbox)
        said = broadcast("everyone", "t.news")
        relay_all()
        update(said, title="New")
        relay_all()
        choices = selectors.standing(inbox.pk).choices
        records = [record for _, e in published if hasattr(e, "entries") for record in e.entries]
        assert Seat(0, 0, None, choices).frames(records) == []
        assert selectors.changes(inbox.pk, before).items == []
        assert listed(inbox) == []


class TestSockets:
    def test_are_told_with_a_seq(self, inbox, published):
        opt_out(inbox.pk, "news")
        ((group, event),) = published
        assert (group, event.since, event.seq, event.items) == (f"user.{inbox.pk}", 0, 1, [])
        assert (event.choices["off"], event.choices["seq"]) == (["news"], 1)

    def test_what_was_pending_comes_first(self, inbox, relay_all, published):
        broadcast("everyone", "t.news")
        relay_all()
        published.clear()
        mute(inbox.pk, category="news")
        (_, taken), (_, chosen) = published
        assert [state(item) for item in taken.items] == [heard("news")]
        assert (taken.since, taken.seq, chosen.since, chosen.seq) == (0, 1, 1, 2)
        assert chosen.choices["since"] == chosen.counters.taken == 1

    @pytest.mark.parametrize(
        "choose",
        [
            lambda pk: opt_out(pk, "news"),
            lambda pk: mute(pk, category="news"),
            lambda pk: mute(pk, thread="t"),
        ],
    )
    def test_who_comes_back_from_before(self, inbox, relay_all, choose):
        broadcast("everyone", "t.shop")
        relay_all()
        before = cursor_of(inbox)
        choose(inbox.pk)
        # Their client has nothing from after the choice.
        page = selectors.changes(inbox.pk, before)
        assert (page.reset, [state(item) for item in page.items]) == ("", [heard("shop")])
        # It has, and was given it by the old choices.
        broadcast("everyone", "t.news", thread="t")
        relay_all()
        ahead = Cursor(before.epoch, before.seq, 2)
        assert selectors.changes(inbox.pk, ahead).reset == "choices"
        # It has heard of them.
        heard_of = Cursor(before.epoch, cursor_of(inbox).seq, 2)
        assert selectors.changes(inbox.pk, heard_of).reset == ""


class TestChoosing:
    def test_what_changes_nothing_takes_no_seq(self, inbox, published):
        opt_in(inbox.pk, "news")
        unmute(inbox.pk, category="news", thread="t")
        assert published == []
        for _ in range(2):
            opt_out(inbox.pk, "news")
            mute(inbox.pk, thread="t")
        assert len(published) == 2

    @pytest.mark.parametrize("choose", [opt_out, lambda pk, key: mute(pk, category=key)])
    def test_what_cannot_be_chosen(self, inbox, choose):
        with pytest.raises(NotAllowed):
            choose(inbox.pk, "account")
        with pytest.raises(InvalidChoice):
            choose(inbox.pk, "nonsense")

    @pytest.mark.parametrize("thread", ["", "x" * 151, "a\0b"])
    def test_threads_have_a_reasonable_length(self, inbox, thread):
        with pytest.raises(InvalidChoice):
            mute(inbox.pk, thread=thread)

    @pytest.mark.parametrize(
        "until",
        [timedelta(0), -HOUR, timedelta(days=3661)],
    )
    def test_until_a_moment_to_come(self, inbox, until):
        with pytest.raises(InvalidMoment):
            mute(inbox.pk, thread="t", until=timezone.now() + until)
        with pytest.raises(InvalidMoment):
            mute(inbox.pk, thread="t", until=(timezone.now() + HOUR).replace(tzinfo=None))

    def test_at_most_so_many_and_expired_ones_are_forgotten(self, inbox, monkeypatch):
        monkeypatch.setattr(preferences, "MUTED_MAX", 3)
        for n in range(3):
            mute(inbox.pk, thread=f"{n}", until=timezone.now() + HOUR)
        with pytest.raises(InvalidChoice):
            mute(inbox.pk, category="news")
        # Another end of one of them is no more of them.
        mute(inbox.pk, thread="1")
        inbox.refresh_from_db()
        inbox.choices["threads"]["0"] = 1
        inbox.save()
        mute(inbox.pk, category="news")
        inbox.refresh_from_db()
        assert set(inbox.choices["threads"]) == {"1", "2"}

    def test_made_mandatory_afterwards_it_is_heard(self, ada, inbox, relay_all, monkeypatch):
        opt_out(inbox.pk, "shop")
        register_category("shop", "Orders", mandatory=True)
        notify(ada, "t.shop")
        broadcast("everyone", "t.shop")
        relay_all()
        assert listed(inbox) == [heard("shop")] * 2
        (shop,) = [c for c in choices_for(inbox.pk).categories if c.key == "shop"]
        assert (shop.mandatory, shop.receive) == (True, True)

    def test_what_there_is_to_choose_from(self, inbox):
        until = (timezone.now() + HOUR).replace(microsecond=0)
        opt_out(inbox.pk, "news")
        mute(inbox.pk, category="shop", until=until)
        mute(inbox.pk, thread="t")
        mute(inbox.pk, thread="s", until=until)
        chosen = choices_for(inbox.pk)
        known = {c.key: (c.title, c.receive, c.muted, c.muted_until) for c in chosen.categories}
        assert known["news"] == ("News", False, False, None)
        assert known["shop"] == ("Shop", True, True, until)
        assert known["account"] == ("Account", True, False, None)
        assert [(t.thread, t.muted_until) for t in chosen.threads] == [("s", until), ("t", None)]

    @pytest.mark.promise_8
    def test_of_one_person_only(self, ada, bob, inbox, relay_all):
        opt_out(inbox.pk, "news")
        notify([ada, bob], "t.news")
        broadcast("everyone", "t.news")
        relay_all()
        assert listed(inbox) == []
        assert listed(bob.inbox) == [heard("news")] * 2
