"""Put off until a moment, and back unread."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import broadcast, notify, retract, selectors
from notifications.exceptions import InvalidMoment
from notifications.models import Inbox, Item
from notifications.selectors import ListFilter
from notifications.services import inbox as service
from notifications.services import upkeep
from notifications.wire.cursor import Cursor
from tests.support.inboxes import assert_consistent
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def consistent(transactional_db):
    """Whatever a test did, all inboxes are as they must be."""
    yield
    for inbox in Inbox.objects.all():
        assert_consistent(inbox)


@pytest.fixture
def said(ada, inbox, relay_all):
    """Three notifications to Ada."""
    said = [notify(ada, "message", title=title) for title in "abc"]
    relay_all()
    return said


def titles(inbox, **wanted):
    page = service.list_items(inbox.pk, None, 100, ListFilter(**wanted))
    return [item["title"] for item in page.items]


def counts(inbox):
    now = selectors.standing(inbox.pk).counters
    return now.unread, now.unseen


def time_passes():
    """All that is snoozed is due."""
    Item.objects.exclude(snoozed_until=None).update(snoozed_until=timezone.now())


def snooze(inbox, *said, until=DAY):
    return service.snooze(inbox.pk, [one.pk for one in said], timezone.now() + until)


def test_away_and_back_unread(inbox, said, published):
    service.mark(inbox.pk, "read", [said[0].pk])
    event = snooze(inbox, *said[:2])
    assert [item["snoozed_until"] is not None for item in event.items] == [True, True]
    assert (titles(inbox), titles(inbox, snoozed=True)) == (["c"], ["b", "a"])
    assert counts(inbox) == (1, 1)
    upkeep.sweep()
    assert titles(inbox) == ["c"]
    before = selectors.standing(inbox.pk)
    time_passes()
    published.clear()
    upkeep.sweep()
    assert (titles(inbox), titles(inbox, snoozed=True)) == (["c", "b", "a"], [])
    assert counts(inbox) == (3, 3)
    # Open sockets are told, and who comes back.
    ((group, woken),) = published
    assert (group, woken.since, woken.seq) == (f"user.{inbox.pk}", before.seq, before.seq + 2)
    back = {(item["title"], item["snoozed_until"], item["read_at"]) for item in woken.items}
    assert back == {("a", None, None), ("b", None, None)}
    page = selectors.changes(inbox.pk, Cursor(before.epoch, before.seq, 0))
    assert page.items == woken.items
    published.clear()
    upkeep.sweep()
    assert published == []


def test_unsnoozed_as_it_was(inbox, said):
    service.mark(inbox.pk, "seen", [said[0].pk])
    snooze(inbox, *said)
    service.mark(inbox.pk, "unsnoozed", [one.pk for one in said])
    assert titles(inbox) == ["c", "b", "a"]
    # To put something off is to have seen it.
    assert counts(inbox) == (3, 0)


@pytest.mark.parametrize("state", ["seen", "read", "unread"])
def test_states_of_what_is_snoozed_count_nothing(inbox, said, state):
    snooze(inbox, *said)
    service.mark(inbox.pk, state, [said[0].pk])
    assert counts(inbox) == (0, 0)


def test_archived_from_there_stays_away(inbox, said):
    snooze(inbox, said[0])
    service.mark(inbox.pk, "archived", [said[0].pk])
    assert titles(inbox, snoozed=True) == []
    time_passes()
    upkeep.sweep()
    assert (titles(inbox), titles(inbox, archived=True)) == (["c", "b"], ["a"])


def test_of_what_was_archived(inbox, said):
    service.mark(inbox.pk, "archived", [said[0].pk])
    snooze(inbox, said[0])
    assert (titles(inbox, archived=True), titles(inbox, snoozed=True)) == ([], ["a"])
    time_passes()
    upkeep.sweep()
    assert titles(inbox) == ["c", "b", "a"]


def test_again_takes_the_later_moment(inbox, said):
    snooze(inbox, said[0])
    time_passes()
    snooze(inbox, said[0])
    upkeep.sweep()
    assert titles(inbox, snoozed=True) == ["a"]


def test_a_broadcast_is_taken_in(inbox, relay_all):
    said = broadcast("everyone", "message", title="b")
    relay_all()
    snooze(inbox, said)
    assert (titles(inbox), titles(inbox, snoozed=True)) == ([], ["b"])
    time_passes()
    upkeep.sweep()
    assert titles(inbox) == ["b"]
    assert counts(inbox) == (1, 1)


def test_what_was_retracted_does_not_come_back(inbox, said, relay_all):
    snooze(inbox, *said)
    retract(said[0])
    relay_all()
    time_passes()
    upkeep.sweep()
    assert titles(inbox) == ["c", "b"]
    assert not Item.objects.filter(snoozed_until__isnull=False, gone=False).exists()


def test_all_read_leaves_it_alone(inbox, said):
    snooze(inbox, said[0])
    now = selectors.standing(inbox.pk)
    service.mark_all(inbox.pk, "read", Cursor(now.epoch, now.seq, now.position))
    assert Item.objects.get(notification=said[0]).read_at is None


@pytest.mark.promise_8
def test_not_what_is_somebody_elses(bob, said):
    assert snooze(bob.inbox, *said).items == []
    assert not Item.objects.exclude(snoozed_until=None).exists()


@pytest.mark.parametrize(
    "until", [timedelta(0), -DAY, timedelta(days=367)], ids=["now", "the past", "too far"]
)
def test_until_a_moment_within_a_year(inbox, said, until):
    with pytest.raises(InvalidMoment):
        snooze(inbox, said[0], until=until)
    with pytest.raises(InvalidMoment):
        service.snooze(inbox.pk, [said[0].pk], (timezone.now() + DAY).replace(tzinfo=None))
    assert titles(inbox) == ["c", "b", "a"]


class TestMany:
    @pytest.fixture
    def people(self, make_user, relay_all):
        people = [make_user(f"p{n}") for n in range(12)]
        said = notify(people, "message", title="T")
        relay_all()
        for user in people:
            snooze(user.inbox, said)
        return people

    def test_a_sweep_takes_so_long_and_the_next_goes_on(self, people, monkeypatch):
        monkeypatch.setattr(service, "WOKEN", 5)
        time_passes()
        assert service.wake(seconds=0.0) == 1
        assert Item.objects.filter(snoozed_until=None).count() == 1
        assert service.wake(seconds=60.0) == 11
        assert service.wake(seconds=60.0) == 0
        assert {counts(user.inbox) for user in people} == {(1, 1)}

    def test_one_whose_inbox_cannot_be_woken_holds_up_nobody_for_ever(self, people, monkeypatch):
        """The rest is for the next sweep, which begins with who has waited for longest."""
        time_passes()
        late = people[0].inbox
        Item.objects.filter(inbox=late).update(snoozed_until=timezone.now() - DAY)
        assert service.wake(seconds=0.0) == 1
        assert titles(late) == ["T"]

    def test_by_two_sweeps_at_once(self, people, published):
        time_passes()
        published.clear()
        at_once([lambda: service.wake(60.0)] * 2)
        told = [event for group, event in published if event.items]
        assert len(told) == len(people)
        assert {counts(user.inbox) for user in people} == {(1, 1)}
