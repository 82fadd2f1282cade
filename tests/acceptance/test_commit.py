"""What is committed reaches everyone, what is rolled back reaches nobody."""

import socket
from contextlib import suppress

import pytest
from django.db import transaction

from notifications import broadcast, notify
from notifications.models import IdempotencyKey, LogEntry, Notification, Outbox
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of

pytestmark = pytest.mark.promise_1


class Undo(Exception):
    """Makes a block roll back."""


def said_and_undone(say):
    with suppress(Undo), transaction.atomic():
        say()
        raise Undo


def test_rolled_back_reaches_nobody(screen, worker, ada):
    page = screen(ada)
    said_and_undone(lambda: notify(ada, "message", title="Undone", idempotency_key="key"))
    said_and_undone(lambda: broadcast("everyone", "message", title="Undone"))
    assert not Notification.objects.exists()
    assert not Outbox.objects.exists()
    assert not IdempotencyKey.objects.exists()
    # The key is free for what comes true.
    notify(ada, "message", title="Done", idempotency_key="key")
    page.follow_until("Done")
    assert page.titles == ["Done"]
    assert page.agrees()
    assert not LogEntry.objects.exists()


def test_a_savepoint_takes_only_its_own_back(screen, worker, ada, bob):
    page = screen(ada)
    with transaction.atomic():
        notify(ada, "message", title="Before")
        said_and_undone(lambda: notify([ada, bob], "message", title="Undone"))
        notify(ada, "message", title="After")
    page.follow_until("Before", "After")
    assert page.titles == ["After", "Before"]
    assert page.agrees()
    assert titles_of(bob) == []


@pytest.mark.django_db(transaction=True)
def test_inner_atomic_waits_for_the_outer_one(ada):
    def inner():
        with transaction.atomic():
            notify(ada, "message", title="Undone")

    said_and_undone(inner)
    relay()
    assert not Notification.objects.exists()
    assert titles_of(ada) == []


@pytest.mark.django_db(transaction=True)
def test_no_network_inside_the_transaction(redis_server, ada, monkeypatch):
    """Redis and the broker are met after the commit only (libpq does not use these sockets)."""
    met = []
    for name in ("connect", "send", "sendall"):
        real = getattr(socket.socket, name)

        def noted(self, *args, real=real, name=name):
            if self.family in (socket.AF_INET, socket.AF_INET6):
                met.append(name)
            return real(self, *args)

        monkeypatch.setattr(socket.socket, name, noted)
    with transaction.atomic():
        notify(ada, "message", title="Quiet", idempotency_key="key")
        broadcast("everyone", "message", title="Quiet")
        assert met == []
    assert met, "the instrument must see what is sent after the commit"
    met.clear()
    said_and_undone(lambda: notify(ada, "message", title="Undone"))
    assert met == []
