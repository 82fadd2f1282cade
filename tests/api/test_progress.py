"""`GET /api/v1/notifications/{id}` and `broadcasts/{id}`: how far it has come, for its key only."""

from typing import Any

import pytest
from django.utils import timezone

from notifications import notify
from notifications.models import Item, Notification, Outbox
from notifications.services.inbox import list_items, mark
from notifications.services.inboxes import ensure
from notifications.services.relay import relay
from tests.api.conftest import MakeService, Service, refused

pytestmark = pytest.mark.django_db

PARTS = ("state", "recipients", "waiting", "reached", "read", "failed")


def progress(service: Service, answer: Any) -> tuple[Any, ...]:
    found = service.get(answer["Location"].removeprefix("/api/v1/"))
    assert found.status_code == 200
    body = found.json()
    assert body["id"] == answer.json()["id"]
    return tuple(body[part] for part in PARTS)


def test_a_notification(ci: Service, ada: Any, bob: Any) -> None:
    answer = ci.notify("ada", "bob")
    assert progress(ci, answer) == ("working", 2, 2, 0, 0, 0)
    relay()
    assert progress(ci, answer) == ("done", 2, 0, 2, 0, 0)
    mark(ensure(ada).pk, "read", [int(answer.json()["id"])])
    assert progress(ci, answer) == ("done", 2, 0, 2, 1, 0)


def test_a_broadcast_reaches_who_looks(ci: Service, ada: Any, bob: Any) -> None:
    answer = ci.broadcast()
    assert progress(ci, answer) == ("working", 2, 2, 0, 0, 0)
    relay()
    assert progress(ci, answer) == ("done", 2, 0, 0, 0, 0)
    list_items(ensure(ada).pk, None, 10)
    assert progress(ci, answer) == ("done", 2, 0, 1, 0, 0)


def test_parked_rows_have_failed(ci: Service, ada: Any, bob: Any) -> None:
    for answer, count in ((ci.notify("ada"), 1), (ci.broadcast(), 2)):
        Outbox.objects.update(due_at=None)
        assert progress(ci, answer) == ("failed", count, 0, 0, 0, count)


def test_partly_parked_is_still_working(ci: Service, make_user: Any) -> None:
    names = [f"p{number}" for number in range(11)]
    for name in names:
        make_user(name)
    answer = ci.notify(*names)
    row = Outbox.objects.get()
    row.pk, keys = None, row.recipients
    row.recipients, row.due_at = keys[:4], None
    row.save()
    Outbox.objects.exclude(pk=row.pk).update(recipients=keys[4:])
    assert progress(ci, answer) == ("working", 11, 7, 0, 0, 4)


def test_taken_back(ci: Service, ada: Any) -> None:
    answer = ci.notify("ada")
    Notification.objects.update(retracted_at=timezone.now())
    assert progress(ci, answer)[0] == "retracted"


@pytest.mark.promise_8
def test_another_keys_is_like_an_unknown_one(service: MakeService, ci: Service, ada: Any) -> None:
    theirs, ours = service().notify("ada").json()["id"], ci.notify("ada").json()["id"]
    by_code = notify(ada, "message", title="x").pk
    told = {
        ci.get(f"notifications/{number}").content for number in (theirs, by_code, 10**9, 2**53 - 1)
    }
    assert len(told) == 1
    refused(ci.get(f"notifications/{theirs}"), 404, "not_found")
    # Nor is a notification a broadcast.
    refused(ci.get(f"broadcasts/{ours}"), 404, "not_found")
    assert ci.get(f"notifications/{ours}").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**53), "9" * 400])
def test_what_is_no_id(ci: Service, number: str) -> None:
    body = refused(ci.get(f"notifications/{number}"), 422, "bad_field")
    assert body["errors"][0]["part"] == "path"


def test_it_costs_a_constant_number_of_queries(
    ci: Service, ada: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    answer = ci.notify("ada", "bob")
    relay()
    assert Item.objects.count() == 2
    with django_assert_num_queries(6):  # the key, and five
        progress(ci, answer)
