"""A row that cannot be done harms no other, backs off, and ends up before an operator."""

import urllib.parse

import pytest
from django.conf import settings
from django.db.models.functions import Now

from notifications import notify
from notifications.models import Outbox
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of

pytestmark = pytest.mark.promise_1


def poisoned(row):
    """Spoil a row: nothing that can be notified is in it."""
    Outbox.objects.filter(pk=row.pk).update(recipients=5)


def test_poison_row(live_site, screen, ada, bob, make_user):
    page = screen(ada)
    for title in ("Before", "Poison", "After"):
        notify([ada, bob], "message", title=title)
    row = Outbox.objects.get(notification__title="Poison")
    poisoned(row)
    relay()
    # The others of its batch are delivered, at once.
    page.follow_until("Before", "After")
    assert titles_of(bob) == ["Before", "After"]
    row.refresh_from_db()
    assert row.attempts == 1
    assert "TypeError" in row.error

    # It backs off, further each time ...
    waits = []
    for attempt in range(1, Outbox.ATTEMPTS):
        row.refresh_from_db()
        assert (row.attempts, row.due_at is None) == (attempt, False)
        waits.append(row.due_at - row.created_at)
        relay()
        row.refresh_from_db()
        assert row.attempts == attempt, "not before its time"
        Outbox.objects.filter(pk=row.pk).update(due_at=Now(), created_at=Now())
        relay()
    assert waits == sorted(waits)
    assert waits[-1].total_seconds() >= 250
    # ... and is parked, out of every relay's way.
    row.refresh_from_db()
    assert (row.attempts, row.due_at) == (Outbox.ATTEMPTS, None)
    notify(ada, "message", title="Meanwhile")
    relay()
    row.refresh_from_db()
    assert row.attempts == Outbox.ATTEMPTS

    # An operator sees it and, once the cause is mended, tries again.
    ops = live_site.browser(make_user("ops", is_staff=True, is_superuser=True))
    status, listing = ops.request("GET", "/admin/clarion/outbox/?state=parked")
    assert (status, "TypeError" in listing) == (200, True)
    Outbox.objects.filter(pk=row.pk).update(recipients=[str(ada.pk), str(bob.pk)])
    form = {"action": "retry", "_selected_action": row.pk, "csrfmiddlewaretoken": "t" * 32}
    status, _ = ops.request(
        "POST",
        "/admin/clarion/outbox/",
        urllib.parse.urlencode(form).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
        {settings.CSRF_COOKIE_NAME: "t" * 32},
    )
    assert status == 302
    relay()
    page.follow_until("Poison", "Meanwhile")
    assert titles_of(bob) == ["Before", "After", "Poison"]
    assert page.agrees()


@pytest.mark.django_db(transaction=True)
def test_poison_in_the_bulk_lane(redis_server, ada, crowd):
    people = crowd(20)
    for title in ("Poison", "Good", "Also good"):
        notify([ada, *people], "message", title=title)
    poisoned(Outbox.objects.get(notification__title="Poison"))
    relay()
    assert titles_of(ada) == titles_of(people[-1]) == ["Good", "Also good"]
