"""People who are deleted meanwhile, and people who never got an inbox."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models.deletion import Collector

from notifications import broadcast, notify
from notifications.models import Inbox, Item, Outbox
from notifications.services import relay as relay_service
from notifications.services.inboxes import ensure
from notifications.services.relay import relay
from tests.acceptance.screen import counted, titles_of
from tests.acceptance.test_idempotency import waiting_for_locks
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def patient_relay(monkeypatch):
    """Waits for locks until it has them, however long a busy machine holds up who has them."""
    monkeypatch.setattr(relay_service, "BATCH_LOCK_SECONDS", 20.0)


def in_thread(call):
    """Run beside this thread, on a database connection of its own."""
    failures = []

    def run():
        try:
            call()
        except Exception as error:  # noqa: BLE001 (handed to the test)
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()

    def join():
        thread.join(30)
        assert not thread.is_alive()
        assert failures == []

    join.thread = thread
    return join


def test_deleted_between_notify_and_relay(redis_server, ada, bob, crowd):
    people = crowd(20)
    notify([ada, bob], "message", title="Direct")
    notify([ada, bob, *people], "message", title="Bulk")
    ada.delete()
    people[0].delete()
    relay()
    assert not Outbox.objects.exists()
    assert titles_of(bob) == ["Direct", "Bulk"]
    assert titles_of(people[1]) == ["Bulk"]
    assert Item.objects.count() == 2 + 19
    assert counted([bob])


def test_nobody_is_left(redis_server, ada):
    notify(ada, "message", title="To nobody")
    ada.delete()
    relay()
    assert not Outbox.objects.exists()


@pytest.mark.postgresql
def test_deleted_while_the_relay_wants_them(redis_server, patient_relay, ada, bob):
    """The relay waits for a deletion that has not been committed, and then drops the person."""
    notify([ada, bob], "message", title="Said")
    with transaction.atomic():
        ada.delete()
        join = in_thread(relay)
        wait_until(waiting_for_locks)
    join()
    assert not Outbox.objects.exists()
    assert Outbox.objects.filter(attempts__gt=0).count() == 0
    assert titles_of(bob) == ["Said"]


@pytest.mark.postgresql
def test_relay_comes_in_the_middle_of_a_deletion(redis_server, patient_relay, ada, bob):
    """After the items are deleted and before the inbox is: a new item would make that fail."""
    notify([ada, bob], "message", title="Said")
    joins = []

    def meddle(execute, sql, params, many, context):
        if sql.startswith('DELETE FROM "clarion_inbox"') and not joins:
            joins.append(in_thread(relay))
            wait_until(lambda: waiting_for_locks() or not joins[0].thread.is_alive())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meddle):
        ada.delete()
    joins[0]()
    assert not Outbox.objects.exists()
    assert titles_of(bob) == ["Said"]


@pytest.mark.postgresql
def test_deleting_while_the_relay_delivers(redis_server, crowd):
    """Both at once, over and over: neither fails, nobody else misses anything."""
    people = crowd(60)
    stay, go = people[:30], people[30:]
    for number in range(30):
        notify(people, "message", title=f"Said {number}")

    def delete():
        for person in go:
            person.delete()

    join = in_thread(delete)
    while Outbox.objects.exists():
        relay()
    join()
    assert get_user_model().objects.count() == 30
    for person in stay:
        assert len(titles_of(person)) == 30
    assert counted(stay)


def test_an_inbox_made_in_the_middle_of_a_deletion(crowd):
    """After Django's look at the rows that go along."""
    (person,) = crowd(1)
    deletion = Collector(using="default", origin=person)
    deletion.collect([person])
    ensure(person)
    deletion.delete()
    assert not Inbox.objects.exists()


@pytest.mark.postgresql
def test_deleted_while_the_relay_makes_the_inbox(redis_server, patient_relay, bob, crowd, caplog):
    """The relay waits for the deletion, rather than make an inbox for nobody."""
    (person,) = crowd(1)
    notify([person, bob], "message", title="Said")
    with transaction.atomic():
        person.delete()
        join = in_thread(relay)
        wait_until(waiting_for_locks)
    join()
    assert not [record for record in caplog.records if record.name.endswith("services.relay")]
    assert titles_of(bob) == ["Said"]


def test_made_in_bulk_without_an_inbox(redis_server, live_site, ada, crowd, screen):
    """An inbox is made where one is missing: by the relay, or by whoever signs in first."""
    broadcast("everyone", "message", title="Before they came")
    relay()
    first, second = crowd(2)
    assert not hasattr(first, "inbox")
    broadcast("everyone", "message", title="To everyone")
    notify([first, ada], "message", title="To a person")
    relay()
    assert titles_of(first) == ["To a person"]
    page = screen(first)
    assert sorted(page.titles) == ["To a person", "To everyone"]
    page = screen(second)
    assert page.titles == ["To everyone"]
    notify(second, "message", title="Live")
    relay()
    page.follow_until("Live")
    assert page.agrees()
