"""What one batch of the relay does."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import notify
from notifications.models import Inbox, Item, Outbox
from notifications.services.relay import relay_batch
from tests.acceptance.screen import counted

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db(transaction=True)]


def test_done_again_beside_something_new(ada, bob, relay_all, published):
    """A batch that was done in part: what is there stays, what is new follows it."""
    notify([ada, bob], "message", title="Once")
    again = list(Outbox.objects.values())
    relay_all()
    published.clear()
    Outbox.objects.bulk_create([Outbox(**row) for row in again])
    notify(ada, "message", title="New")
    relay_all()
    assert not Outbox.objects.exists()
    assert counted([ada, bob])
    assert list(Item.objects.filter(inbox__user=bob).values_list("seq", flat=True)) == [1]
    ((group, event),) = published
    inbox = Inbox.objects.get(user=ada)
    assert group == f"user.{inbox.pk}"
    assert [(item["title"], item["seq"]) for item in event.items] == [("New", inbox.seq)]
    assert (event.since, event.seq, event.counters.unread) == (1, inbox.seq, inbox.unread)
    assert inbox.unread == 2


def test_a_batch_of_many_is_as_many_statements_as_one_of_few(make_user):
    people = [make_user(f"p{n}") for n in range(40)]

    def statements(calls: int) -> int:
        for n in range(calls):
            notify(people[n], "message", title=f"{n}")
        with CaptureQueriesContext(connection) as queries:
            assert relay_batch(Outbox.Lane.DIRECT) == calls
        return len(queries)

    assert statements(2) == statements(40)
