"""Too many of one type become one row, and nothing is lost."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import NotificationType, notify, register, registry
from notifications.models import Item, Outbox
from notifications.models.inbox import STORM_PREFIX
from notifications.services import arrivals
from notifications.services import inbox as service
from tests.support.inboxes import assert_consistent

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 3


@pytest.fixture(autouse=True)
def limited(settings, monkeypatch):
    """At most three rows of a type in a minute; two types."""
    settings.CLARION_STORM_LIMIT = LIMIT
    settings.CLARION_STORM_SECONDS = 60
    monkeypatch.setattr(registry, "_types", dict(registry._types))
    register(NotificationType(key="t.other", category="other", title="Other"))


@pytest.fixture
def clock(monkeypatch):
    """The seconds by which bursts are told apart; moved on by tests."""

    class Clock:
        now = 1_700_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(arrivals, "time", clock)
    return clock


@pytest.fixture
def say(ada, relay_all):
    """Says so many to Ada, one by one or together."""

    def say(number, type="message", *, together=True, **fields):
        said = []
        for n in range(number):
            title = f"{n}" if type == "message" else ""
            said.append(notify(ada, type, title=title, **fields))
            if not together:
                relay_all()
        relay_all()
        return said

    return say


def rows(inbox):
    """Titles and what they stand for, newest first."""
    page = service.list_items(inbox.pk, None, 100)
    return [(item["title"] or item["type"], item["count"]) for item in page.items]


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
def test_beyond_the_limit_there_is_one_row_more(say, inbox, together):
    say(LIMIT, together=together)
    assert rows(inbox) == [("2", 1), ("1", 1), ("0", 1)]
    say(4, together=together)
    assert rows(inbox) == [("3", 4), ("2", 1), ("1", 1), ("0", 1)]
    assert_consistent(inbox)
    assert inbox.unread == inbox.unseen == LIMIT + 1
    # All of them are there, and listed where one asks for the thread.
    assert Item.objects.filter(inbox=inbox).count() == LIMIT + 4
    (thread,) = Item.objects.exclude(thread="").values_list("thread", flat=True).distinct()
    assert thread.startswith(f"{STORM_PREFIX}message:")
    every = service.list_items(inbox.pk, None, 100, service.ListFilter(thread=thread))
    assert [item["title"] for item in every.items] == ["3", "2", "1", "0"]


@pytest.mark.parametrize("before", [0, 1, LIMIT - 1])
def test_a_batch_that_reaches_over_the_limit(say, inbox, before):
    """Those below the limit are rows of their own, also in the batch that goes beyond it."""
    say(before)
    say(LIMIT - before + 2)
    assert [count for _, count in rows(inbox)] == [2] + [1] * LIMIT
    assert_consistent(inbox)


def test_a_batch_that_ends_at_the_limit_is_no_storm(say, inbox):
    say(1)
    say(LIMIT - 1)
    assert [count for _, count in rows(inbox)] == [1] * LIMIT


def test_done_again_counts_nothing_twice(say, inbox, ada, relay_all):
    """A batch that is repeated, as after a relay that died, adds nothing to the storm."""
    notify(ada, "message", title="a")
    notify(ada, "message", title="b")
    again = list(Outbox.objects.values())
    relay_all()
    Outbox.objects.bulk_create([Outbox(**row) for row in again])
    say(1)
    assert [count for _, count in rows(inbox)] == [1] * LIMIT


def test_the_next_window_begins_anew(say, inbox, clock):
    say(LIMIT + 2)
    clock.now += 59
    say(1)
    assert [count for _, count in rows(inbox)] == [3, 1, 1, 1]
    clock.now += 2
    say(LIMIT + 2)
    assert [count for _, count in rows(inbox)] == [2, 1, 1, 1, 3, 1, 1, 1]
    assert_consistent(inbox)


def test_what_was_said_long_ago_and_comes_now_is_a_storm_as_well(say, inbox, clock, ada):
    """Arrivals count: a relay that was away for an hour brings all of it at once."""
    clock.now += 3600
    say(2)
    say(LIMIT)
    say(2)
    assert [count for _, count in rows(inbox)] == [4, 1, 1, 1]
    assert_consistent(inbox)


def test_types_are_counted_for_themselves(say, inbox):
    say(LIMIT)
    say(LIMIT, "t.other")
    assert [count for _, count in rows(inbox)] == [1] * 2 * LIMIT
    say(2, "t.other")
    say(1)
    assert [count for _, count in rows(inbox)] == [1, 2] + [1] * 2 * LIMIT
    assert_consistent(inbox)


def test_what_has_a_thread_is_left_alone(say, inbox):
    say(LIMIT + 2, thread="t")
    assert rows(inbox) == [("4", 5)]
    say(LIMIT)
    assert [count for _, count in rows(inbox)] == [1, 1, 1, 5]
    assert set(Item.objects.values_list("thread", flat=True)) == {"", "t"}


def test_off_with_0(say, inbox, settings):
    settings.CLARION_STORM_LIMIT = 0
    say(2 * LIMIT)
    assert [count for _, count in rows(inbox)] == [1] * 2 * LIMIT


def test_people_are_counted_for_themselves(say, inbox, ada, bob, relay_all):
    say(LIMIT)
    notify([ada, bob], "message", title="both")
    relay_all()
    say(1)
    assert [count for _, count in rows(inbox)] == [2, 1, 1, 1]
    assert [count for _, count in rows(bob.inbox)] == [1]
    assert_consistent(bob.inbox)


def test_what_is_read_of_a_storm_is_unread_with_the_next(say, inbox):
    say(LIMIT + 1)
    head = int(service.list_items(inbox.pk, None, 1).items[0]["id"])
    service.mark(inbox.pk, "read", [head])
    assert_consistent(inbox)
    say(1)
    assert rows(inbox)[0] == ("0", 2)
    assert_consistent(inbox)
    assert inbox.unread == LIMIT + 1


def test_below_the_limit_it_costs_no_query(ada, inbox, relay_all, settings):
    def queries(limit):
        settings.CLARION_STORM_LIMIT = limit
        notify(ada, "message", title="T")
        with CaptureQueriesContext(connection) as counted:
            relay_all()
        return len(counted)

    assert queries(0) == queries(100) == queries(3)
    assert queries(3) > queries(0)
