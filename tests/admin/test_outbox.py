"""The outbox as an operator reads it, and the warnings on all pages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from notifications import broadcast, notify
from notifications.models import Heard, Outbox
from tests.admin.conftest import MakeOperator, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

OUTBOX = "/admin/clarion/outbox/"
HISTORY = "/admin/clarion/announcement/"


@pytest.fixture
def parked(ada: Any) -> Outbox:
    """A row that was given up."""
    notify(ada, "message", title="<b>Poison</b>")
    Outbox.objects.update(due_at=None, attempts=10, error="TypeError: no such thing <i>")
    return Outbox.objects.get()


def test_rows_are_in_words(operator: MakeOperator, parked: Outbox) -> None:
    broadcast("staff", "message", title="Waits")
    client = operator("view_outbox")
    page = text_of(client.get(OUTBOX))
    for text in (
        "Deliver “&lt;b&gt;Poison",
        "1 person",
        "Parked after 10 attempts",
        "TypeError: no such thing &lt;i&gt;",
    ):
        assert text in page
    for text in ("Deliver “Waits”", "Staff", "Waiting for a worker"):
        assert text in page
    assert "Waits" not in text_of(client.get(f"{OUTBOX}?state=parked"))
    assert "no such thing" in text_of(client.get(f"{OUTBOX}{parked.pk}/change/"))


def test_retrying_takes_the_permission(operator: MakeOperator, parked: Outbox) -> None:
    retry = {"action": "retry", "_selected_action": str(parked.pk)}
    operator("view_outbox").post(OUTBOX, retry)
    parked.refresh_from_db()
    assert parked.due_at is None
    page = operator("change_outbox", name="chief").post(OUTBOX, retry, follow=True)
    assert "1 row will be tried again." in text_of(page)
    parked.refresh_from_db()
    assert (parked.attempts, parked.error) == (0, "")


def test_parked_rows_are_a_warning_for_who_may_see_them(
    operator: MakeOperator, parked: Outbox
) -> None:
    warning = "1 row of the outbox failed ten times and waits for you"
    page = text_of(operator("view_announcement", "view_outbox").get(HISTORY))
    assert warning in page
    assert f"{OUTBOX}?state=parked" in page
    assert warning not in text_of(operator("view_announcement", name="other").get(HISTORY))


@pytest.mark.usefixtures("redis_server")
def test_silence_is_a_warning(operator: MakeOperator) -> None:
    client = operator("view_announcement", "compose")
    assert "clarion-warnings" not in text_of(client.get(HISTORY))
    Heard.objects.update(at=timezone.now() - timedelta(minutes=3))
    assert "heard for 3 minutes" in text_of(client.get(HISTORY))
