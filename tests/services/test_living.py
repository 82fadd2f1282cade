"""What was said is changed, taken back or over: everywhere it has arrived, and where it has not."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import (
    broadcast,
    notify,
    register_topic,
    registry,
    retract,
    selectors,
    subscribe,
    unsubscribe,
    update,
)
from notifications.exceptions import AlreadyGone, InvalidNotification
from notifications.models import Inbox, Item, LogEntry, LogHead, Membership, Notification, Outbox
from notifications.services import inbox as service
from notifications.services import living, relay, revisions, upkeep
from notifications.services.arrivals import to_inboxes
from notifications.services.relay import relay_batch
from notifications.wire.cursor import Cursor
from tests.services.test_concurrency import wait_until_somebody_waits
from tests.support.inboxes import assert_consistent
from tests.support.threads import at_once, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def consistent(transactional_db):
    """Whatever a test did, inboxes are as they must be."""
    yield
    for inbox in Inbox.objects.all()[:30]:
        assert_consistent(inbox)


@pytest.fixture
def crowd():
    """Makes so many people at once."""

    def make(count):
        return User.objects.bulk_create(
            [User(username=f"c{n}", password="!") for n in range(count)]
        )

    return make


def titles(inbox):
    return [item["title"] for item in service.list_items(inbox.pk, None, 100).items]


def counts(inbox):
    now = selectors.standing(inbox.pk).counters
    return now.unread, now.unseen


def cursor_of(inbox):
    now = selectors.standing(inbox.pk)
    return Cursor(now.epoch, now.seq, now.position)


def events(published, kind):
    return [event for group, event in published if group.startswith(kind)]


# -- what it costs ---------------------------------------------------------------------------------


class Rows:
    """The statements of a caller, and the rows that are more afterwards."""

    MODELS = (Notification, Outbox, Item, LogEntry, Inbox)

    def __enter__(self):
        self._before = self._count()
        self._queries = CaptureQueriesContext(connection)
        self._queries.__enter__()
        return self

    def __exit__(self, *error):
        self._queries.__exit__(*error)
        now = self._count()
        self.queries = len(self._queries)
        self.grown = {name: now[name] - self._before[name] for name in now}
        self.grown = {name: more for name, more in self.grown.items() if more}

    def _count(self):
        return {model.__name__: model.objects.count() for model in self.MODELS}


@pytest.mark.promise_5
@pytest.mark.parametrize(
    "act", [lambda n: update(n, title="New"), retract], ids=["update", "retract"]
)
def test_the_caller_writes_a_row_for_any_number_of_people(crowd, relay_all, act):
    people = crowd(2500)
    costs = []
    for size in (1, 10, 2500):
        said = notify(people[:size], "message", title="Old")
        relay_all()
        with Rows() as rows:
            act(said)
        costs.append((rows.queries, rows.grown))
        relay_all()
        items = Item.objects.filter(notification=said)
        assert items.count() == size
        assert items.filter(gone=act is retract).count() == size
    said = broadcast("everyone", "message", title="Old")
    relay_all()
    with Rows() as rows:
        act(said)
    costs.append((rows.queries, rows.grown))
    assert costs == [(costs[0][0], {"Outbox": 1})] * 4


def test_a_transaction_changes_so_many_inboxes(crowd, relay_all, monkeypatch):
    monkeypatch.setattr(revisions, "INBOXES", 10)
    said = notify(crowd(25), "message", title="Old")
    relay_all()
    update(said, title="New")
    changed = []
    while relay_batch(Outbox.Lane.CHANGE):
        changed.append(Item.objects.filter(seq=2).count())
    assert changed == [10, 20, 25]


# -- update ----------------------------------------------------------------------------------------


def test_an_update_is_told_and_changes_no_state(ada, bob, inbox, relay_all, published):
    said = notify([ada, bob], "message", title="Running", level="info")
    relay_all()
    service.mark(inbox.pk, "read", [said.pk])
    published.clear()
    now = update(said, title="Failed", level="error", actions=[{"label": "Log", "url": "/log"}])
    assert (now.title, now.level, said.title) == ("Failed", "error", "Running")
    assert published == []
    relay_all()
    hers = next(event for group, event in published if group == f"user.{inbox.pk}")
    (item,) = hers.items
    assert (hers.frame, hers.since, hers.seq) == ("change", 2, 3)
    assert (item["title"], item["level"], item["actions"][0]["label"]) == ("Failed", "error", "Log")
    assert item["read_at"] is not None
    assert (counts(inbox), counts(bob.inbox)) == ((0, 0), (1, 1))
    # Who comes back is told the same.
    page = selectors.changes(inbox.pk, Cursor(selectors.standing(inbox.pk).epoch, 2, 0))
    assert page.items == hers.items


def test_an_update_before_it_was_relayed(ada, inbox, relay_all, published):
    said = notify(ada, "message", title="Old")
    update(said, title="New")
    relay_all()
    assert titles(inbox) == ["New"]
    assert [item["title"] for item in published[0][1].items] == ["New"]


def test_updates_coalesce(ada, inbox, relay_all, published):
    said = notify(ada, "message", title="0")
    relay_all()
    published.clear()
    for n in range(1, 6):
        update(said, title=f"{n}")
    relay_all()
    ((_, event),) = published
    assert [item["title"] for item in event.items] == ["5"]
    assert not Outbox.objects.exists()


def test_an_update_that_changes_nothing_writes_nothing(ada, relay_all):
    said = notify(ada, "message", title="T", body="B", data={"a": [1]})
    relay_all()
    with Rows() as rows:
        update(said, title="T", data={"a": (1,)})
        update(said)
    assert rows.grown == {}


@pytest.mark.parametrize(
    "fields", [{"title": ""}, {"thread": "t"}, {"type": "other"}, {"level": "loud"}, {"data": 1}]
)
def test_what_cannot_be_changed(ada, fields):
    said = notify(ada, "message", title="T")
    with pytest.raises(InvalidNotification):
        update(said, **fields)
    assert Notification.objects.get().title == "T"


def test_an_update_does_not_bring_back_what_was_put_away(ada, inbox, relay_all):
    said = notify(ada, "message", title="Old")
    relay_all()
    service.mark(inbox.pk, "archived", [said.pk])
    update(said, title="New")
    relay_all()
    assert titles(inbox) == []
    assert Item.objects.get().seq == 3


@pytest.mark.promise_1
@pytest.mark.parametrize(
    "act", [lambda n: update(n, title="New"), retract], ids=["update", "retract"]
)
def test_rolled_back_is_nothing(ada, inbox, relay_all, published, act):
    said = notify(ada, "message", title="T")
    relay_all()
    published.clear()
    with transaction.atomic():
        act(said)
        transaction.set_rollback(True)
    relay_all()
    assert (titles(inbox), published) == (["T"], [])


@pytest.mark.parametrize(
    "act", [lambda n: update(n, title="New"), retract], ids=["update", "retract"]
)
@pytest.mark.parametrize("what", [None, "T", 7, Notification()])
def test_of_what_was_never_said(db, act, what):
    with pytest.raises(InvalidNotification):
        act(what) if what is not None or act is not retract else retract()


# -- retract ---------------------------------------------------------------------------------------


def test_a_retraction_leaves_list_and_counters(ada, bob, inbox, relay_all, published):
    said = notify([ada, bob], "message", title="T")
    kept = notify(ada, "message", title="Kept")
    relay_all()
    published.clear()
    assert retract(said).retracted_at is not None
    relay_all()
    assert titles(inbox) == ["Kept"]
    assert counts(inbox) == (1, 1)
    assert counts(bob.inbox) == (0, 0)
    hers = next(event for group, event in published if group == f"user.{inbox.pk}")
    assert (hers.items, hers.removed, hers.counters.unread) == ([], [str(said.pk)], 1)
    assert service.get_item(inbox.pk, said.pk) is None
    assert service.mark(inbox.pk, "read", [said.pk, kept.pk]).counters.unread == 0


def test_list_and_resume_leave_it_out_before_it_is_carried(ada, inbox, relay_all):
    said = notify(ada, "message", title="T")
    relay_all()
    before = cursor_of(inbox)
    retract(said)
    assert titles(inbox) == []
    page = selectors.changes(inbox.pk, Cursor(before.epoch, 0, 0))
    assert (page.items, page.removed) == ([], [str(said.pk)])


@pytest.mark.promise_1
def test_retracted_before_it_was_relayed(ada, inbox, relay_all, published):
    said = notify(ada, "message", title="T")
    to_all = broadcast("everyone", "message", title="B")
    retract(said)
    retract(to_all)
    relay_all()
    assert (titles(inbox), published) == ([], [])
    assert not Item.objects.exists()
    assert not LogEntry.objects.exists()


def test_twice_is_once(ada, inbox, relay_all, published):
    said = notify(ada, "message", title="T")
    relay_all()
    published.clear()
    first = retract(said)
    assert retract(said).retracted_at == first.retracted_at
    relay_all()
    retract(said)
    relay_all()
    assert len(published) == 1


@pytest.mark.parametrize("state", ["seen", "read", "archived"])
def test_whatever_state_it_was_in(ada, inbox, relay_all, state):
    said = notify(ada, "message", title="T")
    relay_all()
    service.mark(inbox.pk, state, [said.pk])
    retract(said)
    relay_all()
    assert counts(inbox) == (0, 0)


def test_update_and_retract_in_one_batch(ada, inbox, relay_all, published):
    said = notify(ada, "message", title="T")
    relay_all()
    published.clear()
    update(said, title="U")
    retract(said)
    with pytest.raises(AlreadyGone):
        update(said, title="V")
    relay_all()
    ((_, event),) = published
    assert (event.items, event.removed) == ([], [str(said.pk)])


def test_a_deleted_person_holds_up_nobody(ada, bob, relay_all):
    said = notify([ada, bob], "message", title="T", thread="t")
    relay_all()
    retract(thread="t", recipient=ada)
    update(said, title="U")
    ada.delete()
    relay_all()
    assert not Outbox.objects.exists()
    assert titles(bob.inbox) == ["U"]


@pytest.mark.promise_1
def test_between_two_chunks(crowd, relay_all, monkeypatch):
    """Those that have been reached by an update, and those that have not."""
    monkeypatch.setattr(revisions, "INBOXES", 10)
    said = notify(crowd(25), "message", title="T")
    relay_all()
    update(said, title="U")
    relay_batch(Outbox.Lane.CHANGE)
    retract(said)
    relay_all()
    assert not Outbox.objects.exists()
    assert Item.objects.filter(gone=True).count() == 25


@pytest.mark.promise_1
def test_a_relay_that_dies_between_chunks(crowd, relay_all, published, monkeypatch):
    """What it did stays done; the next one goes on, and nobody is counted or told twice."""
    monkeypatch.setattr(revisions, "INBOXES", 10)
    people = crowd(25)
    said = notify(people, "message", title="T")
    relay_all()
    published.clear()
    retract(said)
    real, calls = revisions.settle, []

    def deadly(turns, now):
        done = real(turns, now)
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit
        return done

    monkeypatch.setattr(revisions, "settle", deadly)
    with pytest.raises(SystemExit):
        relay_all()
    assert Item.objects.filter(gone=True).count() == 10
    assert Outbox.objects.get().done_up_to
    relay_all()
    assert not Outbox.objects.exists()
    told = [group for group, event in published if group.startswith("user.")]
    assert len(told) == len(set(told)) == 25
    assert set(Inbox.objects.values_list("seq", "unread")) == {(2, 0)}


def test_a_row_that_keeps_failing_is_parked_and_goes_on(ada, bob, relay_all, monkeypatch):
    said = notify([ada, bob], "message", title="T")
    other = notify(bob, "message", title="O")
    relay_all()
    real = revisions.wire_item

    def poison(notification, item=None):
        if notification.pk == said.pk:
            raise ValueError("poison")
        return real(notification, item)

    monkeypatch.setattr(revisions, "wire_item", poison)
    update(said, title="U")
    update(other, title="P")
    for _ in range(Outbox.ATTEMPTS):
        relay_all()
        Outbox.objects.exclude(due_at=None).update(due_at=Now())
    row = Outbox.objects.get()
    assert (row.notification, row.due_at, row.attempts) == (said, None, Outbox.ATTEMPTS)
    assert "poison" in row.error
    assert titles(bob.inbox) == ["P", "U"]
    monkeypatch.undo()
    Outbox.objects.update(due_at=Now())
    relay_all()
    assert not Outbox.objects.exists()
    assert Item.objects.get(notification=said, inbox=bob.inbox).seq > 1


# -- broadcasts ------------------------------------------------------------------------------------


class TestBroadcasts:
    @pytest.fixture
    def said(self, ada, bob, relay_all, published):
        said = broadcast("everyone", "message", title="Old")
        relay_all()
        published.clear()
        return said

    def test_an_update_where_it_was_taken_in_and_where_not(
        self, said, ada, bob, inbox, relay_all, published
    ):
        titles(inbox)
        published.clear()
        before = cursor_of(inbox)
        update(said, title="New")
        relay_all()
        (log,) = events(published, "log")
        (record,) = log.entries
        assert (record.position, record.kind, record.origin) == (2, "update", 1)
        assert (record.item["title"], record.item["position"]) == ("New", 1)
        (change,) = events(published, "user")
        assert [item["title"] for item in change.items] == ["New"]
        # Who comes back: as a change of the item, or as the entry that reads otherwise.
        page = selectors.changes(inbox.pk, before)
        assert [(i["title"], i["seq"], i["position"]) for i in page.items] == [("New", 2, 1)]
        page = selectors.changes(bob.inbox.pk, Cursor(before.epoch, 0, 1))
        assert [(i["title"], i["seq"], i["position"]) for i in page.items] == [("New", None, 1)]
        # Who has nothing yet is told once, of what it is now.
        page = selectors.changes(bob.inbox.pk, Cursor(before.epoch, 0, 0))
        assert [(i["title"], i["position"]) for i in page.items] == [("New", 1)]
        assert (titles(inbox), titles(bob.inbox)) == (["New"], ["New"])

    def test_a_retraction_where_it_was_taken_in_and_where_not(
        self, said, bob, inbox, relay_all, published
    ):
        titles(inbox)
        published.clear()
        before = cursor_of(inbox)
        retract(said)
        relay_all()
        (log,) = events(published, "log")
        (record,) = log.entries
        assert (record.kind, record.origin, record.item) == ("retract", 1, {"id": str(said.pk)})
        (change,) = events(published, "user")
        assert change.removed == [str(said.pk)]
        assert (titles(inbox), counts(inbox)) == ([], (0, 0))
        for whose, seq in ((inbox.pk, 1), (bob.inbox.pk, 0)):
            page = selectors.changes(whose, Cursor(before.epoch, seq, 1))
            assert (page.items, set(page.removed)) == ([], {str(said.pk)})
        page = selectors.changes(bob.inbox.pk, Cursor(before.epoch, 0, 0))
        assert (page.items, page.removed) == ([], [])

    def test_updated_while_it_waits(self, inbox, relay_all, published):
        said = broadcast("everyone", "message", title="Old")
        update(said, title="New")
        relay_all()
        first = events(published, "log")[0].entries[0]
        assert (first.kind, first.item["title"]) == ("new", "New")
        assert titles(inbox) == ["New"]

    def test_a_retraction_is_heard_by_who_left_meanwhile(self, ada, monkeypatch, relay_all):
        """It was not taken in any more, so no item tells of it."""
        monkeypatch.setattr(registry, "_topics", {})
        register_topic("releases", "Releases")
        subscribe(ada, "releases")
        said = broadcast("releases", "message", title="R")
        relay_all()
        inbox = ada.inbox
        before = cursor_of(inbox)
        retract(said)
        relay_all()
        unsubscribe(ada, "releases")
        page = selectors.changes(inbox.pk, before)
        assert page.removed == [str(said.pk)]

    def test_a_cursor_from_before_a_retraction_that_was_pruned(self, said, inbox, relay_all):
        before = cursor_of(inbox)
        retract(said)
        relay_all()
        broadcast("everyone", "message", title="B")
        relay_all()
        titles(inbox)
        LogHead.objects.update(floor=2)
        LogEntry.objects.filter(position__lte=2).delete()
        assert selectors.changes(inbox.pk, before).reset == "pruned"

    def test_who_joined_later_is_told_nothing(self, ada, bob, monkeypatch, relay_all):
        monkeypatch.setattr(registry, "_topics", {})
        register_topic("releases", "Releases")
        said = broadcast("releases", "message", title="R")
        relay_all()
        subscribe(ada, "releases")
        now = cursor_of(ada.inbox)
        update(said, title="S")
        relay_all()
        page = selectors.changes(ada.inbox.pk, now)
        assert (page.items, page.removed) == ([], [])


# -- a thread, for one person ----------------------------------------------------------------------


class TestThreadOfOnePerson:
    def test_what_was_delivered(self, ada, bob, inbox, relay_all, published):
        mine = notify([ada, bob], "message", title="M", thread="t")
        older = notify(ada, "message", title="O", thread="t")
        notify(ada, "message", title="Other", thread="u")
        relay_all()
        service.mark(inbox.pk, "archived", [older.pk])
        published.clear()
        assert {row.pk for row in retract(thread="t", recipient=ada)} == {mine.pk, older.pk}
        relay_all()
        assert (titles(inbox), titles(bob.inbox)) == (["Other"], ["M"])
        ((group, event),) = published
        assert (group, set(event.removed)) == (f"user.{inbox.pk}", {str(mine.pk), str(older.pk)})
        assert Notification.objects.filter(retracted_at=None).count() == 3

    @pytest.mark.promise_1
    def test_what_waits_in_the_outbox(self, ada, bob, inbox, relay_all):
        notify([ada, bob], "message", title="M", thread="t")
        Outbox.objects.update(due_at=None)
        retract(thread="t", recipient=ada)
        relay_all()
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert (titles(inbox), titles(bob.inbox)) == ([], ["M"])
        assert counts(inbox) == (0, 0)

    @pytest.mark.promise_8
    def test_what_waits_for_somebody_else(self, ada, bob, inbox, relay_all, published):
        """Their ids are nobody else's business."""
        notify(bob, "message", title="M", thread="t")
        broadcast("staff", "message", title="S", thread="t")
        Outbox.objects.update(due_at=None)
        retract(thread="t", recipient=ada)
        relay_all()
        assert events(published, f"user.{inbox.pk}") == []
        assert not Item.objects.filter(inbox=inbox).exists()
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert events(published, f"user.{inbox.pk}") == []
        assert not Outbox.objects.exists()
        assert titles(bob.inbox) == ["M"]

    @pytest.mark.parametrize("taken", [True, False], ids=["taken in", "or not"])
    def test_a_broadcast(self, ada, bob, inbox, relay_all, published, taken):
        said = broadcast("everyone", "message", title="B", thread="t")
        relay_all()
        if taken:
            titles(inbox)
        before = cursor_of(inbox)
        published.clear()
        retract(thread="t", recipient=ada)
        relay_all()
        assert events(published, "log") == []
        assert events(published, "user")[-1].removed == [str(said.pk)]
        assert (titles(inbox), titles(bob.inbox)) == ([], ["B"])
        assert selectors.changes(inbox.pk, before).removed == [str(said.pk)]
        assert selectors.changes(inbox.pk, Cursor(before.epoch, 0, 0)).items == []

    def test_a_broadcast_that_waits_in_the_outbox(self, ada, bob, inbox, relay_all, published):
        """Open sockets are given it with everybody's; then it leaves theirs."""
        said = broadcast("everyone", "message", title="B", thread="t")
        Outbox.objects.update(due_at=None)
        retract(thread="t", recipient=ada)
        relay_all()
        before = cursor_of(inbox)
        Outbox.objects.update(due_at=Now())
        relay_all()
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert not Outbox.objects.exists()
        *_, last = events(published, f"user.{inbox.pk}")
        assert last.removed == [str(said.pk)]
        page = selectors.changes(inbox.pk, before)
        assert (page.items, page.removed) == ([], [str(said.pk)])
        assert (titles(inbox), titles(bob.inbox)) == ([], ["B"])

    def test_what_is_said_afterwards_comes(self, ada, inbox, relay_all):
        notify(ada, "message", title="M", thread="t")
        retract(thread="t", recipient=ada)
        notify(ada, "message", title="N", thread="t")
        relay_all()
        assert titles(inbox) == ["N"]

    def test_who_has_no_inbox_yet(self, crowd, relay_all):
        (late,) = crowd(1)
        notify(late, "message", title="M", thread="t")
        Outbox.objects.update(due_at=None)
        retract(thread="t", recipient=late)
        relay_all()
        Outbox.objects.update(due_at=Now())
        relay_all()
        assert titles(late.inbox) == []

    @pytest.mark.parametrize("given", [{}, {"thread": "t"}, {"recipient": True}, {"thread": ""}])
    def test_one_of_the_two_is_given(self, ada, given):
        if "recipient" in given:
            given = {**given, "recipient": ada}
        with pytest.raises(InvalidNotification):
            retract(**given)
        with pytest.raises(InvalidNotification):
            retract(notify(ada, "message", title="T"), thread="t")


# -- expiry ----------------------------------------------------------------------------------------


class TestExpiry:
    def said(self, say, *to):
        """Something that `pass_time` has expire."""
        return say(*to, "message", title="E", expires_at=timezone.now() + timedelta(hours=1))

    def pass_time(self):
        Notification.objects.exclude(expires_at=None).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )

    def test_before_it_was_relayed(self, ada, inbox, relay_all, published):
        self.said(notify, ada)
        self.said(broadcast, "everyone")
        self.pass_time()
        relay_all()
        assert (published, titles(inbox)) == ([], [])
        assert not Item.objects.exists()
        upkeep.sweep()
        relay_all()
        assert published == []

    def test_afterwards_the_sweep_settles_the_counters(self, ada, inbox, relay_all, published):
        said = self.said(notify, ada)
        kept = notify(ada, "message", title="Kept")
        relay_all()
        self.pass_time()
        published.clear()
        assert titles(inbox) == ["Kept"]
        assert counts(inbox) == (2, 2)
        upkeep.sweep()
        relay_all()
        assert counts(inbox) == (1, 1)
        ((_, event),) = published
        assert event.removed == [str(said.pk)]
        assert Notification.objects.get(pk=kept.pk).retracted_at is None
        published.clear()
        upkeep.sweep()
        relay_all()
        assert published == []

    def test_broadcasts(self, bob, inbox, relay_all, published):
        said = self.said(broadcast, "everyone")
        relay_all()
        before = cursor_of(inbox)
        assert titles(inbox) == ["E"]
        self.pass_time()
        upkeep.sweep()
        relay_all()
        assert counts(inbox) == (0, 0)
        assert titles(bob.inbox) == []
        page = selectors.changes(bob.inbox.pk, before)
        assert page.removed == [str(said.pk)]

    def test_an_expired_one_cannot_be_updated(self, ada, relay_all):
        said = self.said(notify, ada)
        self.pass_time()
        with pytest.raises(AlreadyGone):
            update(said, expires_at=None)

    def test_what_is_prolonged_in_time_stays(self, ada, inbox, relay_all):
        said = self.said(notify, ada)
        relay_all()
        update(said, expires_at=timezone.now() + timedelta(days=1))
        upkeep.sweep()
        relay_all()
        assert titles(inbox) == ["E"]

    def test_many_in_several_transactions_and_no_more_than_a_sweep_may(
        self, ada, inbox, relay_all, monkeypatch
    ):
        monkeypatch.setattr(living, "EXPIRED", 3)
        for _ in range(10):
            self.said(notify, ada)
        relay_all()
        self.pass_time()
        assert living.expire(limit=6) == 6
        assert living.expire() == 4
        assert living.expire() == 0
        relay_all()
        assert counts(inbox) == (0, 0)

    @pytest.mark.postgresql
    def test_by_two_sweeps_at_once(self, ada, inbox, relay_all, monkeypatch):
        monkeypatch.setattr(living, "EXPIRED", 3)
        for _ in range(30):
            self.said(notify, ada)
        relay_all()
        self.pass_time()
        assert sum(at_once([living.expire] * 3)) == 30
        assert Outbox.objects.count() == 30
        relay_all()
        assert counts(inbox) == (0, 0)


# -- at the same time ------------------------------------------------------------------------------


@pytest.mark.postgresql
class TestAtOnce:
    @pytest.mark.promise_1
    def test_nothing_arrives_after_its_retraction_was_carried(self, ada, inbox, monkeypatch):
        """A relay has it in hand: the retraction waits for it, and finds the item."""
        said = notify(ada, "message", title="T")
        in_hand, retracting = threading.Event(), threading.Event()

        def slowly(rows, speakable):
            assert said.pk in speakable
            in_hand.set()
            wait_until_somebody_waits()
            return to_inboxes(rows, speakable)

        monkeypatch.setattr("notifications.services.fanout.to_inboxes", slowly)
        monkeypatch.setattr(relay, "BATCH_LOCK_SECONDS", 20.0)

        def take_back():
            assert in_hand.wait(10)
            retracting.set()
            retract(said)
            relay_batch(Outbox.Lane.CHANGE)
            return Item.objects.get().gone

        _, gone = at_once([lambda: relay_batch(Outbox.Lane.DIRECT), take_back])
        assert gone
        assert (titles(inbox), counts(inbox)) == ([], (0, 0))

    @pytest.mark.promise_1
    def test_nor_is_a_broadcast_taken_in(self, ada, inbox, relay_all, monkeypatch):
        """Who takes it in just now holds it: the retraction waits, and finds the item."""
        said = broadcast("everyone", "message", title="B")
        relay_all()
        taking = threading.Event()
        real = service.take_in

        def slowly(inbox):
            items = real(inbox)
            taking.set()
            wait_until_somebody_waits()
            return items

        monkeypatch.setattr(service, "take_in", slowly)
        monkeypatch.setattr(relay, "BATCH_LOCK_SECONDS", 20.0)

        def take_back():
            assert taking.wait(10)
            retract(said)
            relay_batch(Outbox.Lane.CHANGE)
            return Item.objects.get().gone

        _, gone = at_once([lambda: titles(inbox), take_back])
        assert gone
        monkeypatch.undo()
        assert (titles(inbox), counts(inbox)) == ([], (0, 0))

    @pytest.mark.parametrize(
        "act", [lambda n: update(n, title="New"), retract], ids=["update", "retract"]
    )
    def test_a_reader_does_not_wait_for_a_caller(self, ada, inbox, relay_all, act):
        """The list has what comes before, and its cursor claims no more."""
        said = {}
        for title in ("First", "Old", "Last"):
            said[title] = broadcast("everyone", "message", title=title)
            relay_all()

        def read():
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1ms'")
            try:
                page = service.list_items(inbox.pk, None, 10)
                return [item["title"] for item in page.items], page.cursor, page.counters
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")

        with transaction.atomic():
            act(said["Old"])
            shown, cursor, counters = elsewhere(read)
            assert shown == ["First"]
            assert (cursor.seq, cursor.position) == (1, 1)
            assert (counters.unread, counters.taken) == (1, 1)
            # The socket tells of the rest, as it still is.
            page = elsewhere(lambda: selectors.changes(inbox.pk, cursor))
            assert [item["title"] for item in page.items] == ["Old", "Last"]
        relay_all()
        assert titles(inbox) == (["Last", "First"] if act is retract else ["Last", "New", "First"])
        assert counts(inbox)[0] == len(titles(inbox))

    def test_all_read_means_what_was_taken_in(self, ada, inbox, relay_all):
        """What somebody is just changing is not marked, and nobody is told that it were."""
        first = broadcast("everyone", "message", title="First")
        relay_all()
        second = broadcast("everyone", "message", title="Second")
        relay_all()
        knows = cursor_of(inbox)
        with transaction.atomic():
            update(second, title="New")
            event = elsewhere(lambda: service.mark_all(inbox.pk, "read", knows))
        assert event.all_up_to is not None
        assert event.all_up_to["position"] == 1
        relay_all()
        unread = service.list_items(inbox.pk, None, 10, service.ListFilter(unread=True)).items
        assert [item["title"] for item in unread] == ["New"]
        assert first.pk

    @pytest.mark.promise_1
    @pytest.mark.promise_8
    def test_joining_and_leaving_beside_a_caller(self, ada, bob, monkeypatch, relay_all):
        """Who leaves has what was said until then, who joins has not; somebody changes it now."""
        monkeypatch.setattr(registry, "_topics", {})
        register_topic("releases", "Releases")
        subscribe(ada, "releases")
        said = {}
        for title in ("One", "Two"):
            said[title] = broadcast("releases", "message", title=title)
            relay_all()
        with transaction.atomic():
            update(said["One"], title="New")
            elsewhere(lambda: (unsubscribe(ada, "releases"), subscribe(bob, "releases")))
            assert Membership.objects.get(inbox=ada.inbox).until == 2
        broadcast("releases", "message", title="Three")
        relay_all()
        assert titles(ada.inbox) == ["Two", "New"]
        assert titles(bob.inbox) == ["Three"]

    @pytest.mark.promise_4
    def test_everybody_at_once(self, make_user, monkeypatch):
        """Retractions, updates, relays and readers; nothing is left that was taken back."""
        for name in ("BATCH_LOCK_SECONDS", "ROW_LOCK_SECONDS"):
            monkeypatch.setattr(relay, name, 5.0)
        people = [make_user(f"p{n}") for n in range(6)]
        done = threading.Event()
        gone: set[int] = set()

        def carry():
            while not done.is_set() or Outbox.objects.exists():
                if not sum(relay_batch(lane) for lane in Outbox.Lane):
                    done.wait(0.01)

        def read():
            while not done.is_set():
                for user in people:
                    page = service.list_items(user.inbox.pk, None, 3)
                    service.mark(user.inbox.pk, "read", [int(item["id"]) for item in page.items])

        at_once([lambda: talk(people, gone, done), carry, carry, read])
        assert not Item.objects.filter(notification__in=gone, gone=False).exists()
        for user in people:
            page = service.list_items(user.inbox.pk, None, 100)
            assert not {int(item["id"]) for item in page.items} & gone
            assert all(item["title"].endswith("again") for item in page.items)


def talk(people, gone, done):
    """Say, change and take back; the keys of what was taken back go into `gone`."""
    try:
        for n in range(25):
            said = [
                notify(people, "message", title=f"{n}", thread=f"t{n % 3}"),
                broadcast("everyone", "message", title=f"b{n}", thread=f"b{n % 3}"),
            ]
            for one in said:
                update(one, title=f"{one.title} again")
                if n % 2:
                    gone.add(retract(one).pk)
    finally:
        done.set()
