"""`notify_on`: what follows from Django signals."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.signals import m2m_changed, post_save
from django.dispatch import Signal

from notifications import notify_on
from notifications.exceptions import InvalidNotification
from notifications.models import Item

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rule():
    """Connects rules for one test."""
    connected = []

    def connect(signal, **arguments):
        receiver = notify_on(signal, **{"type": "message", **arguments})
        connected.append((signal, receiver, arguments.get("sender")))
        return receiver

    yield connect
    for signal, receiver, sender in connected:
        signal.disconnect(receiver, sender=sender)


def titles(user) -> list[str]:
    items = Item.objects.filter(inbox__user=user).order_by("seq")
    return list(items.values_list("notification__title", flat=True))


def test_a_model_signal(rule, ada, relay_all):
    rule(
        post_save,
        sender=Group,
        to=lambda **_: ada,
        when=lambda created, **_: created,
        title=lambda instance, **_: f"New group {instance.name}",
    )
    group = Group.objects.create(name="one")
    group.save()
    relay_all()
    assert titles(ada) == ["New group one"]


def test_joining_a_group(rule, ada, bob, relay_all):
    rule(
        m2m_changed,
        sender=User.groups.through,
        when=lambda action, reverse, **_: action == "post_add" and not reverse,
        to=lambda instance, **_: instance,
        title="Welcome",
    )
    ada.groups.add(Group.objects.create(name="one"))
    relay_all()
    assert (titles(ada), titles(bob)) == (["Welcome"], [])


def test_a_signal_of_ones_own_to_many(rule, ada, bob, relay_all):
    paid = Signal()
    rule(paid, to=lambda **_: User.objects.all(), title=lambda amount, **_: f"Paid {amount}")
    paid.send(sender=None, amount=3)
    relay_all()
    assert titles(ada) == titles(bob) == ["Paid 3"]


@pytest.mark.promise_1
def test_rolled_back_with_what_it_speaks_of(rule, ada, relay_all):
    rule(post_save, sender=Group, to=lambda **_: ada, title="T")
    with transaction.atomic():
        Group.objects.create(name="one")
        transaction.set_rollback(True)
    relay_all()
    assert titles(ada) == []


def test_nobody_to_tell(rule, relay_all):
    rule(post_save, sender=Group, to=lambda **_: None, title="T")
    Group.objects.create(name="one")


def test_fixtures_are_passed_over(rule, ada, relay_all):
    rule(post_save, sender=Group, to=lambda **_: ada, title="T")
    Group(name="one").save_base(raw=True)
    relay_all()
    assert titles(ada) == []


def test_a_wrong_rule_is_the_senders_error(rule, ada):
    rule(post_save, sender=Group, to=lambda **_: ada, title="x" * 500)
    with pytest.raises(InvalidNotification), transaction.atomic():
        Group.objects.create(name="one")
    assert not Group.objects.exists()
