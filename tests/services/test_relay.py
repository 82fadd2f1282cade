"""What one batch of the relay does, and how long a relay stays."""

from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications import notify
from notifications.models import Inbox, Item, Outbox
from notifications.services import relay as service
from notifications.services import wake
from notifications.services.relay import relay_batch
from notifications.services.wake import GATE, LAST_LOOK_SECONDS, SHUT_SECONDS, open_gate
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
    """Time in which nothing happens but what a test does while the relay waits."""

    def __init__(self, meanwhile):
        self.now = 0.0
        self.meanwhile = meanwhile

    def monotonic(self) -> float:
        return self.now

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.meanwhile(self.now)


@pytest.fixture
def clock(monkeypatch):
    """The relay's, and that of who wakes it; nothing happens unless a test says so."""
    clock = Clock(lambda now: None)
    monkeypatch.setattr(service, "time", clock)
    monkeypatch.setattr(wake, "time", clock)
    return clock


def test_undone_first_call_wakes_it_for_the_second(redis_server, ada):
    """The hook that wakes the relay must not go with the savepoint that added it."""
    with transaction.atomic():
        undone = transaction.savepoint()
        notify(ada, "message", title="Undone")
        transaction.savepoint_rollback(undone)
        notify(ada, "message", title="Done")
    with redis_server.client() as client:
        assert client.llen("relay") == 1
    service.relay()
    assert [item.notification.title for item in Item.objects.all()] == ["Done"]


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("gap", "found"), [(0.05, 20), (0.5, 1)], ids=["while they come", "or not"]
)
def test_lingers(redis_server, ada, monkeypatch, clock, gap, found):
    """Rows that come soon wake nobody else; after a while without any, the gate is open."""
    held = []
    due = [gap * n for n in range(1, 20)]

    def meanwhile(now: float) -> None:
        while due and due[0] <= now:
            notify(ada, "message", title=f"{due.pop(0)}")

    clock.meanwhile = meanwhile
    monkeypatch.setattr(service, "hold_gate", lambda: held.append(clock.now))
    notify(ada, "message", title="First")
    service.relay(0.1, clock)
    with redis_server.client() as client:
        assert not client.exists(GATE)
        assert client.llen("relay") == 1
        assert Item.objects.count() == found
        assert bool(held) == (found > 1)
        notify(ada, "message", title="Later")
        assert client.llen("relay") == 2


@pytest.mark.any_database
def test_does_not_linger_by_itself(redis_server, ada, clock):
    """Whoever runs it in a task has other tasks waiting meanwhile."""
    notify(ada, "message", title="First")
    service.relay(leave=clock)
    assert Item.objects.count() == 1
    assert clock.now == LAST_LOOK_SECONDS


@pytest.mark.any_database
def test_finds_what_took_the_gate_to_be_shut(redis_server, ada, monkeypatch, clock):
    """A process that met the gate shut does not ask again for a moment; the last look is later."""

    def opened() -> None:
        # Met it shut just before, and commits at the last moment at which it trusts in that.
        notify(ada, "message", title="Met it shut")
        open_gate()
        clock.now += SHUT_SECONDS * 0.99
        notify(ada, "message", title="Took it to be shut")

    monkeypatch.setattr(service, "open_gate", opened)
    notify(ada, "message", title="First")
    with redis_server.client() as client:
        service.relay(leave=clock)
        assert client.llen("relay") == 1
        assert Item.objects.count() == 3
        clock.now += SHUT_SECONDS
        notify(ada, "message", title="Asks again")
        assert client.llen("relay") == 2


@pytest.mark.any_database
def test_hands_over_when_it_is_to_leave(redis_server, ada):
    """Without a last look, and although its own process met the gate shut just now."""
    leave = Event()
    leave.set()
    notify(ada, "message", title="First")
    notify(ada, "message", title="Met it shut")
    with redis_server.client() as client:
        client.delete("relay")
        service.relay(0.1, leave)
        assert client.llen("relay") == 1
    assert Item.objects.count() == 0
