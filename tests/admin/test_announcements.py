"""The history of announcements, and cancelling."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Announcement, Inbox, Notification, Outbox
from notifications.services import inbox
from notifications.services.announcements import announce, announce_to
from notifications.services.relay import relay
from tests.admin.conftest import MakeOperator, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

HISTORY = "/admin/clarion/announcement/"


@pytest.fixture
def said(ada: Any, bob: Any) -> Announcement:
    """Something said to two people, one of whom has read it."""
    announcement = announce_to(get_user_model().objects.all(), {"title": "Lunch"}, ada)
    relay()
    inbox.mark(Inbox.objects.get(user=ada).pk, "read", [announcement.notification_id])
    return announcement


def row_of(page: Any, announcement: Announcement) -> Any:
    return next(row for row in page.context["cl"].result_list if row.pk == announcement.pk)


def test_the_list_says_how_far_each_has_come(operator: MakeOperator, said: Announcement) -> None:
    client = operator("view_announcement")
    waits = announce("staff", {"title": "Wait"}, None)
    page = client.get(HISTORY)
    followed = row_of(page, said).progress
    assert (followed.recipients, followed.waiting, followed.reached, followed.read) == (2, 0, 2, 1)
    assert row_of(page, waits).progress.waiting == 1
    for text in ("Lunch", "Chosen people", "Staff", "ada"):
        assert text in text_of(page)


def test_the_list_costs_the_same_for_many(operator: MakeOperator, said: Announcement) -> None:
    client = operator("view_announcement")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(HISTORY)
        counts.append(len(queries))
        for number in range(20):
            announce("staff", {"title": str(number)}, said.sent_by)
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["To staff", "Lunch"]),
        ("?to=staff", ["To staff"]),
        ("?to=people", ["Lunch"]),
        ("?sender=me", ["To staff"]),
        ("?sender=person", ["To staff", "Lunch"]),
        ("?sender=schedule", []),
        ("?q=lunch", ["Lunch"]),
        ("?state__exact=failed", []),
    ],
)
def test_filters(operator: MakeOperator, said: Announcement, query: str, titles: list[str]) -> None:
    client = operator("view_announcement")
    announce("staff", {"title": "To staff"}, client.user)
    page = client.get(HISTORY + query)
    assert [row.notification.title for row in page.context["cl"].result_list] == titles


def test_cancelling_asks_once_and_spares_the_rest(operator: MakeOperator, ada: Any) -> None:
    client = operator("view_announcement", "compose")
    announcement = announce_to(get_user_model().objects.all(), {"title": "Oops"}, ada)
    one = f"{HISTORY}{announcement.pk}/"
    assert "Cancel…" in text_of(client.get(f"{one}change/"))
    assert "Keep it from 2 people?" in text_of(client.get(f"{one}cancel/"))
    assert Outbox.objects.exists()

    page = client.post(f"{one}cancel/", follow=True)
    assert "Cancelled: 2 people will not get it." in text_of(page)
    assert "2 people spared" in text_of(page)
    assert "Cancel…" not in text_of(page)
    assert not Outbox.objects.exists()
    announcement.refresh_from_db()
    assert announcement.cancelled_by == client.user
    # Once more, as from another tab.
    assert "cancelled already" in text_of(client.post(f"{one}cancel/", follow=True))


def test_what_is_gone_is_still_history(operator: MakeOperator, said: Announcement) -> None:
    client = operator("view_announcement")
    Notification.objects.all().delete()
    Announcement.objects.create(topic="gone.topic", state="failed", error="Unknown topic")
    assert "gone.topic" in text_of(client.get(HISTORY))
    for row in Announcement.objects.all():
        assert client.get(f"{HISTORY}{row.pk}/change/").status_code == 200


def test_it_is_only_read(operator: MakeOperator, said: Announcement) -> None:
    client = operator("view_announcement", "change_announcement", "delete_announcement", "compose")
    one = f"{HISTORY}{said.pk}/"
    assert client.post(f"{one}change/", {"topic": "x"}).status_code == 403
    assert client.post(f"{one}delete/", {"post": "yes"}).status_code == 403
