"""Everybody at once: the lock order holds, and counters equal counts."""

import threading
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models.functions import Now

from notifications import broadcast, notify
from notifications.models import Inbox, Item, LogEntry, Membership, Outbox
from notifications.selectors import standing
from notifications.services import arrivals, relay
from notifications.services import inbox as service
from notifications.services.locks import lock_inbox
from notifications.services.relay import relay_batch
from notifications.wire.cursor import Cursor

PEOPLE = 12
ROUNDS = 15


def together(*jobs: Callable[[], object]) -> None:
    """Run the jobs in threads with database connections of their own; raises what they raise."""
    errors: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 (to be raised where the test sees it)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


class Crowd:
    """People, and what they do at the same time."""

    def __init__(self, people: list[User]) -> None:
        self.people = people
        self.group = Group.objects.create(name="g")
        self.silence = threading.Event()

    def talk_of_two(self) -> None:
        together(self.talk, self.talk)
        self.silence.set()

    def talk(self) -> None:
        for n in range(ROUNDS):
            notify(self.people if n % 2 else self.one(n), "message", title=f"{n}")
            topic = "everyone" if n % 3 else f"auth_group.{self.group.pk}"
            broadcast(topic, "message", title=f"b{n}")

    def relay(self) -> None:
        # Parked rows have no date; the test finds them afterwards.
        while not self.silence.is_set() or Outbox.objects.exclude(due_at=None).exists():
            if not sum(relay_batch(lane) for lane in Outbox.Lane):
                # SQLite's writers do not queue fairly; a relay that spins would starve the rest.
                self.silence.wait(0.01)

    def tidy(self, offset: int = 0) -> None:
        for n in range(ROUNDS):
            inbox_id = Inbox.objects.get(user=self.one(n + offset)).pk
            page = service.list_items(inbox_id, None, 10)
            ids = [int(item["id"]) for item in page.items]
            service.mark(inbox_id, ("read", "archived", "unread")[n % 3], ids[:3])
            now = standing(inbox_id)
            service.mark_all(inbox_id, "read", Cursor(now.epoch, now.seq, now.position))

    def move(self) -> None:
        for n in range(ROUNDS):
            user = User.objects.get(pk=self.one(n).pk)
            user.groups.remove(self.group) if n % 2 else user.groups.add(self.group)
            self.group.user_set.set(self.people[n % PEOPLE :])

    def one(self, n: int) -> User:
        return self.people[n % PEOPLE]


@pytest.mark.promise_1
@pytest.mark.promise_4
@pytest.mark.django_db(transaction=True)
def test_everybody_at_once(make_user, caplog, monkeypatch):
    """Nobody fails for the others: no deadlock, and nothing that would be done again."""
    # Deadlocks are the question, not whether a busy machine keeps a relay waiting for its second:
    # eight threads that want the same dozen inboxes, one of them all in one transaction.
    monkeypatch.setattr(relay, "BATCH_LOCK_SECONDS", 20.0)
    meet(Crowd([make_user(f"p{n}") for n in range(PEOPLE)]))
    assert not relay_lines(caplog)


@pytest.mark.postgresql
@pytest.mark.promise_1
@pytest.mark.promise_4
@pytest.mark.django_db(transaction=True)
def test_relays_that_do_not_wait_for_locks(make_user, caplog, monkeypatch):
    """What a relay gives up is done later: nothing is lost, counted twice or said twice."""
    for name in ("BATCH_LOCK_SECONDS", "ROW_LOCK_SECONDS"):
        monkeypatch.setattr(relay, name, 0.001)
    monkeypatch.setattr(relay, "LOCKED_SECONDS", 0)
    meet(Crowd([make_user(f"p{n}") for n in range(PEOPLE)]))
    lines = relay_lines(caplog)
    assert any("one by one" in line for line in lines)
    assert not any("is parked" in line for line in lines)


def relay_lines(caplog) -> list[str]:
    """What relays complained of."""
    records = [one for one in caplog.records if one.name.endswith("services.relay")]
    return [record.getMessage() for record in records]


def meet(crowd: Crowd) -> None:
    """Everybody at once; then all that was said is there once, and counters equal counts."""
    relays = [crowd.relay] * 3
    tidies = [crowd.tidy, partial(crowd.tidy, PEOPLE // 2)]
    together(crowd.talk_of_two, *relays, *tidies, crowd.move)

    assert not Outbox.objects.exists()
    for inbox in Inbox.objects.all():
        check_inbox(inbox)
    positions = list(LogEntry.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, 2 * ROUNDS + 1))
    members = crowd.group.user_set.values_list("pk", flat=True)
    rows = Membership.objects.filter(until=None).values_list("inbox__user_id", "topic__key")
    assert set(rows) == {(pk, f"auth_group.{crowd.group.pk}") for pk in members}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_long_transaction_holds_up_the_person_concerned_and_nobody_else(ada, bob):
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_inbox(Inbox.objects.get(user=ada).pk)
            locked.set()
            done.wait(30)

    def relay_meanwhile() -> None:
        try:
            assert locked.wait(10)
            for person in (ada, bob):
                notify(person, "message", title="T")
            relay_batch(Outbox.Lane.DIRECT)
            assert Item.objects.filter(inbox__user=bob).count() == 1
            (row,) = Outbox.objects.all()
            assert (row.recipients, row.attempts) == ([str(ada.pk)], 0)
            assert "lock" in row.error
        finally:
            done.set()

    together(hold, relay_meanwhile)
    Outbox.objects.update(due_at=Now())
    relay_batch(Outbox.Lane.DIRECT)
    assert Item.objects.filter(inbox__user=ada).count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_the_relay_gives_way_to_who_takes_locks_in_another_order(ada, monkeypatch):
    """To become staff and leave a group, as on one page of the admin: an inbox, then the head."""
    group = Group.objects.create(name="g")
    ada.groups.add(group)
    broadcast("everyone", "message", title="to all")
    notify(ada, "message", title="to one")
    joined, has_head = threading.Event(), threading.Event()
    lock_inboxes = arrivals.ensure_locked

    def once_somebody_waits(keys):
        has_head.set()
        monkeypatch.setattr(arrivals, "ensure_locked", lock_inboxes)
        wait_until_somebody_waits()
        return lock_inboxes(keys)

    def edit() -> None:
        with transaction.atomic():
            ada.is_staff = True
            ada.save()
            joined.set()
            assert has_head.wait(10)
            ada.groups.remove(group)

    def relay_meanwhile() -> None:
        assert joined.wait(10)
        relay_batch(Outbox.Lane.DIRECT)

    monkeypatch.setattr(arrivals, "ensure_locked", once_somebody_waits)
    together(edit, relay_meanwhile)
    assert list(Membership.objects.filter(until=None).values_list("topic__key")) == [("staff",)]
    Outbox.objects.update(due_at=Now())
    relay_batch(Outbox.Lane.DIRECT)
    assert not Outbox.objects.exists()


def wait_until_somebody_waits() -> None:
    """Until a lock of PostgreSQL is waited for."""
    stop_at = time.monotonic() + 10
    with connection.cursor() as cursor:
        while time.monotonic() < stop_at:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.01)
    raise AssertionError("Nobody waits.")


def check_inbox(inbox: Inbox) -> None:
    service.list_items(inbox.pk, None, 1)
    inbox.refresh_from_db()
    items = Item.objects.filter(inbox=inbox)
    assert inbox.unread == items.listed().filter(read_at=None).count()
    assert inbox.unseen == items.listed().filter(seen_at=None).count()
    assert inbox.seq >= max(items.values_list("seq", flat=True))
    # Each of the two talkers said each of these once to everybody.
    to_all = {f"{n}" for n in range(ROUNDS) if n % 2}
    direct = list(items.filter(position=None).values_list("notification__title", flat=True))
    assert {title: direct.count(title) for title in to_all} == dict.fromkeys(to_all, 2)
