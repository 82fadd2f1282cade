"""Assertions hold when they should, fail when they should, and say what was sent instead."""

from datetime import UTC, datetime
from unittest.mock import ANY

import pytest
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy

from notifications import broadcast, notify
from notifications.models import Outbox
from notifications.services.outbox import ROW_RECIPIENTS_DEFAULT
from notifications.testing import capture
from tests.testing_aids.conftest import SHIPPED

pytestmark = pytest.mark.django_db

NEVER = datetime(2099, 12, 31, tzinfo=UTC)
SAID = {
    "title": "A backup is late",
    "body": "Two days old.",
    "url": "https://backups.example/7",
    "level": "warning",
    "priority": "urgent",
    "thread": "backup.7",
    "data": {"tries": [1, 2], "backup": 7},
    "expires_at": NEVER,
}


@pytest.fixture
def sent(ada, bob):
    """A typed notification for Ada, one with its own text for both, a broadcast."""
    with capture() as sent:
        notify(ada, "shop.order_shipped", data=SHIPPED, url="/orders/17/")
        notify([ada, bob], "message", actor=bob, **SAID)
        broadcast("everyone", "message", title="Maintenance at noon")
    return sent


def failure(assertion, *arguments, **expected) -> str:
    with pytest.raises(AssertionError) as caught:
        assertion(*arguments, **expected)
    return str(caught.value)


def test_notified(sent, ada, bob):
    sent.assert_notified(ada)
    sent.assert_notified(ada, times=2)
    sent.assert_notified(ada, type="shop.order_shipped", times=1)
    sent.assert_notified(bob, type="message", times=1)
    sent.assert_notified([ada, bob], type="message", times=1)
    sent.assert_notified(get_user_model().objects.all(), type="message")
    assert failure(sent.assert_notified, ada, times=1).startswith(
        "ada was notified twice, not once.\n"
    )
    assert failure(sent.assert_notified, ada, times=3).startswith(
        "ada was notified twice, not 3 times.\n"
    )
    # One of two is not both of them.
    assert failure(sent.assert_notified, [ada, bob], type="shop.order_shipped").startswith(
        "bob was not notified with type='shop.order_shipped'.\n"
    )
    assert "nobody" in failure(sent.assert_notified, [])


def test_a_failure_lists_what_was_sent(sent, bob):
    message = failure(sent.assert_notified, bob, type="message", title="A backup is early")
    order = (
        "shop.order_shipped 'Order A-17 is on its way', body='It should arrive on Friday.',"
        " url='/orders/17/', data={'day': 'Friday', 'number': 'A-17'}"
    )
    backup = (
        "message 'A backup is late', body='Two days old.', url='https://backups.example/7',"
        " data={'tries': [1, 2], 'backup': 7}, thread='backup.7',"
        f" actor={{'type': 'auth.user', 'id': '{bob.pk}', 'label': 'bob'}}"
    )
    assert message.splitlines() == [
        "bob was not notified with type='message', title='A backup is early'.",
        "Sent was:",
        f"  1. to ada: {order}",
        f"  2. to ada, bob: {backup}",
        "     title is 'A backup is late'",
        "  3. broadcast to everyone: message 'Maintenance at noon'",
    ]


def test_every_field_counts(sent, bob):
    sent.assert_notified(bob, category="messages", actor=bob, actions=[], times=1, **SAID)
    for name, wrong in {
        "type": "shop.order_shipped",
        "category": "orders",
        "title": "A backup",
        "body": "",
        "url": "/7",
        "level": "info",
        "priority": "normal",
        "thread": "",
        "data": {"backup": 8},
        "actor": None,
        "actions": [{"label": "Open", "url": "/"}],
        "expires_at": None,
    }.items():
        sent.assert_not_notified(bob, **{name: wrong})
        assert f"\n     {name} is " in failure(sent.assert_notified, bob, **{name: wrong})


def test_data_names_the_part_that_matters(sent, ada):
    sent.assert_notified(ada, data={"number": "A-17"}, times=1)
    sent.assert_notified(ada, data={"tries": [1, 2]}, times=1)
    sent.assert_notified(ada, data={"number": ANY}, times=1)
    sent.assert_notified(ada, data={}, times=2)
    for other in ({"number": "A-18"}, {"number": "A-17", "weight": None}):
        assert "data is" in failure(sent.assert_notified, ada, data=other)


def test_actors_in_any_form(sent, ada, bob):
    for actor in (bob, "bob", {"label": "bob", "id": str(bob.pk)}):
        sent.assert_notified(bob, actor=actor, times=1)
    for actor in (ada, "ada", {"label": "bob", "type": "auth.group"}):
        sent.assert_not_notified(bob, actor=actor)
    sent.assert_notified(ada, actor=None, times=1)


def test_a_field_that_there_is_not(sent, ada):
    with pytest.raises(TypeError, match=r"titel: no such field; there are type, .*title"):
        sent.assert_notified(ada, titel="A backup is late")


def test_not_notified(sent, ada, bob, make_user):
    sent.assert_not_notified(make_user("carol"))
    sent.assert_not_notified(bob, type="shop.order_shipped")
    message = failure(sent.assert_not_notified, bob)
    assert message.startswith("bob was notified once, not never.\nSent was:\n")
    # One of two is enough.
    assert failure(sent.assert_not_notified, [bob, ada], type="shop.order_shipped").startswith(
        "ada was notified with type='shop.order_shipped' once, not never.\n"
    )


def test_broadcasts(sent):
    sent.assert_broadcast("everyone", type="message", title="Maintenance at noon", times=1)
    sent.assert_not_broadcast("staff")
    sent.assert_not_broadcast("everyone", level="error")
    message = failure(sent.assert_broadcast, "staff")
    assert message.startswith("Topic staff was not told.\nSent was:\n  1. to ada: ")
    assert "     title is 'Maintenance at noon'" in failure(
        sent.assert_broadcast, "everyone", title="Maintenance"
    )
    assert failure(sent.assert_not_broadcast, "everyone").startswith(
        "Topic everyone was told once, not never.\n"
    )


def test_nothing(sent):
    message = failure(sent.assert_nothing)
    assert message.startswith("Nothing was to be sent.\nSent was:\n  1. to ada: ")
    assert "  3. broadcast to everyone: " in message
    with capture() as other:
        pass
    other.assert_nothing()


def test_where_nothing_was_sent(ada):
    with capture() as sent:
        pass
    sent.assert_not_notified(ada)
    assert failure(sent.assert_notified, ada) == "ada was not notified.\nNothing was sent."


def test_looking(sent, ada, bob):
    order, backup = sent.notifications
    assert (order.users, backup.users) == ([ada], [ada, bob])
    assert order.user_keys == [str(ada.pk)]
    assert (order.title, order.body) == (
        "Order A-17 is on its way",
        "It should arrive on Friday.",
    )
    assert backup.notification.url == SAID["url"]
    assert sent.to(bob) == [backup]
    [noon] = sent.broadcasts
    assert (noon.topic, noon.title, noon.users) == ("everyone", "Maintenance at noon", [])
    assert sent.everything == [order, backup, noon]
    assert sent.updates == sent.retractions == []


def test_in_the_readers_language(ada):
    with capture() as sent:
        notify(ada, "shop.yes")
    assert sent.notifications[0].text("de") == ("Ja", "")
    assert sent.notifications[0].title == "Yes"
    sent.assert_notified(ada, title="Ja", language="de")
    sent.assert_notified(ada, title="Yes")
    sent.assert_notified(ada, title=gettext_lazy("Yes"), language="de")
    assert "title is 'Ja'" in failure(sent.assert_notified, ada, title="Yes", language="de")


def test_very_many_people(ada):
    users = get_user_model().objects
    count = ROW_RECIPIENTS_DEFAULT + 100
    users.bulk_create(users.model(username=f"u{n:04}") for n in range(count))
    with capture() as sent:
        notify(users.filter(username__startswith="u").order_by("pk"), "message", title="Many")
    # Several rows, and one notification.
    assert Outbox.objects.count() > 1
    [many] = sent.notifications
    assert len(many.user_keys) == count
    sent.assert_notified(users.get(username="u1099"), times=1)
    message = failure(sent.assert_notified, ada)
    assert f"1. to u0000, u0001, u0002, u0003, u0004 and {count - 5} more: message" in message


def test_very_many_notifications(ada, bob):
    with capture() as sent:
        for number in range(25):
            notify(ada, "message", title=f"{number}")
    lines = failure(sent.assert_notified, bob).splitlines()
    assert (lines[-2:]) == ["  20. to ada: message '19'", "  and 5 more"]


def test_people_who_are_gone(ada, bob):
    key = ada.pk
    with capture() as sent:
        notify(ada, "message", title="T")
    ada.delete()
    assert sent.notifications[0].users == []
    assert f"1. to user {key}: message 'T'" in failure(sent.assert_notified, bob)


@pytest.fixture
def said(ada, bob):
    """What was said before the test listens."""
    return notify([ada, bob], "message", title="Before")


def again(notification, kind, recipients=()):
    """Write what the relay finds when something is updated or retracted."""
    lane = Outbox.Lane.DIRECT
    row = {"notification": notification, "recipients": list(recipients), "lane": lane}
    Outbox.objects.create(kind=kind, **row)


def test_updated(said, ada):
    with capture() as sent:
        other = notify(ada, "message", title="Other")
        said.title = "After"
        said.save()
        again(said, Outbox.Kind.UPDATE)
    sent.assert_updated(said, title="After", times=1)
    assert [update.title for update in sent.updates] == ["After"]
    # An update is not a second notification.
    sent.assert_not_notified(ada, title="After")
    message = failure(sent.assert_updated, said, title="Before")
    assert f"  2. update of notification {said.pk}: message 'After'\n     title is" in message
    assert failure(sent.assert_updated, other).startswith(
        f"Notification {other.pk} was not updated.\n"
    )


def test_retracted(said, ada, bob):
    with capture() as sent:
        again(said, Outbox.Kind.RETRACT)
    sent.assert_retracted(said)
    sent.assert_retracted(said, ada)
    with pytest.raises(AssertionError, match=f"retraction of notification {said.pk}: "):
        sent.assert_nothing()


def test_retracted_from_one_person(said, ada, bob):
    with capture() as sent:
        again(said, Outbox.Kind.RETRACT, [str(ada.pk)])
    sent.assert_retracted(said, ada)
    assert sent.retractions[0].users == [ada]
    message = failure(sent.assert_retracted, said, bob)
    assert message.startswith(f"Notification {said.pk} was not retracted from bob.\n")
    assert f"  1. retraction of notification {said.pk} for ada: message" in message
    assert "was not retracted." in failure(sent.assert_retracted, said)
