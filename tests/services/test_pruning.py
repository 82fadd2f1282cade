"""What inboxes keep no longer goes, and nobody is misled by that."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import broadcast, checks, notify, retract, selectors
from notifications.models import (
    Inbox,
    Item,
    LogEntry,
    Notification,
    Outbox,
    Pass,
)
from notifications.selectors import standing
from notifications.services import inbox as service
from notifications.services import pruning
from notifications.services.locks import lock_inbox
from notifications.services.pruning import prune
from notifications.wire.cursor import Cursor
from tests.services.test_concurrency import together

pytestmark = [pytest.mark.promise_3, pytest.mark.django_db(transaction=True)]

YEAR = timedelta(days=365, hours=1)


@pytest.fixture
def say(ada, relay_all):
    """Says so many things to Ada; their ids."""

    def say(number: int, **fields: object) -> list[int]:
        said = [notify(ada, "message", **{"title": f"{n}", **fields}).pk for n in range(number)]
        relay_all()
        return said

    return say


def cursor_of(inbox: Inbox) -> Cursor:
    now = standing(inbox.pk)
    return Cursor(now.epoch, now.seq, now.position)


def kept(inbox: Inbox) -> list[int]:
    items = Item.objects.filter(inbox=inbox).order_by("notification")
    return list(items.values_list("notification", flat=True))


def age(notification_ids, by=YEAR) -> None:
    moment = timezone.now() - by
    Notification.objects.filter(pk__in=notification_ids).update(created_at=moment)


def check(inbox: Inbox) -> None:
    """Counters equal counts, and folded items have a head."""
    inbox.refresh_from_db()
    items = Item.objects.filter(inbox=inbox)
    assert inbox.unread == items.listed().filter(read_at=None).count()
    assert inbox.unseen == items.listed().filter(seen_at=None).count()
    assert inbox.floor <= inbox.seq
    assert inbox.seq >= max(items.values_list("seq", flat=True), default=0)


def why(inbox: Inbox, cursor: Cursor) -> str:
    return selectors.changes(inbox.pk, cursor).reset


class TestWhatGoes:
    def test_more_than_so_many(self, inbox, say, settings):
        settings.CLARION_KEEP_ITEMS = 3
        said = say(5)
        assert prune() == 2
        assert kept(inbox) == said[2:]
        check(inbox)
        assert prune() == 0

    def test_what_is_old(self, inbox, say):
        said = say(4)
        age(said[:3])
        assert prune() == 6  # and the notifications
        assert kept(inbox) == said[3:]
        check(inbox)

    def test_the_oldest_go_first_whenever_they_arrived(self, inbox, ada, say, settings, relay_all):
        settings.CLARION_KEEP_ITEMS = 2
        late = Notification.objects.get(pk=say(1)[0])
        Item.objects.all().delete()
        said = say(2)
        with transaction.atomic():
            Outbox.objects.create(
                kind="items", lane="direct", notification=late, recipients=[str(ada.pk)]
            )
        relay_all()
        assert prune() == 1
        assert kept(inbox) == said

    def test_of_a_category_fewer(self, inbox, ada, say, settings, relay_all):
        settings.CLARION_KEEP = {"shop": {"items": 1}, "security": {"days": 2}}
        said = say(6)
        for pks, category in ((said[:2], "shop"), (said[2:4], "security")):
            Item.objects.filter(notification__in=pks).update(category=category)
        age(said[:3], timedelta(days=3))
        settings.CLARION_KEEP_DAYS = 4
        prune()
        assert kept(inbox) == [said[1], *said[3:]]
        check(inbox)

    def test_what_is_put_away_counts_as_well(self, inbox, say, settings):
        settings.CLARION_KEEP_ITEMS = 2
        said = say(4)
        service.mark(inbox.pk, "archived", said[2:])
        prune()
        assert kept(inbox) == said[2:]
        check(inbox)

    def test_nothing_that_is_snoozed_until_it_has_woken(self, inbox, say, settings):
        settings.CLARION_KEEP_ITEMS = 1
        said = say(3)
        service.snooze(inbox.pk, said[:1], timezone.now() + timedelta(days=1))
        prune()
        assert kept(inbox) == [said[0], said[2]]
        service.mark(inbox.pk, "unsnoozed", said[:1])
        prune()
        assert kept(inbox) == [said[2]]
        check(inbox)

    def test_what_is_gone_after_a_week(self, inbox, say, relay_all):
        first, second, _ = say(3)
        for pk in (first, second):
            retract(Notification.objects.get(pk=pk))
        relay_all()
        week = timezone.now() - timedelta(days=7, minutes=1)
        Notification.objects.filter(pk=first).update(retracted_at=week, created_at=week)
        prune()
        assert first not in kept(inbox)
        assert second in kept(inbox)
        assert not Notification.objects.filter(pk=first).exists()
        check(inbox)

    def test_others_keep_theirs(self, ada, bob, inbox, say, settings, relay_all):
        settings.CLARION_KEEP_ITEMS = 2
        both = notify([ada, bob], "message", title="both")
        relay_all()
        say(2)
        prune()
        assert both.pk not in kept(inbox)
        assert kept(Inbox.objects.get(user=bob)) == [both.pk]

    def test_what_one_was_rid_of_before_it_came_does_not_come_after_a_week(
        self, ada, inbox, relay_all
    ):
        said = broadcast("everyone", "message", title="T", thread="t")
        # Waits, and so does the retraction.
        Outbox.objects.filter(kind="log").update(due_at=None)
        retract(thread="t", recipient=ada)
        relay_all()
        age([said.pk], timedelta(days=8))
        assert prune() == 0
        Outbox.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        relay_all()
        assert LogEntry.objects.count() == 1
        # The retraction has waited, and has taken the log in, so that nothing is to come.
        assert prune() == 1
        assert service.list_items(inbox.pk, None, 9).items == []

    def test_a_broadcast_that_was_pruned_does_not_come_again(self, inbox, relay_all, settings):
        settings.CLARION_KEEP_ITEMS = 1
        for n in range(3):
            broadcast("everyone", "message", title=f"{n}")
            relay_all()
        service.list_items(inbox.pk, None, 9)
        assert prune() == 2
        titles = [item["title"] for item in service.list_items(inbox.pk, None, 9).items]
        assert titles == ["2"]
        check(inbox)

    def test_what_waits_since_long_arrives_and_counts(self, ada, inbox, relay_all):
        said = notify(ada, "message", title="T")
        Outbox.objects.update(due_at=None)
        age([said.pk])
        assert prune() == 0
        Outbox.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        relay_all()
        assert standing(inbox.pk).counters.unread == 1
        prune()
        check(inbox)
        assert standing(inbox.pk).counters.unread == 0


class TestClients:
    def test_open_ones_drop_what_was_listed(self, inbox, say, settings, published):
        settings.CLARION_KEEP_ITEMS = 1
        said = say(3)
        published.clear()
        prune()
        ((group, event),) = published
        assert (group, event.frame, event.since, event.seq) == (f"user.{inbox.pk}", "change", 3, 4)
        assert event.removed == [str(pk) for pk in said[:2]]
        assert (event.counters.unread, event.items) == (1, [])

    def test_closed_ones_begin_anew_where_something_was_listed(self, inbox, say, settings):
        settings.CLARION_KEEP_ITEMS = 1
        say(3)
        before = cursor_of(inbox)
        prune()
        assert why(inbox, before) == "pruned"
        assert why(inbox, cursor_of(inbox)) == ""

    def test_only_those_from_before_it_left_the_list(self, inbox, say, settings, published):
        settings.CLARION_KEEP_ITEMS = 1
        said = say(3)
        listed = cursor_of(inbox)
        service.mark(inbox.pk, "archived", said[:2])
        archived = cursor_of(inbox)
        service.mark(inbox.pk, "read", said[2:])
        published.clear()
        prune()
        assert published == []
        assert why(inbox, listed) == "pruned"
        page = selectors.changes(inbox.pk, archived)
        assert (page.reset, [item["id"] for item in page.items]) == ("", [str(said[2])])

    def test_a_page_that_is_read_while_rows_go(self, inbox, say, settings):
        """Between where the inbox is read and its items are."""
        settings.CLARION_KEEP_ITEMS = 1
        said = say(2)
        before = cursor_of(inbox)
        service.mark(inbox.pk, "archived", said[:1])
        done = []

        def prune_first(execute, sql, params, many, context):
            if not done and "clarion_item.seq > wanted.after" in sql:
                done.append(True)
                assert prune() == 1
            return execute(sql, params, many, context)

        with connection.execute_wrapper(prune_first):
            page = selectors.changes(inbox.pk, before)
        assert (done, page.reset) == ([True], "pruned")


class TestThreads:
    def test_a_head_counts_what_is_there(self, inbox, say, settings, published):
        settings.CLARION_KEEP_ITEMS = 2
        said = say(4, thread="t")
        before = cursor_of(inbox)
        published.clear()
        assert prune() == 2
        (item,) = service.list_items(inbox.pk, None, 9).items
        assert (item["id"], item["count"]) == (str(said[-1]), 2)
        ((_, event),) = published
        assert [(one["id"], one["count"]) for one in event.items] == [(str(said[-1]), 2)]
        assert event.removed == []
        # Folded items were told to have gone before.
        page = selectors.changes(inbox.pk, before)
        assert (page.reset, [one["count"] for one in page.items]) == ("", [2])
        check(inbox)

    def test_where_the_head_goes_the_next_one_was_read_if_it_was(self, inbox, ada, say, settings):
        settings.CLARION_KEEP = {"shop": {"days": 1}}
        said = say(2, thread="t")
        service.mark(inbox.pk, "read", said[1:])
        Item.objects.filter(notification=said[1]).update(category="shop")
        age(said, timedelta(days=2))
        prune()
        (item,) = service.list_items(inbox.pk, None, 9).items
        assert (item["id"], item["count"]) == (str(said[0]), 1)
        assert item["read_at"]
        check(inbox)


class TestPass:
    def test_goes_on_where_it_ended(self, make_user, relay_all, settings, monkeypatch):
        settings.CLARION_KEEP_ITEMS = 1
        monkeypatch.setattr(pruning, "PAGE", 2)
        monkeypatch.setattr(pruning, "BATCH", 1)
        monkeypatch.setattr(pruning, "RUN_SECONDS", 0.0)
        woken = []
        monkeypatch.setattr(pruning, "wake_pruner", lambda: woken.append(True))
        people = [make_user(f"p{n}") for n in range(5)]
        for n in range(3):
            notify(people, "message", title=f"{n}")
        relay_all()
        assert prune() == 0
        assert Pass.objects.get(name="inboxes").up_to == 0
        # A batch and no more in each run; no more runs than it takes.
        times = iter(range(1000))
        monkeypatch.setattr(pruning.time, "monotonic", lambda: next(times))
        monkeypatch.setattr(pruning, "RUN_SECONDS", 1.5)
        runs = deleted = 0
        while woken:
            woken.clear()
            deleted += prune()
            runs += 1
            assert runs < 40
        assert deleted == 10
        assert runs >= 10
        assert set(Pass.objects.values_list("up_to", flat=True)) == {None}
        for inbox in Inbox.objects.all():
            check(inbox)

    def test_begins_anew_the_night_after(self, inbox, say, settings):
        settings.CLARION_KEEP_ITEMS = 1
        say(1)
        assert prune() == 0
        say(1)
        assert prune() == 1

    def test_costs_the_same_however_many_inboxes_have_nothing_to_lose(
        self, make_user, relay_all, settings
    ):
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                prune()
            return len(queries)

        cost()
        notify([make_user(f"p{n}") for n in range(3)], "message", title="T")
        relay_all()
        few = cost()
        notify([make_user(f"q{n}") for n in range(100)], "message", title="T")
        relay_all()
        assert cost() == few

    def test_a_batch_costs_the_same_however_large_it_is(self, inbox, say, settings):
        settings.CLARION_STORM_LIMIT = 0

        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert pruning.prune_batch(inbox.pk, Item.objects.filter(inbox=inbox)) > 1
            return len(queries)

        say(2)
        few = cost()
        say(150)
        # A transaction, the lock, the items, their deletion, the inbox.
        assert cost() == few <= 7

    def test_one_that_fails_harms_no_other(
        self, make_user, relay_all, settings, monkeypatch, caplog
    ):
        settings.CLARION_KEEP_ITEMS = 1
        people = [make_user(f"p{n}") for n in range(3)]
        for n in range(2):
            notify(people, "message", title=f"{n}")
        relay_all()
        broken = Inbox.objects.get(user=people[1]).pk
        remove = pruning.remove

        def fail(inbox, items):
            if inbox.pk == broken:
                raise ValueError("broken")
            remove(inbox, items)

        monkeypatch.setattr(pruning, "remove", fail)
        assert prune() == 2
        assert f"Inbox {broken} could not be pruned" in caplog.text

    @pytest.mark.postgresql
    def test_gives_way_to_whoever_holds_an_inbox(self, ada, bob, relay_all, settings, monkeypatch):
        settings.CLARION_KEEP_ITEMS = 1
        monkeypatch.setattr(pruning, "LOCK_SECONDS", 0.01)
        for n in range(2):
            notify([ada, bob], "message", title=f"{n}")
        relay_all()
        found = []
        with transaction.atomic():
            lock_inbox(Inbox.objects.get(user=ada).pk)
            together(lambda: found.append(prune()))
        assert found == [1]
        assert len(kept(Inbox.objects.get(user=bob))) == 1
        assert prune() == 1


@pytest.mark.parametrize(
    ("keep", "word"),
    [
        ([], "it is"),
        ({"": {"items": 1}}, "no category"),
        ({"shop": 30}, "of 'shop' it says 30"),
        ({"shop": {}}, "of 'shop'"),
        ({"shop": {"item": 1}}, "'item'"),
        ({"shop": {"items": 0}}, "items of 'shop'"),
        ({"shop": {"items": True}}, "items of 'shop'"),
        ({"shop": {"items": 1, "days": "30"}}, "days of 'shop'"),
    ],
)
@pytest.mark.any_database
def test_a_wrong_setting_is_found_at_start_up(settings, keep, word):
    settings.CLARION_KEEP = keep
    (message,) = checks.check_keep(None)
    assert (message.id, word in message.msg) == ("clarion.E003", True)


@pytest.mark.any_database
def test_right_settings(settings):
    settings.CLARION_KEEP = {"shop": {"items": 1}, "x": {"days": 30}, "y": {"items": 5, "days": 1}}
    assert checks.check_keep(None) == []
    settings.CLARION_KEEP = {}
    assert checks.check_keep(None) == []
