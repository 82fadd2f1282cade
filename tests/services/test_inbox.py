"""What a person does with their inbox."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import broadcast, notify, selectors
from notifications.exceptions import InvalidCursor
from notifications.models import Inbox, Item, Notification
from notifications.selectors import ListFilter, standing
from notifications.services import inbox as service
from notifications.wire.cursor import Cursor
from notifications.wire.frames import Counters

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def three(ada, bob, inbox, relay_all, published, changes):
    """Three notifications to Ada (one of them also to Bob); their ids."""
    ids = [notify(ada, "message", title=title).pk for title in "AB"]
    ids.append(notify([ada, bob], "message", title="C").pk)
    relay_all()
    published.clear()
    return ids


def here(inbox: Inbox) -> Counters:
    return standing(inbox.pk).counters


def cursor_of(inbox: Inbox) -> Cursor:
    now = standing(inbox.pk)
    return Cursor(now.epoch, now.seq, now.position)


@pytest.mark.parametrize(
    ("steps", "unread", "unseen"),
    [
        (["seen"], 3, 2),
        (["read"], 2, 2),
        (["archived"], 2, 2),
        (["read", "unread"], 3, 2),
        (["seen", "read", "archived"], 2, 2),
        (["archived", "read", "unread"], 2, 2),
        (["unread"], 3, 3),
        (["read", "read"], 2, 2),
    ],
)
def test_counters_follow_states(inbox, three, steps, unread, unseen):
    for state in steps:
        service.mark(inbox.pk, state, three[:1])
    assert here(inbox) == Counters(unread, unseen, 0)
    listed = Item.objects.filter(inbox=inbox).listed()
    assert listed.filter(read_at=None).count() == unread
    assert listed.filter(seen_at=None).count() == unseen


@pytest.mark.promise_4
def test_a_change_is_told_after_commit(inbox, three, changes, published):
    event = service.mark(inbox.pk, "read", three[1:])
    assert (event.since, event.seq, [item["id"] for item in event.items]) == (
        3, 5, [str(pk) for pk in three[1:]],
    )  # fmt: skip
    assert changes == [(inbox.pk, event)]
    assert published == [(f"user.{inbox.pk}", event)]


def test_what_changes_nothing_takes_no_seq_and_tells_nobody(inbox, three, changes):
    service.mark(inbox.pk, "read", three)
    changes.clear()
    event = service.mark(inbox.pk, "read", three)
    assert (event.since, event.seq, event.items, changes) == (6, 6, [], [])


@pytest.mark.promise_8
def test_ids_of_others_are_unknown_ids(inbox, bob, three, changes):
    theirs = Inbox.objects.get(user=bob)
    own, unknown = three[0], 2**52
    assert service.mark(theirs.pk, "read", [own]) == service.mark(theirs.pk, "read", [unknown])
    assert here(inbox).unread == 3
    # Bob reads what both have: Ada has not read it.
    service.mark(theirs.pk, "read", [three[2]])
    assert (here(theirs).unread, here(inbox).unread) == (0, 3)


def test_a_change_takes_a_broadcast_in_if_it_must(inbox, relay_all):
    said = broadcast("everyone", "message", title="All")
    relay_all()
    event = service.mark(inbox.pk, "read", [said.pk])
    assert [item["position"] for item in event.items] == [1]
    assert here(inbox) == Counters(0, 0, 1)


def test_many_items_make_an_event_that_only_says_how_far(inbox, ada, relay_all, settings):
    settings.CLARION_PAGE_SIZE = 2
    ids = [notify(ada, "message", title=str(n)).pk for n in range(3)]
    relay_all()
    event = service.mark(inbox.pk, "read", ids)
    assert (event.items, event.since, event.seq) == ([], 6, 6)


class TestAll:
    @pytest.mark.promise_4
    def test_marks_what_the_cursor_knows_and_nothing_newer(self, inbox, ada, three, relay_all):
        cursor = cursor_of(inbox)
        notify(ada, "message", title="newer")
        relay_all()
        event = service.mark_all(inbox.pk, "read", cursor)
        assert event.counters == Counters(1, 1, 0)
        assert (event.since, event.seq, event.items) == (4, 7, [])
        assert event.all_up_to
        assert (event.all_up_to["seq"], event.all_up_to["position"]) == (3, 0)
        assert Item.objects.get(inbox=inbox, read_at=None).notification.title == "newer"

    def test_every_item_takes_a_seq_of_its_own_in_the_old_order(self, inbox, three):
        service.mark(inbox.pk, "seen", three[:1])
        before = Item.objects.filter(inbox=inbox).order_by("seq").values_list("pk", flat=True)
        order = list(before)
        service.mark_all(inbox.pk, "read", cursor_of(inbox))
        after = Item.objects.filter(inbox=inbox).order_by("seq").values_list("pk", "seq")
        assert list(after) == list(zip(order, [5, 6, 7], strict=True))

    def test_seen_leaves_unread(self, inbox, three):
        service.mark_all(inbox.pk, "seen", cursor_of(inbox))
        assert here(inbox) == Counters(3, 0, 0)

    def test_broadcasts_known_by_position_are_marked(self, inbox, relay_all):
        for title in "AB":
            broadcast("everyone", "message", title=title)
            relay_all()
        now = cursor_of(inbox)
        # The client has seen the first one only.
        event = service.mark_all(inbox.pk, "read", Cursor(now.epoch, 0, 1))
        assert event.counters == Counters(1, 1, 2)

    def test_archived_items_are_left_alone(self, inbox, three):
        service.mark(inbox.pk, "archived", three[:1])
        service.mark_all(inbox.pk, "read", cursor_of(inbox))
        assert Item.objects.get(inbox=inbox, notification=three[0]).read_at is None

    def test_nothing_to_mark_tells_nobody(self, inbox, three, changes):
        service.mark_all(inbox.pk, "read", cursor_of(inbox))
        changes.clear()
        assert service.mark_all(inbox.pk, "read", cursor_of(inbox)).all_up_to is None
        assert changes == []

    @pytest.mark.parametrize(
        ("epoch", "seq", "position"), [("other", 3, 0), (None, 4, 0), (None, 3, 1)]
    )
    def test_a_cursor_of_elsewhere_or_of_the_future(self, inbox, three, epoch, seq, position):
        epoch = epoch or standing(inbox.pk).epoch
        with pytest.raises(InvalidCursor):
            service.mark_all(inbox.pk, "read", Cursor(epoch, seq, position))


class TestList:
    def test_pages(self, inbox, three):
        first = service.list_items(inbox.pk, None, 2)
        assert [item["title"] for item in first.items] == ["C", "B"]
        assert first.cursor == cursor_of(inbox)
        second = service.list_items(inbox.pk, int(first.next or 0), 2)
        assert ([item["title"] for item in second.items], second.next) == (["A"], None)

    def test_the_first_page_takes_broadcasts_in_and_tells_other_sockets(
        self, inbox, ada, three, changes, relay_all
    ):
        broadcast("everyone", "message", title="All")
        relay_all()
        assert service.list_items(inbox.pk, None, 1).counters == Counters(4, 4, 1)
        ((_, event),) = changes
        assert [item["title"] for item in event.items] == ["All"]

    def test_what_is_about_to_expire_leaves_no_page_short(self, inbox, ada, relay_all):
        """The sweep, which comes within seconds, has not told anybody yet."""
        ids = [notify(ada, "message", title=str(n)).pk for n in range(7)]
        relay_all()
        over = Notification.objects.filter(pk__in=[*ids[1:3], *ids[4:6]])
        over.update(expires_at=timezone.now() - timedelta(seconds=1))
        first = service.list_items(inbox.pk, None, 2)
        assert [item["title"] for item in first.items] == ["6", "3"]
        second = service.list_items(inbox.pk, int(first.next or 0), 2)
        assert ([item["title"] for item in second.items], second.next) == (["0"], None)

    @pytest.mark.parametrize(
        "ask",
        [
            lambda inbox_id, cursor: service.list_items(inbox_id, None, 2),
            lambda inbox_id, cursor: service.list_items(
                inbox_id, None, 2, ListFilter(unread=True, category="messages")
            ),
            lambda inbox_id, cursor: service.list_items(inbox_id, None, 2, ListFilter(thread="t")),
            lambda inbox_id, cursor: service.counters(inbox_id),
            lambda inbox_id, cursor: selectors.changes(inbox_id, cursor, 2),
        ],
        ids=["list", "filtered", "thread", "counts", "changes"],
    )
    def test_costs_the_same_for_a_large_inbox(self, ask, inbox, ada, relay_all):
        cursor = service.list_items(inbox.pk, None, 1).cursor

        def queries() -> int:
            with CaptureQueriesContext(connection) as counted:
                ask(inbox.pk, cursor)
            return len(counted)

        def say(number: int) -> None:
            for _ in range(number):
                notify(ada, "message", title="T")
            relay_all()

        # More than a page.
        say(5)
        few = queries()
        say(100)
        assert queries() == few


@pytest.mark.promise_8
def test_a_deleted_person_takes_the_inbox_along(ada, three):
    ada.delete()
    assert not Inbox.objects.filter(user_id=ada.pk).exists()
    assert set(Item.objects.values_list("inbox__user__username", flat=True)) == {"bob"}
    assert User.objects.filter(username="bob").exists()
