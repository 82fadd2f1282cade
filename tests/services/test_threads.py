"""Of a thread the newest is in the list and stands for the others, however it all came about."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from notifications import broadcast, notify, retract, selectors, update
from notifications.models import Inbox, Item, LogEntry, Outbox
from notifications.selectors import ListFilter
from notifications.services import inbox as service
from notifications.services import threads
from notifications.services.preferences import mute
from notifications.services.relay import relay_batch
from notifications.wire.cursor import Cursor
from tests.support.inboxes import assert_consistent
from tests.support.threads import at_once

pytestmark = [pytest.mark.promise_4, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def say(ada, relay_all):
    """Says something to Ada in thread t, and relays it."""

    def say(*titles, **fields):
        said = [notify(ada, "message", title=t, thread="t", **fields) for t in titles]
        relay_all()
        return said

    return say


@pytest.fixture(autouse=True)
def consistent(request, transactional_db):
    """Whatever a test did, all inboxes are as they must be."""
    yield
    for inbox in Inbox.objects.all():
        assert_consistent(inbox)


def rows(inbox, **wanted):
    """Titles in the list, and for how many they stand; newest first."""
    page = service.list_items(inbox.pk, None, 200, ListFilter(**wanted))
    return [(item["title"], item["count"]) for item in page.items]


def counts(inbox):
    now = selectors.standing(inbox.pk).counters
    return now.unread, now.unseen


def cursor_of(inbox):
    now = selectors.standing(inbox.pk)
    return Cursor(now.epoch, now.seq, now.position)


def names(inbox):
    (item,) = service.list_items(inbox.pk, None, 1).items
    return [actor["label"] for actor in item["actors"]], item["actor_count"]


class TestArriving:
    @pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
    def test_in_order(self, inbox, say, together):
        say("a", "b", "c") if together else [say(title) for title in "abc"]
        assert rows(inbox) == [("c", 3)]
        assert counts(inbox) == (1, 1)
        assert rows(inbox, thread="t") == [("c", 3), ("b", 1), ("a", 1)]

    def test_out_of_order(self, inbox, ada, relay_all, published):
        """What was said earlier and comes later is folded at once, and does not become the head."""
        early = notify(ada, "message", title="early", thread="t")
        Outbox.objects.update(due_at=None)
        late = notify(ada, "message", title="late", thread="t")
        relay_all()
        service.mark(inbox.pk, "read", [late.pk])
        published.clear()
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert rows(inbox) == [("late", 2)]
        assert counts(inbox) == (0, 0)
        ((_, event),) = published
        assert (event.frame, event.removed) == ("change", [str(early.pk)])
        assert [(item["title"], item["count"], bool(item["read_at"])) for item in event.items] == [
            ("late", 2, True)
        ]

    def test_what_sockets_are_told(self, inbox, say, published):
        (first,) = say("a")
        published.clear()
        (second,) = say("b")
        ((_, event),) = published
        assert (event.frame, event.removed) == ("change", [str(first.pk)])
        assert [(item["id"], item["count"]) for item in event.items] == [(str(second.pk), 2)]
        assert event.counters.unread == 1
        # The same as who comes back is told.
        page = selectors.changes(inbox.pk, Cursor(selectors.standing(inbox.pk).epoch, 1, 0))
        assert (page.items, page.removed) == (event.items, event.removed)

    def test_each_thread_and_person_for_themselves(self, inbox, ada, bob, relay_all):
        notify([ada, bob], "message", title="a", thread="t")
        notify(ada, "message", title="b", thread="u")
        notify(ada, "message", title="c", thread="t")
        notify(ada, "message", title="d")
        notify(ada, "message", title="e")
        relay_all()
        assert rows(inbox) == [("e", 1), ("d", 1), ("c", 2), ("b", 1)]
        assert rows(bob.inbox) == [("a", 1)]

    @pytest.mark.parametrize("size", [threads.GROUP_MAX, 150])
    @pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two"])
    def test_many(self, inbox, say, size, together):
        titles = [str(n) for n in range(size)]
        if together:
            say(*titles)
        else:
            say(*titles[:-1])
            say(titles[-1])
        assert rows(inbox) == [(titles[-1], threads.GROUP_MAX)]
        assert counts(inbox) == (1, 1)
        assert len(rows(inbox, thread="t")) == size

    def test_what_comes_late_into_a_long_thread(self, inbox, ada, relay_all, say):
        notify(ada, "message", title="early", thread="t")
        Outbox.objects.update(due_at=None)
        say(*[str(n) for n in range(150)])
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert rows(inbox) == [("149", threads.GROUP_MAX)]

    @pytest.mark.postgresql
    def test_by_relays_at_once(self, inbox, ada):
        for n in range(40):
            notify(ada, "message", title=f"{n}", thread=f"t{n % 3}")

        def relay():
            while relay_batch(Outbox.Lane.DIRECT):
                pass

        at_once([relay] * 3)
        while Outbox.objects.exists():
            Outbox.objects.update(due_at=Now())
            relay()
        assert [count for _, count in rows(inbox)] == [14, 13, 13]


class TestActors:
    def test_distinct_and_newest_first(self, inbox, say):
        for name in ("Ada", "Bob", "Ada", "Cy", "Dot", "Bob"):
            say(f"{name} said something", actor=name)
        say("nobody did")
        assert names(inbox) == (["Bob", "Dot", "Cy"], 4)

    def test_somebody_under_another_name_is_the_same(self, inbox, say, bob):
        say("a", actor=bob)
        bob.username = "robert"
        say("b", actor=bob)
        say("c", actor={"label": "robert"})
        assert names(inbox) == (["robert", "robert"], 2)

    def test_follow_what_is_updated(self, inbox, say, relay_all):
        """Of the head, and of what it stands for."""
        first, second = say("a", "b", actor="Ada")
        update(first, actor="Bob")
        relay_all()
        assert names(inbox) == (["Ada", "Bob"], 2)
        update(second, actor="Bob")
        relay_all()
        assert names(inbox) == (["Bob"], 1)

    def test_a_lone_one_has_itself(self, inbox, say):
        say("a", actor="Ada")
        (item,) = service.list_items(inbox.pk, None, 1).items
        assert (item["actors"], item["actor_count"]) == ([], 0)
        assert item["actor"] == {"type": "", "id": "", "label": "Ada"}


class TestStates:
    def test_a_read_head_and_something_new(self, inbox, say):
        (first,) = say("a")
        service.mark(inbox.pk, "read", [first.pk])
        assert counts(inbox) == (0, 0)
        say("b")
        assert counts(inbox) == (1, 1)

    def test_an_unread_head_and_a_read_one_below(self, inbox, say):
        _, second = say("a", "b")
        service.mark(inbox.pk, "read", [second.pk])
        assert counts(inbox) == (0, 0)
        # What it stands for is unread, but not in the list.
        assert rows(inbox, unread=True) == []

    def test_archived_and_something_new(self, inbox, say):
        """Putting a row away puts all of it away; what comes after is a row of its own."""
        *_, head = say("a", "b", "c")
        service.mark(inbox.pk, "archived", [head.pk])
        assert (rows(inbox), rows(inbox, archived=True)) == ([], [("c", 3)])
        assert not Item.objects.filter(archived_at=None).exists()
        say("d")
        assert (rows(inbox), rows(inbox, archived=True)) == ([("d", 1)], [("c", 3)])

    def test_unarchived_below_a_newer_one(self, inbox, say):
        *_, head = say("a", "b")
        service.mark(inbox.pk, "archived", [head.pk])
        say("c")
        event = service.mark(inbox.pk, "unarchived", [head.pk])
        assert rows(inbox) == [("c", 3)]
        assert (event.removed, [item["count"] for item in event.items]) == ([str(head.pk)], [3])
        assert not Item.objects.exclude(archived_at=None).exists()

    def test_unarchived_alone(self, inbox, say):
        *_, head = say("a", "b")
        service.mark(inbox.pk, "archived", [head.pk])
        service.mark(inbox.pk, "unarchived", [head.pk])
        assert (rows(inbox), rows(inbox, archived=True)) == ([("b", 2)], [])
        say("c")
        assert rows(inbox) == [("c", 3)]

    def test_one_that_is_folded_is_put_away(self, inbox, say):
        """From the list of the thread; what is below it stays where it is."""
        first, second, third = say("a", "b", "c")
        service.mark(inbox.pk, "archived", [second.pk])
        assert rows(inbox) == [("c", 2)]
        retract(third)
        relay_batch(Outbox.Lane.CHANGE)
        assert rows(inbox) == [("a", 1)]
        assert Item.objects.get(notification=first, inbox=inbox).gathered is None

    def test_a_snoozed_head_and_something_new(self, inbox, say):
        *_, head = say("a", "b")
        service.snooze(inbox.pk, [head.pk], timezone.now() + timedelta(days=1))
        assert (rows(inbox), rows(inbox, snoozed=True)) == ([], [("b", 2)])
        say("c")
        assert rows(inbox) == [("c", 1)]
        service.mark(inbox.pk, "unsnoozed", [head.pk])
        assert rows(inbox) == [("c", 3)]

    def test_all_read_ones_are_put_away_with_what_they_stand_for(self, inbox, say):
        *_, head = say("a", "b")
        service.mark(inbox.pk, "read", [head.pk])
        service.mark_all(inbox.pk, "archived", cursor_of(inbox))
        assert rows(inbox, archived=True) == [("b", 2)]
        assert not Item.objects.filter(archived_at=None).exists()

    def test_all_of_a_thread(self, inbox, say, ada, relay_all):
        notify(ada, "message", title="other")
        say("a", "b")
        event = service.mark_all(inbox.pk, "read", cursor_of(inbox), thread="t")
        assert event.all_up_to is not None
        assert event.all_up_to["thread"] == "t"
        assert rows(inbox, unread=True) == [("other", 1)]


class TestRetracting:
    def test_the_head(self, inbox, say, relay_all, published):
        first, second = say("a", "b")
        published.clear()
        retract(second)
        relay_all()
        assert rows(inbox) == [("a", 1)]
        assert counts(inbox) == (1, 1)
        ((_, event),) = published
        assert event.removed == [str(second.pk)]
        assert [item["id"] for item in event.items] == [str(first.pk)]

    def test_a_read_head(self, inbox, say, relay_all):
        """Who has read the newest is not told of an older one."""
        _, second = say("a", "b")
        service.mark(inbox.pk, "read", [second.pk])
        retract(second)
        relay_all()
        assert rows(inbox) == [("a", 1)]
        assert counts(inbox) == (0, 0)

    def test_one_in_the_middle(self, inbox, say, relay_all):
        _, second, _ = say("a", "b", "c", actor="Ada")
        update(second, actor="Bob")
        relay_all()
        assert names(inbox) == (["Ada", "Bob"], 2)
        retract(second)
        relay_all()
        assert rows(inbox) == [("c", 2)]
        assert names(inbox) == (["Ada"], 1)

    def test_the_oldest(self, inbox, say, relay_all):
        first, _ = say("a", "b")
        retract(first)
        relay_all()
        assert rows(inbox) == [("b", 1)]

    def test_the_last_one(self, inbox, say, relay_all):
        for said in say("a", "b"):
            retract(said)
            relay_all()
        assert (rows(inbox), counts(inbox)) == ([], (0, 0))

    def test_all_at_once(self, inbox, say, relay_all):
        for said in reversed(say("a", "b", "c")):
            retract(said)
        relay_all()
        assert (rows(inbox), counts(inbox)) == ([], (0, 0))

    def test_a_snoozed_head(self, inbox, say, relay_all):
        """What it stood for is not lost with it."""
        *_, head = say("a", "b", "c")
        service.snooze(inbox.pk, [head.pk], timezone.now() + timedelta(days=1))
        retract(head)
        relay_all()
        assert rows(inbox, snoozed=True) + rows(inbox) == [("b", 2)]

    def test_an_archived_head(self, inbox, say, relay_all):
        *_, head = say("a", "b", "c")
        service.mark(inbox.pk, "archived", [head.pk])
        retract(head)
        relay_all()
        assert (rows(inbox), rows(inbox, archived=True)) == ([], [("b", 2)])

    def test_of_many(self, inbox, say, relay_all):
        said = say(*[str(n) for n in range(150)])
        retract(said[-1])
        relay_all()
        assert rows(inbox) == [("148", threads.GROUP_MAX)]


class TestBroadcasts:
    def test_takes_the_place_of_the_one_before(self, inbox, relay_all):
        for title in "ab":
            broadcast("everyone", "message", title=title, thread="t")
            relay_all()
        assert rows(inbox) == [("b", 1)]
        assert counts(inbox) == (1, 1)

    def test_that_was_taken_in(self, inbox, relay_all):
        broadcast("everyone", "message", title="a", thread="t")
        relay_all()
        assert rows(inbox) == [("a", 1)]
        broadcast("everyone", "message", title="b", thread="t")
        relay_all()
        assert rows(inbox) == [("b", 1)]
        assert counts(inbox) == (1, 1)

    def test_that_is_still_in_the_outbox(self, inbox, relay_all, published):
        for title in "ab":
            broadcast("everyone", "message", title=title, thread="t")
        relay_all()
        assert [entry.notification.title for entry in LogEntry.objects.all()] == ["b"]
        assert rows(inbox) == [("b", 1)]

    def test_not_of_another_thread_or_topic(self, inbox, ada, relay_all):
        ada.is_staff = True
        ada.save()
        broadcast("everyone", "message", title="a", thread="t")
        broadcast("staff", "message", title="b", thread="t")
        broadcast("everyone", "message", title="c", thread="u")
        relay_all()
        assert rows(inbox) == [("c", 1), ("b", 1), ("a", 1)]

    def test_take_no_part_in_the_thread_of_items(self, inbox, say, relay_all):
        say("a", "b")
        said = broadcast("everyone", "message", title="c", thread="t")
        relay_all()
        assert rows(inbox) == [("c", 1), ("b", 2)]
        service.mark(inbox.pk, "archived", [said.pk])
        assert rows(inbox) == [("b", 2)]
        say("d")
        assert rows(inbox) == [("d", 3)]
        retract(said)
        relay_all()
        assert rows(inbox, archived=True) == []


def test_a_muted_thread(inbox, say):
    mute(inbox.pk, thread="t")
    say("a", "b", "c")
    assert rows(inbox) == [("c", 3)]
    assert counts(inbox) == (0, 0)
    assert not Item.objects.filter(read_at=None).exists()


def test_muted_while_something_is_unread(inbox, say):
    """What comes quietly takes the place of what is unread in its thread, and nobody is called."""
    say("a")
    mute(inbox.pk, thread="t")
    say("b")
    assert rows(inbox) == [("b", 2)]
    assert counts(inbox) == (0, 0)


def test_a_muted_storm(inbox, ada, relay_all, settings):
    """Its thread is muted like any other."""
    settings.CLARION_STORM_LIMIT = 1
    for title in "ab":
        notify(ada, "message", title=title)
    relay_all()
    storm = service.list_items(inbox.pk, None, 1).items[0]
    assert counts(inbox) == (2, 2)
    service.mark(inbox.pk, "read", [int(storm["id"])])
    mute(inbox.pk, thread=storm["thread"])
    notify(ada, "message", title="c")
    relay_all()
    assert rows(inbox) == [("c", 2), ("a", 1)]
    assert counts(inbox) == (1, 1)
