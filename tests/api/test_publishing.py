"""`POST /api/v1/notifications` and `broadcasts`: what is said arrives; what is refused says why."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from notifications.api.publishing_schemas import ContentIn
from notifications.models import Item, Notification, Outbox, Publication
from notifications.services.content import Fields
from notifications.services.inbox import list_items
from notifications.services.inboxes import ensure
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of
from tests.api.conftest import Service, refused

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db]


def test_it_reaches_inboxes(ci: Service, ada: Any, bob: Any, make_user: Any) -> None:
    gone = make_user("gone", is_active=False)
    answer = ci.notify("ada", "gone", title="Ready", body="Look", url="/x", level="success")
    assert answer.status_code == 202
    said = Notification.objects.get()
    assert answer["Location"] == f"/api/v1/notifications/{said.pk}"
    nobody: dict[str, list[str]] = {"ids": [], "usernames": [], "emails": []}
    assert answer.json() == {"id": str(said.pk), "recipients": 2, "unknown": nobody}
    relay()
    assert titles_of(ada) == ["Ready"]
    assert titles_of(bob) == []
    # Inactive people get theirs too.
    assert Item.objects.filter(inbox__user=gone).count() == 1


def test_every_field_is_taken(ci: Service, ada: Any) -> None:
    answer = ci.notify(
        "ada",
        title="T",
        body="B",
        url="https://example.com/",
        level="error",
        priority="urgent",
        thread="t",
        data={"n": [1, {"m": None}]},
        expires_at="2090-01-01T01:00:00+01:00",
        actor={"type": "ci.job", "id": "7", "label": "Build 7"},
        actions=[{"label": "Log", "url": "/builds/7/log/"}],
    )
    assert answer.status_code == 202
    said = Notification.objects.get()
    assert said.actions == [{"label": "Log", "url": "/builds/7/log/"}]
    assert (said.title, said.body, said.url) == ("T", "B", "https://example.com/")
    assert (said.level, said.priority, said.thread) == ("error", "urgent", "t")
    assert said.data == {"n": [1, {"m": None}]}
    assert said.expires_at.isoformat() == "2090-01-01T00:00:00+00:00"
    assert (said.actor_type, said.actor_id, said.actor_label) == ("ci.job", "7", "Build 7")


def test_every_field_of_our_own_code_is_there() -> None:
    assert set(ContentIn.model_fields) == {"type", *Fields.__annotations__}


def test_broadcast(ci: Service, ada: Any, make_user: Any) -> None:
    make_user("boss", is_staff=True)
    answer = ci.broadcast("everyone", title="All")
    assert answer.status_code == 202
    said = Notification.objects.get()
    assert answer["Location"] == f"/api/v1/broadcasts/{said.pk}"
    assert answer.json()["recipients"] == 2
    assert ci.broadcast("staff", title="Staff").json()["recipients"] == 1
    relay()
    page = list_items(ensure(ada).pk, None, 10)
    assert [item["title"] for item in page.items] == ["All"]


def test_unknown_people_do_not_keep_it_from_the_others(ci: Service, ada: Any, bob: Any) -> None:
    recipients = {
        "ids": [str(bob.pk), 10**9, 10**30, "x"],
        "usernames": ["nobody", "ada", "ada"],
        "emails": ["nobody@example.com", "ADA@example.com"],
    }
    answer = ci.notify(recipients=recipients)
    assert answer.status_code == 202
    assert answer.json()["recipients"] == 2
    assert answer.json()["unknown"] == {
        "ids": [10**9, 10**30, "x"],
        "usernames": ["nobody"],
        "emails": ["nobody@example.com"],
    }


def test_nobody_known(ci: Service, ada: Any) -> None:
    refused(ci.notify("nobody"), 422, "no_recipients")
    assert not Notification.objects.exists()
    assert not Publication.objects.exists()
    assert not Outbox.objects.exists()


def test_ten_thousand_people_for_a_constant_number_of_queries_per_thousand(
    ci: Service, django_assert_max_num_queries: Any
) -> None:
    model = get_user_model()
    model.objects.bulk_create(
        [
            model(username=f"p{number}", email=f"p{number}@example.com", password="!")
            for number in range(10_000)
        ],
        batch_size=1000,
    )
    names = [f"p{number}" for number in range(5000)]
    emails = [f"P{number}@example.com" for number in range(5000, 10_000)]
    # Ten for the names, and rows of the outbox of at least 500 people, 20 at a time.
    with django_assert_max_num_queries(30):
        answer = ci.notify(recipients={"usernames": names, "emails": emails})
    assert answer.status_code == 202
    assert answer.json()["recipients"] == 10_000
    assert sum(len(row.recipients) for row in Outbox.objects.all()) == 10_000


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"type": "nope"}, "unknown_notification_type"),
        ({"title": ""}, "invalid_notification"),
        ({"title": "x" * 201}, "bad_field"),
        ({"url": "javascript:x"}, "invalid_notification"),
        ({"level": "loud"}, "bad_field"),
        ({"priority": "x"}, "bad_field"),
        ({"title": "a\tb"}, "invalid_notification"),
        ({"expires_at": "tomorrow"}, "invalid_notification"),
        ({"expires_at": "2030-01-01T00:00:00"}, "invalid_notification"),
        ({"data": {"n": 2**53}}, "invalid_notification"),
        ({"actor": {"label": ""}}, "invalid_notification"),
        ({"type": ""}, "bad_field"),
        ({"type": "message\n"}, "bad_field"),
        ({"type": None}, "bad_field"),
        ({"title": 1}, "bad_field"),
        ({"data": []}, "bad_field"),
        ({"typo": 1}, "bad_field"),
        ({"idempotency_key": "k"}, "bad_field"),
        ({"recipients": {}}, "bad_field"),
        ({"recipients": []}, "bad_field"),
        ({"recipients": {"ids": [True]}}, "bad_field"),
        ({"recipients": {"ids": [1.5]}}, "bad_field"),
        ({"recipients": {"usernames": [1]}}, "bad_field"),
        ({"recipients": {"usernames": [""]}}, "bad_field"),
        ({"recipients": {"names": ["ada"]}}, "bad_field"),
        ({"recipients": {"ids": list(range(6000)), "emails": ["x"] * 6000}}, "bad_field"),
    ],
)
def test_what_cannot_be_said(ci: Service, ada: Any, said: dict[str, Any], code: str) -> None:
    refused(ci.notify("ada", **said), 422, code)
    assert not Notification.objects.exists()


@pytest.mark.parametrize("topic", ["nowhere", "auth_group.99", "auth_group.x"])
def test_unknown_topics(ci: Service, topic: str) -> None:
    refused(ci.broadcast(topic), 422, "unknown_topic")


@pytest.mark.parametrize("topic", ["", " ", "a b", "x" * 101, None, 1])
def test_what_is_no_topic(ci: Service, topic: Any) -> None:
    refused(ci.broadcast(topic), 422, "bad_field")


def test_pointers_say_where(ci: Service) -> None:
    body = refused(ci.notify("a", typo=1, title=1, data=[]), 422, "bad_field")
    assert {part["pointer"] for part in body["errors"]} == {"#/typo", "#/title", "#/data"}
    assert {part["part"] for part in body["errors"]} == {"body"}
