"""The list over HTTP: filters, pages, tags."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications import NotificationType, broadcast, notify, registry, retract, update
from notifications.models import Item, Notification
from notifications.rendering import wording
from notifications.services import inbox as service
from notifications.services import living
from notifications.services.pruning import prune_batch
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


def again(client: Client, query: Any, before: Any) -> Any:
    """The answer to somebody who has the one before, with the tag that it bore."""
    tag = before.headers.get("ETag")
    return client.get(URL, query, headers={"If-None-Match": tag} if tag else {})


def move_expiry(said: Notification, ahead: timedelta) -> None:
    """Have it expire so far from now."""
    Notification.objects.filter(pk=said.pk).update(expires_at=timezone.now() + ahead)


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

    @pytest.mark.parametrize("apart", ["archived", "snoozed"])
    def test_what_leaves_without_a_word_is_not_kept(self, apart: str, ada: Any) -> None:
        said = say(ada, "First", "Second")
        inbox = ada.inbox.pk
        if apart == "archived":
            service.mark(inbox, "archived", said)
        else:
            service.snooze(inbox, said, timezone.now() + timedelta(days=1))
        client, query = browser(ada), {apart: True}
        before = client.get(URL, query)
        assert len(before.json()["items"]) == 2
        assert prune_batch(inbox, Item.objects.filter(notification=said[0])) == 1
        after = again(client, query, before)
        assert after.status_code == 200
        assert [item["title"] for item in after.json()["items"]] == ["Second"]

    def test_what_changes_below_the_newest_of_its_thread_is_not_kept(self, ada: Any) -> None:
        [first, _] = say(ada, "First", "Second", thread="one")
        client, query = browser(ada), {"thread": "one"}
        before = client.get(URL, query)
        with capture() as sent:
            update(Notification.objects.get(pk=first), title="Changed")
            sent.deliver()
        after = again(client, query, before)
        assert after.status_code == 200
        assert [item["title"] for item in after.json()["items"]] == ["Second", "Changed"]

    def test_who_asks_for_no_number_is_given_todays(self, ada: Any, settings: Any) -> None:
        say(ada, "First", "Second")
        client = browser(ada)
        before = client.get(URL)
        settings.CLARION_PAGE_SIZE = 1
        after = again(client, {}, before)
        assert (after.status_code, len(after.json()["items"])) == (200, 1)

    def test_a_release_that_says_it_otherwise_is_heard(
        self, ada: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(registry, "_types", dict(registry._types))
        wording.cache_clear()
        registry.register(NotificationType(key="test.tea", category="test", title="Tea"))
        with capture() as sent:
            notify(ada, "test.tea")
            sent.deliver()
        client = browser(ada)
        before = client.get(URL)
        assert again(client, {}, before).status_code == 304
        changed = NotificationType(key="test.tea", category="test", title="Tea is ready")
        monkeypatch.setitem(registry._types, "test.tea", changed)
        # A release is other processes.
        wording.cache_clear()
        after = again(client, {}, before)
        assert after.status_code == 200
        assert titles(client) == ["Tea is ready"]

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (lambda said: update(said, title="Changed"), ["Changed", "Other"]),
            (retract, ["Other"]),
            # Time goes on.
            (lambda said: move_expiry(said, timedelta(seconds=-1)), ["Other"]),
        ],
        ids=["updated", "retracted", "expired"],
    )
    def test_what_the_inbox_has_not_been_told_yet(
        self, change: Any, expected: list[str], ada: Any, bob: Any
    ) -> None:
        say(ada, "Other")
        say(bob, "Other")
        [pk] = say(ada, "Said")
        said = Notification.objects.get(pk=pk)
        move_expiry(said, timedelta(hours=1))
        client, of_bob = browser(ada), browser(bob)
        before, bobs = client.get(URL), of_bob.get(URL)
        assert again(client, {}, before).status_code == 304
        with capture() as sent:
            change(said)
            after = again(client, {}, before)
            assert after.status_code == 200
            assert [item["title"] for item in after.json()["items"]] == expected
            # Whom it does not concern is spared.
            assert again(of_bob, {}, bobs).status_code == 304
            living.expire()
            sent.deliver()
        told = again(client, {}, after)
        assert told.status_code == 200
        assert again(client, {}, told).status_code == 304

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
