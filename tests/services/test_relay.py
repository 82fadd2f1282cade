"""What one batch of the relay does, and how long a relay stays."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications import notify
from notifications.models import Inbox, Item, Outbox
from notifications.services import relay as service
from notifications.services.relay import relay_batch
from notifications.services.wake import GATE
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


class Clock:
    """Time in which nothing happens but what a test does while the relay pauses."""

    def __init__(self, meanwhile):
        self.now = 0.0
        self.meanwhile = meanwhile

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile(self.now)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("gap", "found"), [(0.05, 20), (0.5, 1)], ids=["while they come", "or not"]
)
def test_lingers(redis_server, ada, monkeypatch, gap, found):
    """Rows that come soon wake nobody else; after a while without any, the gate is open."""
    held = []
    due = [gap * n for n in range(1, 20)]

    def meanwhile(now: float) -> None:
        while due and due[0] <= now:
            notify(ada, "message", title=f"{due.pop(0)}")

    clock = Clock(meanwhile)
    monkeypatch.setattr(service, "time", clock)
    monkeypatch.setattr(service, "hold_gate", lambda: held.append(clock.now))
    notify(ada, "message", title="First")
    service.relay(linger=0.1)
    with redis_server.client() as client:
        assert not client.exists(GATE)
        assert client.llen("relay") == 1
        assert Item.objects.count() == found
        assert bool(held) == (found > 1)
        notify(ada, "message", title="Later")
        assert client.llen("relay") == 2


@pytest.mark.any_database
def test_does_not_linger_by_itself(redis_server, ada, monkeypatch):
    """A worker of one process has other tasks waiting meanwhile."""
    clock = Clock(lambda now: pytest.fail("paused"))
    monkeypatch.setattr(service, "time", clock)
    notify(ada, "message", title="First")
    service.relay()
    assert Item.objects.count() == 1
