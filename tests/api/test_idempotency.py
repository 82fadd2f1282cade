"""`Idempotency-Key`: however often a service asks, it is said once, and the answer is the same."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from notifications.models import IdempotencyKey, Notification, Publication
from notifications.services import publishing, retention
from notifications.services.relay import relay
from tests.acceptance.screen import titles_of
from tests.api.conftest import MakeService, Service, refused
from tests.support.threads import at_once, elsewhere

pytestmark = [pytest.mark.promise_1, pytest.mark.django_db(transaction=True)]

DAY = timedelta(days=1)


def test_the_first_answer_again(ci: Service, ada: Any) -> None:
    first = ci.notify("ada", "nobody", once="k")
    assert "Idempotency-Replayed" not in first
    # What is true by now does not matter.
    ada.delete()
    again = ci.notify("ada", "nobody", once="k")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert Notification.objects.count() == 1


def test_broadcasts_too(ci: Service, ada: Any) -> None:
    first, again = (ci.broadcast(once="k") for _ in range(2))
    assert (again.status_code, again.content) == (202, first.content)
    assert Notification.objects.count() == 1


def test_the_same_in_another_order_and_spelling_is_the_same(ci: Service, ada: Any) -> None:
    bodies = (
        b'{"type": "message", "title": "x", "recipients": {"ids": [%d]}, "data": {"a": 1, "b": 2}}',
        b'{"data":{"b":2,"a":1},"recipients":{"emails":[],"ids":[%d]},"title":"x","type":"message"}',
    )
    first, again = (ci.post("notifications", body % ada.pk, "k") for body in bodies)
    assert first.status_code == again.status_code == 202
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    "other",
    [
        {"title": "Other"},
        {"recipients": {"usernames": ["bob"]}},
        {"recipients": {"usernames": ["ada"], "emails": ["bob@example.com"]}},
        {"data": {"x": 1}},
    ],
)
def test_another_body(ci: Service, ada: Any, bob: Any, other: dict[str, Any]) -> None:
    ci.notify("ada", once="k")
    refused(ci.notify("ada", once="k", **other), 422, "idempotency_conflict")
    refused(ci.broadcast(once="k"), 422, "idempotency_conflict")
    assert Notification.objects.count() == 1


def test_keys_are_per_api_key(service: MakeService, ada: Any) -> None:
    for number in range(2):
        answer = service().notify("ada", once="k", title=f"{number}")
        assert "Idempotency-Replayed" not in answer
        assert answer.status_code == 202
    assert Notification.objects.count() == 2


def test_what_was_refused_is_not_remembered(ci: Service, make_user: Any) -> None:
    refused(ci.notify("ada", once="k"), 422, "no_recipients")
    refused(ci.notify("ada", once="k", title=""), 422, "invalid_notification")
    make_user("ada")
    assert ci.notify("ada", once="k").status_code == 202


@pytest.mark.parametrize(
    ("header", "other"),
    [('"k"', "k"), ('"a\\"b\\\\"', 'a"b\\'), (" k ", "k"), ("x" * 255, "x" * 255)],
)
def test_spellings_of_a_key(ci: Service, ada: Any, header: str, other: str) -> None:
    """A string of RFC 9651, as the draft has it, or its bare text."""
    ci.notify("ada", once=header)
    assert ci.notify("ada", once=other)["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("header", [" ", '""', "x" * 256, "é", "a\tb"])
def test_what_is_no_key(ci: Service, ada: Any, header: str) -> None:
    refused(ci.notify("ada", once=header), 422, "bad_field")
    assert not Notification.objects.exists()


def test_ten_at_once_say_it_once(ci: Service, ada: Any) -> None:
    others = [Service(ci.shown) for _ in range(10)]
    answers = at_once([lambda other=other: other.notify("ada", once="k") for other in others])
    said = Notification.objects.get()
    assert Publication.objects.get().notification_id == said.pk
    fresh = [answer for answer in answers if "Idempotency-Replayed" not in answer]
    assert [answer.status_code for answer in fresh if answer.status_code != 409] == [202]
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "idempotency_in_progress")
        else:
            assert answer.json()["id"] == str(said.pk)
    relay()
    assert titles_of(ada) == ["Hello"]


@pytest.mark.postgresql
def test_the_first_is_still_being_done(
    ci: Service, ada: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "WAIT_SECONDS", 0.1)
    with transaction.atomic():
        first = ci.notify("ada", once="k")
        answer = elsewhere(lambda: Service(ci.shown).notify("ada", once="k"))
        refused(answer, 409, "idempotency_in_progress")
        assert int(answer["Retry-After"]) > 0
        # Other keys do not wait.
        assert elsewhere(lambda: Service(ci.shown).notify("ada", once="l")).status_code == 202
    again = ci.notify("ada", once="k")
    assert (again.status_code, again.content) == (202, first.content)


def test_a_process_that_died_in_the_middle_blocks_nothing(ci: Service, ada: Any) -> None:
    def die() -> None:
        # After everything was written, before it was committed; the database sees a closed socket.
        transaction.atomic().__enter__()
        assert ci.notify("ada", once="k").status_code == 202
        assert connection.connection is not None
        connection.connection.close()

    elsewhere(die)
    assert not Notification.objects.exists()
    answer = ci.notify("ada", once="k")
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer
    relay()
    assert titles_of(ada) == ["Hello"]


def test_forgotten_after_a_while(
    ci: Service, ada: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CLARION_IDEMPOTENCY_DAYS = 5
    monkeypatch.setattr(retention, "BATCH", 2)
    for number in range(5):
        ci.notify("ada", once=f"{number}")
    new = ci.notify("ada", once="new")
    old = Publication.objects.exclude(notification=new.json()["id"])
    keys = IdempotencyKey.objects.exclude(notification=new.json()["id"])
    # Never before the keys: who asks again is still told what was answered.
    for rows in (old, keys):
        rows.update(created_at=timezone.now() - 5 * DAY - timedelta(hours=1))
    assert retention.cleanup() == 5
    assert Publication.objects.count() == 6
    old.update(created_at=timezone.now() - 7 * DAY)
    assert retention.cleanup() == 5
    assert Publication.objects.count() == 1
    assert ci.notify("ada", once="new")["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in ci.notify("ada", once="0")
    assert Notification.objects.count() == 7
