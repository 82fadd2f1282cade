"""Inside the block Redis and the broker are left alone, by every thread; afterwards no longer."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from notifications import broadcast, notify, subscribe
from notifications.live.breaker import breaker
from notifications.services import inbox as inboxes
from notifications.services.relay import relay
from notifications.services.wake import shut, wake_reconciler
from notifications.testing import capture, quiet

pytestmark = [pytest.mark.any_database, pytest.mark.django_db(transaction=True)]


def everything_that_rings(user: User) -> None:
    """Commit, relay, change an inbox, a membership, a password; sign out."""
    shut.until = 0.0
    with transaction.atomic():
        notify(user, "message", title="T")
        broadcast("everyone", "message", title="T")
    relay()
    wake_reconciler()
    subscribe(user, "releases")
    page = inboxes.list_items(user.inbox.pk, None, 10)
    inboxes.mark(user.inbox.pk, "read", [int(item["id"]) for item in page.items])
    client = Client()
    client.force_login(user)
    client.logout()
    user.set_password("another")
    user.save()


def in_a_thread(user: User) -> None:
    def run() -> None:
        try:
            everything_that_rings(user)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


@pytest.mark.parametrize("run", [everything_that_rings, in_a_thread])
def test_nothing_is_rung(run, network, ada):
    with capture():
        run(ada)
    assert network == []
    run(ada)
    assert network, "the instrument must see what rings afterwards"


def test_until_the_last_block_ends(network, ada):
    with quiet():
        with capture(), quiet():
            everything_that_rings(ada)
        everything_that_rings(ada)
        # Nor does what Redis did before matter.
        breaker.trip("Testing", OSError())
        breaker.reset()
        everything_that_rings(ada)
    assert network == []
    everything_that_rings(ada)
    assert network


@pytest.mark.parametrize("block", [capture, quiet])
def test_an_error_ends_it(block, network, ada):
    with pytest.raises(ZeroDivisionError), block():
        raise ZeroDivisionError
    everything_that_rings(ada)
    assert network


def test_blocks_that_overlap_in_threads(network, ada):
    """Whoever ends first does not end it for the others."""
    inside, ended = threading.Event(), threading.Event()

    def other() -> None:
        with quiet():
            inside.set()
            ended.wait()

    thread = threading.Thread(target=other)
    with quiet():
        thread.start()
        inside.wait()
    everything_that_rings(ada)
    assert network == []
    ended.set()
    thread.join()
    everything_that_rings(ada)
    assert network


def test_what_redis_did_before_is_not_forgotten(network, ada):
    breaker.trip("Testing", OSError())
    with capture():
        notify(ada, "message", title="T")
    assert breaker.is_open
