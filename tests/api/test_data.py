"""All that is kept about a person, over HTTP: exported, and deleted."""

from typing import Any

import pytest

from notifications import subscribe
from notifications.models import Item
from notifications.services import inbox as service
from notifications.services import preferences
from tests.api.test_authorization import browser
from tests.api.test_list import URL, say, titles

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """Rates are not what this is about, nor is Redis."""
    settings.CLARION_RATE_PERSON = 0
    settings.CLARION_REDIS_URL = ""


def test_all_is_exported_page_by_page(ada: Any, bob: Any) -> None:
    said = say(ada, "One", "Two", thread="t")
    [away] = say(ada, "Away")
    say(bob, "Not Ada's")
    service.mark(ada.inbox.pk, "archived", [away])
    preferences.mute(ada.inbox.pk, thread="loud")
    client = browser(ada)
    exported, after = {}, 0
    while after is not None:
        page = client.get(f"{URL}export", {"after": after, "limit": 1}).json()
        exported |= {item["id"]: (item["title"], item["folded"]) for item in page["items"]}
        after = page["next"]
    one, two = said
    assert exported == {
        str(one): ("One", True),
        str(two): ("Two", False),
        str(away): ("Away", False),
    }
    assert page["user"] == str(ada.pk)
    assert [muted["thread"] for muted in page["choices"]["threads"]] == ["loud"]
    assert {topic["topic"] for topic in page["topics"]} >= {"everyone"}


def test_all_is_deleted_and_what_is_said_then_arrives(ada: Any, bob: Any) -> None:
    subscribe(ada, "releases")
    say(ada, "One", "Two")
    say(bob, "Bob's")
    preferences.opt_out(ada.inbox.pk, "messages")
    client = browser(ada)
    cursor = client.get(URL).json()["cursor"]
    assert client.delete(URL).json() == {"deleted": 2}
    assert titles(client) == []
    assert list(Item.objects.values_list("inbox__user", flat=True)) == [bob.pk]
    chosen = {topic["key"]: topic["subscribed"] for topic in client.get(f"{URL}topics").json()}
    assert chosen["releases"] is False
    assert client.get(f"{URL}changes", {"cursor": cursor}).json()["code"] == "cursor_reset"
    say(ada, "Three")
    assert titles(client) == ["Three"]
