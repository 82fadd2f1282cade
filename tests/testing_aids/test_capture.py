"""What is captured is what would be sent: from when to when, after rollbacks, in every way."""

import threading
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.db.models.signals import post_save
from django.test import TestCase

from notifications import broadcast, notify, notify_on
from notifications.exceptions import InvalidNotification, UnknownType
from notifications.testing import capture
from tests.testing_aids.conftest import both
from workers.broadcasts import broadcast as broadcast_task
from workers.notify import notify as notify_task


class Undo(Exception):
    """Makes a block roll back."""


def undone(say):
    with suppress(Undo), transaction.atomic():
        say()
        raise Undo


def titles(sent) -> list[str]:
    return [sending.title for sending in sent.everything]


@both
def test_from_its_beginning_to_its_end(commits, ada):
    notify(ada, "message", title="Before")
    with capture() as sent:
        assert titles(sent) == []
        notify(ada, "message", title="Meanwhile")
        assert titles(sent) == ["Meanwhile"]
    notify(ada, "message", title="After")
    assert titles(sent) == ["Meanwhile"]


@both
def test_what_was_rolled_back_is_not_captured(commits, ada):
    with capture() as sent:
        with transaction.atomic():
            notify(ada, "message", title="Before")
            undone(lambda: notify(ada, "message", title="Undone"))
            notify(ada, "message", title="After")
        undone(lambda: broadcast("everyone", "message", title="Undone"))
    assert titles(sent) == ["Before", "After"]


@both
def test_rolled_back_after_the_block(commits, ada):
    def say():
        nonlocal sent
        with capture() as sent:
            notify(ada, "message", title="Undone")
        sent.assert_notified(ada, title="Undone")

    sent = None
    undone(say)
    # SQLite gives the same keys again.
    notify(ada, "message", title="After")
    assert titles(sent) == []


@both
def test_an_error_is_passed_on(commits, ada):
    with suppress(Undo), capture() as sent:
        notify(ada, "message", title="Before")
        raise Undo
    assert titles(sent) == ["Before"]
    with capture() as sent, pytest.raises(UnknownType):
        notify(ada, "nonsense")
    with capture() as sent, pytest.raises(InvalidNotification):
        notify(ada, "message")
    sent.assert_nothing()


@both
def test_a_broken_transaction_hides_no_error(commits, ada):
    def fail():
        nonlocal sent
        with transaction.atomic(), capture() as sent:
            notify(ada, "message", title="Undone")
            Group.objects.bulk_create([Group(name="one"), Group(name="one")])

    sent = None
    with pytest.raises(IntegrityError):
        fail()
    sent.assert_nothing()


@both
def test_idempotency_keys_say_it_once(commits, ada):
    with capture() as sent:
        for _ in range(2):
            notify(ada, "message", title="Once", idempotency_key="key")
    sent.assert_notified(ada, times=1)
    with capture() as again:
        notify(ada, "message", title="Once", idempotency_key="key")
    again.assert_nothing()


@both
def test_one_in_another(commits, ada):
    with capture() as outer:
        notify(ada, "message", title="One")
        with capture() as inner:
            notify(ada, "message", title="Two")
        notify(ada, "message", title="Three")
    assert (titles(outer), titles(inner)) == (["One", "Two", "Three"], ["Two"])


@both
def test_signals_and_commands(commits, ada):
    rule = notify_on(
        post_save,
        sender=Group,
        type="message",
        to=lambda **_: ada,
        title=lambda instance, **_: f"New group {instance.name}",
    )
    try:
        with capture() as sent:
            Group.objects.create(name="one")
            call_command("notify", "ada", "By command", verbosity=0)
            call_command("broadcast", "everyone", "To all")
    finally:
        post_save.disconnect(rule, sender=Group)
    sent.assert_notified(ada, title="New group one", times=1)
    sent.assert_notified(ada, title="By command", times=1)
    sent.assert_broadcast("everyone", title="To all", times=1)


@both
def test_tasks(commits, ada):
    with capture() as sent:
        for title in ("Called", "Called too"):
            # As a function it has no id that it could be known by.
            notify_task([ada.pk], "message", title=title)
            broadcast_task("everyone", "message", title=title)
        notify_task.apply(([ada.pk], "message"), {"title": "Applied"}, throw=True)
        for _ in range(2):
            # Delivered again.
            notify_task.apply(([ada.pk], "message"), {"title": "Again"}, task_id="1", throw=True)
    assert [sending.title for sending in sent.to(ada)] == [
        "Called",
        "Called too",
        "Applied",
        "Again",
    ]
    sent.assert_broadcast("everyone", times=2)


class OnCommit(TestCase):
    """Django's own way to have hooks run that wait for a commit."""

    def setUp(self):
        self.group = Group.objects.create(name="before")
        self.sent = self.enterContext(capture())

    def say(self):
        notify(self.person, "message", title="At once")
        transaction.on_commit(lambda: notify(self.person, "message", title="On commit"))

    @classmethod
    def setUpTestData(cls):
        cls.person = User.objects.create_user("carol")

    def test_without_hooks(self):
        self.say()
        assert titles(self.sent) == ["At once"]

    def test_with_hooks(self):
        with self.captureOnCommitCallbacks(execute=True):
            self.say()
        assert titles(self.sent) == ["At once", "On commit"]


@pytest.mark.django_db(transaction=True)
def test_from_other_threads(ada):
    def say():
        try:
            notify(ada, "message", title="Elsewhere")
        finally:
            connection.close()

    with capture() as sent:
        thread = threading.Thread(target=say)
        thread.start()
        thread.join()
    assert titles(sent) == ["Elsewhere"]


@pytest.mark.django_db(transaction=True)
async def test_in_a_coroutine(ada):
    async with capture() as sent:
        await sync_to_async(notify)(ada, "message", title="Later")
    await sync_to_async(sent.assert_notified)(ada, title="Later", times=1)
    with pytest.raises(Undo):
        async with capture():
            raise Undo
    # That of the thread in which all this was done.
    await sync_to_async(connections.close_all)()
