"""The same key says a thing once, however many callers use it at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from notifications import broadcast, notify
from notifications.exceptions import IdempotencyConflict
from notifications.models import IdempotencyKey, Notification, Outbox
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db(transaction=True)]

CALLERS = 20


class Callers:
    """Threads with database connections of their own that all start at the same moment."""

    def __init__(self, count):
        self.barrier = threading.Barrier(count)
        self.pool = ThreadPoolExecutor(count)

    def start(self, call, *args):
        def run():
            self.barrier.wait()
            try:
                return call(*args)
            except IdempotencyConflict as conflict:
                return conflict
            finally:
                connection.close()

        return self.pool.submit(run)


def waiting_for_locks():
    """How many connections wait for somebody's lock (PostgreSQL)."""
    with connection.cursor() as cursor:
        # Not pg_stat_activity, which shows the same for as long as a transaction lasts.
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]


def say(users, title="Once", key="key"):
    return notify(users, "message", title=title, idempotency_key=key).pk


def test_twenty_at_once(redis_server, ada):
    callers = Callers(CALLERS)
    results = [callers.start(say, ada) for _ in range(CALLERS)]
    assert len({result.result() for result in results}) == 1
    assert Notification.objects.count() == IdempotencyKey.objects.count() == 1
    assert Outbox.objects.count() == 1
    relay()
    assert titles_of(ada) == ["Once"]


@pytest.mark.parametrize("first_commits", [True, False], ids=["commits", "rolls back"])
def test_others_wait_for_the_first(redis_server, ada, first_commits):
    callers = Callers(CALLERS - 1)
    with transaction.atomic():
        first = say(ada)
        # They cannot see the key, which is not committed, and must not pass it either.
        results = [callers.start(say, ada) for _ in range(CALLERS - 1)]
        if connection.vendor == "postgresql":
            wait_until(lambda: waiting_for_locks() == CALLERS - 1)
        else:
            wait_until(lambda: not callers.barrier.n_waiting)
        assert not any(result.done() for result in results)
        transaction.set_rollback(not first_commits)
    (said,) = {result.result() for result in results}
    assert (said == first) or not first_commits
    assert list(Notification.objects.values_list("pk", flat=True)) == [said]
    assert Outbox.objects.count() == 1
    relay()
    assert titles_of(ada) == ["Once"]


def test_twenty_at_once_with_two_contents(redis_server, ada):
    callers = Callers(CALLERS)
    results = [callers.start(say, ada, f"Content {n % 2}").result for n in range(CALLERS)]
    answers = [result() for result in results]
    conflicts = [answer for answer in answers if isinstance(answer, IdempotencyConflict)]
    assert len(conflicts) == CALLERS / 2
    assert len(set(answers) - set(conflicts)) == 1
    relay()
    assert len(titles_of(ada)) == 1


def test_what_a_key_stands_for(redis_server, ada, bob):
    first = say([ada, bob])
    assert say([bob, ada, bob]) == first, "the same people in any order"
    for users, title in (([ada, bob], "Other content"), (ada, "Once"), (bob, "Once")):
        with pytest.raises(IdempotencyConflict):
            say(users, title)
    with pytest.raises(IdempotencyConflict):
        broadcast("everyone", "message", title="Once", idempotency_key="key")
    # A conflict leaves the caller's transaction usable.
    with transaction.atomic():
        with pytest.raises(IdempotencyConflict):
            say(ada, "Other content")
        say(ada, "Other key", key="other")
    relay()
    assert titles_of(ada) == ["Once", "Other key"]
    assert titles_of(bob) == ["Once"]


def test_losers_keep_their_transaction(redis_server, ada, bob):
    """Somebody who loses the race goes on with a transaction that is whole."""
    callers = Callers(2)

    def work(user):
        with transaction.atomic():
            said = say(ada)
            notify(user, "message", title="Mine")
            return said

    results = [callers.start(work, user) for user in (ada, bob)]
    assert len({result.result() for result in results}) == 1
    relay()
    assert sorted(titles_of(ada)) == ["Mine", "Once"]
    assert titles_of(bob) == ["Mine"]
