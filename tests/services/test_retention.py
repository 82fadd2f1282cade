"""What is old goes, and nobody is misled by that."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import broadcast, selectors
from notifications.models import Inbox, Item, LogEntry, LogHead
from notifications.services import retention
from notifications.services.inbox import list_items
from notifications.wire.cursor import Cursor

pytestmark = [pytest.mark.promise_3, pytest.mark.django_db(transaction=True)]

OLD = 5
NEW = 3
YEAR = timedelta(days=365)


@pytest.fixture
def log(ada, bob, relay_all):
    """Entries, the first five of them older than a year; Ada took in two of these. Its cursors."""
    epoch = LogHead.objects.get().epoch
    for number in range(OLD + NEW):
        broadcast("everyone", "message", title=f"{number}")
        relay_all()
        if number == 1:
            list_items(Inbox.objects.get(user=ada).pk, None, 30)
    positions = list(LogEntry.objects.values_list("position", flat=True).order_by("position"))
    old = LogEntry.objects.filter(position__in=positions[:OLD])
    old.update(created_at=timezone.now() - YEAR - timedelta(hours=1))
    return [Cursor(epoch, 0, position) for position in positions]


def titles(inbox):
    return [item["title"] for item in list_items(inbox.pk, None, 30).items]


def test_old_entries_go_in_batches_and_leave_a_floor(log, ada, bob, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    assert retention.cleanup() == OLD
    assert retention.cleanup() == 0
    assert LogHead.objects.get().floor == log[OLD - 1].position
    assert LogEntry.objects.count() == NEW
    # What was taken in stays; what nobody listed for a year does not come.
    assert titles(Inbox.objects.get(user=ada)) == ["7", "6", "5", "1", "0"]
    assert titles(Inbox.objects.get(user=bob)) == ["7", "6", "5"]
    assert Item.objects.count() == 8


def test_cursors_from_before_are_told_to_begin_anew(log, bob):
    retention.cleanup()
    inbox = Inbox.objects.get(user=bob)
    before, at, after = log[OLD - 2], log[OLD - 1], log[OLD]
    assert selectors.changes(inbox.pk, before).reset == "pruned"
    for cursor, missed in ((at, NEW), (after, NEW - 1)):
        page = selectors.changes(inbox.pk, cursor)
        assert (page.reset, len(page.items)) == ("", missed)


def test_the_last_entry_may_go_as_well(log, bob, relay_all):
    """Positions are never given out twice."""
    LogEntry.objects.update(created_at=timezone.now() - YEAR - timedelta(hours=1))
    assert retention.cleanup() == OLD + NEW
    broadcast("everyone", "message", title="New")
    relay_all()
    assert LogEntry.objects.get().position == log[-1].position + 1
    assert titles(Inbox.objects.get(user=bob)) == ["New"]
