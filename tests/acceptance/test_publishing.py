"""Another service publishes over HTTP with nothing but an API key, and people see it at once."""

import json
import urllib.request

import pytest

from notifications.models import ApiKey
from notifications.services import api_keys
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_1, pytest.mark.any_database]


@pytest.fixture
def publish(live_site, db):
    """Publishes as a program would that has heard of this site only by its docs."""
    key = ApiKey(name="CI", types=["message"], topics=["everyone"], may_notify=True)
    shown = api_keys.create(key, None).shown

    def ask(path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers |= {"Authorization": f"Bearer {shown}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{live_site.url}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, json.load(answer)

    return ask


def test_published_over_http_and_seen_on_a_socket(publish, worker, screen, ada, bob):
    page, other = screen(ada), screen(bob)
    said = {"type": "message", "title": "Red", "recipients": {"emails": ["ada@example.com"]}}
    once = {"Idempotency-Key": '"build 4711"'}
    status, headers, body = publish("/api/v1/notifications", said, **once)
    assert (status, body["recipients"]) == (202, 1)
    page.follow_until("Red")
    again = publish("/api/v1/notifications", said, **once)
    assert again[1]["Idempotency-Replayed"] == "true"
    assert again[2] == body
    publish("/api/v1/broadcasts", {"type": "message", "title": "All", "topic": "everyone"})
    page.follow_until("All")
    other.follow_until("All")
    assert sorted(page.titles) == ["All", "Red"]
    assert other.titles == ["All"]
    progress = wait_until(
        lambda: (found := publish(headers["Location"])[2])["state"] == "done" and found
    )
    assert (progress["reached"], progress["waiting"], progress["failed"]) == (1, 0, 0)
