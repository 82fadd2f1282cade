"""The list over HTTP: filters, pages, tags."""

from typing import Any

import pytest
from django.test import Client

from notifications import broadcast, notify
from notifications.services import inbox as service
from notifications.testing import capture
from tests.api.test_authorization import browser

pytestmark = pytest.mark.django_db

URL = "/api/v1/inbox/"


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """Rates are not what this is about, nor is Redis."""
    settings.CLARION_RATE_PERSON = 0
    settings.CLARION_REDIS_URL = ""


def say(user: Any, *titles: str, **fields: Any) -> list[int]:
    """Notify somebody, and have it arrive; the ids."""
    with capture() as sent:
        ids = [notify(user, "message", title=title, **fields).pk for title in titles]
        sent.deliver()
    return ids


def titles(client: Client, **query: Any) -> list[str]:
    return [item["title"] for item in client.get(URL, query).json()["items"]]


class TestFilters:
    def test_each_list_has_its_own(self, ada: Any) -> None:
        [_, read, away] = say(ada, "Kept", "Read", "Away")
        say(ada, "First", "Second", thread="one")
        inbox = ada.inbox.pk
        service.mark(inbox, "read", [read])
        service.mark(inbox, "archived", [away])
        client = browser(ada)
        assert titles(client) == ["Second", "Read", "Kept"]
        assert titles(client, unread=True) == ["Second", "Kept"]
        assert titles(client, archived=True) == ["Away"]
        assert titles(client, snoozed=True) == []
        assert titles(client, thread="one") == ["Second", "First"]
        assert titles(client, category="messages") == ["Second", "Read", "Kept"]
        assert titles(client, category="other") == []
        assert client.get(f"{URL}items/{away}").json()["title"] == "Away"

    def test_a_filtered_first_page_takes_in_the_log(self, ada: Any) -> None:
        with capture() as sent:
            broadcast("everyone", "message", title="To all")
            sent.deliver()
        assert titles(browser(ada), unread=True) == ["To all"]

    def test_pages_while_others_arrive_show_each_item_once(self, ada: Any) -> None:
        said = say(ada, *[f"Said {number}" for number in range(7)])
        client = browser(ada)
        page = client.get(URL, {"limit": 3}).json()
        listed = [item["id"] for item in page["items"]]
        while page["next"]:
            say(ada, "Meanwhile")
            page = client.get(URL, {"limit": 3, "before": page["next"]}).json()
            listed += [item["id"] for item in page["items"]]
        assert listed == [str(pk) for pk in reversed(said)]


class TestTags:
    def test_what_is_the_same_is_not_sent_again(self, ada: Any) -> None:
        say(ada, "Said")
        client = browser(ada)
        answer = client.get(URL)
        assert answer["Cache-Control"] == "private, no-cache"
        assert {"Cookie", "Accept-Language"} <= set(answer["Vary"].split(", "))
        again = client.get(URL, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])

    @pytest.mark.parametrize(
        "change",
        [
            lambda ada, pk: say(ada, "More"),
            lambda ada, pk: service.mark(ada.inbox.pk, "read", [pk]),
            lambda ada, pk: broadcast("everyone", "message", title="To all"),
        ],
    )
    def test_what_has_changed_is(self, change: Any, ada: Any) -> None:
        [pk] = say(ada, "Said")
        client = browser(ada)
        tag = client.get(URL)["ETag"]
        with capture() as sent:
            change(ada, pk)
            sent.deliver()
        assert client.get(URL, headers={"If-None-Match": tag}).status_code == 200

    def test_another_question_or_language_is_another(self, ada: Any) -> None:
        client = browser(ada)
        tags = {
            client.get(URL, query, headers={"Accept-Language": language})["ETag"]
            for query in ({}, {"unread": True})
            for language in ("en", "de")
        }
        assert len(tags) == 4

    @pytest.mark.promise_8
    def test_who_signs_in_after_somebody_is_not_given_theirs(self, ada: Any, bob: Any) -> None:
        # Two inboxes that are equally new.
        tag = browser(ada).get(URL)["ETag"]
        answer = browser(bob).get(URL, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer["ETag"] != tag


class TestChanges:
    def test_pages_end_where_a_fresh_list_begins(self, ada: Any) -> None:
        client = browser(ada)
        cursor = client.get(URL).json()["cursor"]
        said = say(ada, *[f"Said {number}" for number in range(5)])
        service.mark(ada.inbox.pk, "archived", said[:1])
        seen: dict[str, Any] = {}
        more = True
        while more:
            page = client.get(f"{URL}changes", {"cursor": cursor, "limit": 2}).json()
            seen |= {item["id"]: item["archived_at"] for item in page["items"]}
            cursor, more = page["cursor"], page["more"]
        fresh = client.get(URL).json()
        assert cursor == fresh["cursor"]
        assert {pk for pk, archived in seen.items() if not archived} == {
            item["id"] for item in fresh["items"]
        }
        assert (page["unread"], page["unseen"]) == (fresh["unread"], fresh["unseen"])

    def test_a_cursor_of_another_database_is_gone(self, ada: Any) -> None:
        answer = browser(ada).get(f"{URL}changes", {"cursor": "other.0.0"})
        body = answer.json()
        assert (answer.status_code, body["code"]) == (410, "cursor_reset")
        assert body["reason"] == "epoch"


def test_counts_are_those_of_the_list(ada: Any) -> None:
    say(ada, "One", "Two")
    with capture() as sent:
        broadcast("everyone", "message", title="To all")
        sent.deliver()
    client = browser(ada)
    counts = client.get(f"{URL}counts").json()
    page = client.get(URL).json()
    assert counts == {name: page[name] for name in ("unread", "unseen", "taken")}
    assert counts["unread"] == 3
