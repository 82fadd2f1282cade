"""Deleting all that is kept about a person, and exporting it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
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
)
from notifications.models import Inbox, Item, Membership, Notification
from notifications.selectors import standing
from notifications.selectors.export import Belonging, export
from notifications.services import forgetting, preferences
from notifications.services import inbox as service
from notifications.services.forgetting import forget
from notifications.wire.frames import Counters
from tests.services.test_pruning import check, cursor_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def topics(monkeypatch):
    monkeypatch.setattr(registry, "_topics", {})
    register_topic("releases", "Releases")
    register_topic("news", "News", default=True)


@pytest.fixture
def life(topics, ada, bob, inbox, relay_all):
    """Ada's: items in every state, choices, subscriptions and groups. What was said, by title."""
    ada.groups.add(Group.objects.create(name="g"))
    subscribe(ada, "releases")
    unsubscribe(ada, "news")
    said = {}
    for title in ("listed", "read", "archived", "snoozed", "gone", "muted"):
        category = "quiet" if title == "muted" else ""
        said[title] = notify([ada, bob], "message", title=title, thread=category)
    for title in ("below", "above"):
        said[title] = notify(ada, "message", title=title, thread="t")
    relay_all()
    said["broadcast"] = broadcast("releases", "message", title="broadcast")
    relay_all()
    service.list_items(inbox.pk, None, 1)
    for state in ("read", "archived"):
        service.mark(inbox.pk, state, [said[state].pk])
    service.snooze(inbox.pk, [said["snoozed"].pk], timezone.now() + timedelta(days=1))
    retract(said["gone"])
    relay_all()
    preferences.mute(inbox.pk, thread="quiet")
    said["pending"] = broadcast("everyone", "message", title="pending")
    relay_all()
    return said


class TestForget:
    def test_all_goes_and_what_is_said_afterwards_arrives(self, life, ada, inbox, relay_all):
        assert forget(inbox.pk) == 9
        check(inbox)
        assert not Item.objects.filter(inbox=inbox).exists()
        assert standing(inbox.pk).counters == Counters(0, 0, standing(inbox.pk).position)
        assert service.list_items(inbox.pk, None, 9).items == []
        notify(ada, "message", title="new", thread="quiet")
        broadcast("everyone", "message", title="to all")
        relay_all()
        page = service.list_items(inbox.pk, None, 9)
        assert [item["title"] for item in page.items] == ["to all", "new"]
        assert page.counters == Counters(2, 2, standing(inbox.pk).position)

    def test_choices_and_subscriptions_go_and_groups_stay(self, life, ada, inbox, relay_all):
        forget(inbox.pk)
        inbox.refresh_from_db()
        assert inbox.choices is None
        group = f"auth_group.{ada.groups.get().pk}"
        for topic in ("releases", "news", group):
            broadcast(topic, "message", title=topic)
            relay_all()
        titles = [item["title"] for item in service.list_items(inbox.pk, None, 9).items]
        assert titles == [group, "news"]

    def test_others_keep_theirs(self, life, bob, inbox):
        forget(inbox.pk)
        theirs = Inbox.objects.get(user=bob)
        check(theirs)
        assert Item.objects.filter(inbox=theirs).count() == 6
        assert Notification.objects.filter(pk=life["listed"].pk).exists()

    def test_closed_clients_begin_anew_also_where_nothing_was_listed(self, inbox):
        before = cursor_of(inbox)
        assert forget(inbox.pk) == 0
        assert selectors.changes(inbox.pk, before).reset == "pruned"
        assert selectors.changes(inbox.pk, cursor_of(inbox)).reset == ""

    def test_open_ones_are_told_that_they_miss_something(self, life, inbox, published):
        """Whoever shows a broadcast that is no item yet cannot be told to drop it."""
        before = standing(inbox.pk).seq
        published.clear()
        forget(inbox.pk)
        topics, begin, end = [event for _, event in published]
        assert topics.since == before
        assert "releases" not in (topics.topics or {})
        # Out of nowhere: sessions ask the database, whose floor is beyond them.
        assert (begin.since, begin.seq, begin.items, begin.removed) == (
            begin.seq,
            before + 2,
            [],
            [],
        )
        assert (end.since, end.counters.unread) == (begin.seq, 0)
        assert str(life["listed"].pk) in end.removed

    def test_in_batches_and_what_comes_between_stays(self, ada, inbox, relay_all, monkeypatch):
        monkeypatch.setattr(forgetting, "BATCH", 2)
        for n in range(5):
            notify(ada, "message", title=f"{n}")
        relay_all()
        batch = forgetting._forget_batch
        sizes = []

        def say_meanwhile(inbox_id, last):
            sizes.append(batch(inbox_id, last))
            if len(sizes) == 1:
                notify(ada, "message", title="meanwhile")
                relay_all()
            return sizes[-1]

        monkeypatch.setattr(forgetting, "_forget_batch", say_meanwhile)
        assert forget(inbox.pk) == 5
        assert sizes == [2, 2, 1, 0]
        titles = [item["title"] for item in service.list_items(inbox.pk, None, 9).items]
        assert titles == ["meanwhile"]
        check(inbox)

    def test_twice(self, life, inbox):
        forget(inbox.pk)
        assert forget(inbox.pk) == 0
        check(inbox)

    def test_an_inbox_that_there_is_not(self):
        with pytest.raises(Inbox.DoesNotExist):
            forget(2**52)


class TestExport:
    def test_everything_but_what_is_gone(self, life, ada, inbox):
        found = export(ada, inbox.pk, 0, 100)
        assert (found.user, found.next, found.seq) == (str(ada.pk), None, standing(inbox.pk).seq)
        assert found.counters == standing(inbox.pk).counters
        titles = {kept.item["title"]: kept for kept in found.items}
        assert set(titles) == set(life) - {"gone", "pending"}
        assert [kept.item["seq"] for kept in found.items] == sorted(
            kept.item["seq"] or 0 for kept in found.items
        )
        assert titles["archived"].item["archived_at"]
        assert titles["snoozed"].item["snoozed_until"]
        assert titles["read"].item["read_at"]
        assert [title for title, kept in titles.items() if kept.folded] == ["below"]
        assert titles["above"].item["count"] == 2

    def test_choices_and_topics(self, life, ada, inbox):
        found = export(ada, inbox.pk, 0, 1)
        assert [muted.thread for muted in found.choices.threads] == ["quiet"]
        rows = {one.topic: one for one in found.topics}
        assert set(rows) >= {"everyone", "news", "releases", f"auth_group.{ada.groups.get().pk}"}
        assert rows["news"].until is not None
        assert rows["releases"].until is None
        assert rows["everyone"] == Belonging("everyone", 0, None)

    def test_pages(self, life, ada, inbox):
        whole = export(ada, inbox.pk, 0, 100).items
        paged, after = [], 0
        while after is not None:
            found = export(ada, inbox.pk, after, 3)
            assert len(found.items) <= 3
            paged += found.items
            after = found.next
        assert paged == whole

    def test_what_changes_meanwhile_comes_again(self, life, ada, inbox):
        first = export(ada, inbox.pk, 0, 3)
        service.mark(inbox.pk, "seen", [life["listed"].pk])
        rest = export(ada, inbox.pk, first.next or 0, 100)
        assert rest.items[-1].item["title"] == "listed"
        assert rest.items[-1].item["seen_at"]

    def test_nothing_of_others(self, life, bob, inbox):
        theirs = Inbox.objects.get(user=bob)
        found = export(bob, theirs.pk, 0, 100)
        titles = {kept.item["title"] for kept in found.items}
        assert titles == {"listed", "read", "archived", "snoozed", "muted"}
        assert not any(kept.item["read_at"] for kept in found.items)

    def test_after_forgetting_nothing_is_left(self, life, ada, inbox):
        forget(inbox.pk)
        found = export(ada, inbox.pk, 0, 100)
        assert (found.items, found.choices.threads) == ([], [])
        # That one has left stays, for processes that have not heard of it.
        assert {one.topic for one in found.topics if one.until is not None} == {"releases"}
        assert Membership.objects.filter(inbox=inbox, until=None).count() == 2
