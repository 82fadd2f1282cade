"""A campaign whose relay dies in the middle: resumed or cancelled, nobody gets it twice."""

import pytest
from django.contrib.auth import get_user_model

from notifications.models import Item, Outbox
from notifications.selectors.announcements import progress
from notifications.services.announcements import announce_to, cancel
from notifications.services.outbox import retry
from notifications.services.relay import relay
from tests.acceptance.screen import counted
from tests.acceptance.test_relay_crash import relay_dies

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db(transaction=True)]

# Three claims of a relay on SQLite, two on PostgreSQL.
PEOPLE = 2500


@pytest.fixture
def campaign(redis_server, crowd):
    """It was put into one batch of inboxes; the relay died over the next, and a row was parked."""
    people = crowd(PEOPLE)
    said = announce_to(get_user_model().objects.all(), {"title": "The shop opens"}, None)
    relay_dies("before-commit", after=1)
    parked = Outbox.objects.order_by("-pk")[0]
    Outbox.objects.filter(pk=parked.pk).update(due_at=None, attempts=Outbox.ATTEMPTS)
    far = progress([said])[said.pk]
    assert 0 < far.reached < PEOPLE
    assert (far.recipients, far.reached + far.waiting) == (PEOPLE, PEOPLE)
    return said, people, far


def test_resumed(campaign):
    said, people, _ = campaign
    retry(Outbox.objects.filter(due_at=None))
    relay()
    assert not Outbox.objects.exists()
    assert progress([said])[said.pk].reached == PEOPLE
    reached = Item.objects.filter(notification=said.notification_id).values("inbox__user")
    assert reached.distinct().count() == PEOPLE
    assert counted([people[0], people[-1]])


def test_cancelled(campaign):
    said, _, before = campaign
    assert cancel(said, None) == before.waiting
    relay()
    far = progress([said])[said.pk]
    assert (far.reached, far.waiting, far.spared) == (before.reached, 0, before.waiting)
    assert far.reached + far.spared == far.recipients
