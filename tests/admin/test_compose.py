"""The page "Send an announcement"."""

import html
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client

from notifications.models import Announcement, Notification, Outbox
from tests.admin.conftest import MakeOperator, hidden, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

COMPOSE = "/admin/clarion/announcement/add/"
USERS = "/admin/auth/user/"


def filled(**fields: str) -> dict[str, str]:
    return {"topic": "staff", "type": "message", "title": "Lunch", "key": "k1", **fields}


def test_preview_shows_the_row_and_the_number(operator: MakeOperator, ada: Any) -> None:
    client = operator("compose", "announce_to_everyone")
    page = client.post(COMPOSE, filled(topic="everyone", title="Lunch & more", _preview="1"))
    assert page.context["preview"].title == "Lunch & more"
    document = page.context["preview"].document
    assert '<li class="item is-unread" data-level="info">' in document
    assert ">Lunch &amp; more<" in document
    assert html.escape(document) in text_of(page)
    assert page.context["reach"] == "2 people"
    assert not Notification.objects.exists()


def test_a_typed_preview_borrows_from_the_example(operator: MakeOperator) -> None:
    client = operator("compose")
    typed = filled(type="demo.signed_in", title="", _preview="1")
    page = client.post(COMPOSE, typed)
    assert "From 192.0.2.7." in page.context["preview"].document
    assert page.context["preview"].lent == ["address"]
    page = client.post(COMPOSE, typed | {"data": '{"address": "203.0.113.9"}'})
    assert "From 203.0.113.9." in page.context["preview"].document
    assert page.context["preview"].lent == []

    page = client.post(COMPOSE, filled(type="demo.signed_in", title="", _send="1"))
    assert "Data lacks address" in text_of(page)
    assert not Notification.objects.exists()


def test_titles_are_text(operator: MakeOperator) -> None:
    client = operator("compose", "view_announcement")
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
    page = client.post(COMPOSE, filled(title=hostile, body=hostile, _preview="1"))
    document = page.context["preview"].document
    assert "<script>alert" not in document
    assert "<img src=x" not in document
    page = client.post(COMPOSE, filled(title=hostile, body=hostile, _send="1"), follow=True)
    announcement = Announcement.objects.get()
    for address in (
        page.request["PATH_INFO"],
        "/admin/clarion/announcement/",
        f"/admin/clarion/announcement/{announcement.pk}/cancel/",
    ):
        shown = text_of(client.get(address))
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("title", "", "A notification of type"),
        ("title", "x" * 201, "Title has 201 characters"),
        ("url", "javascript:alert(1)", "Url must be a path"),
        ("data", "{oops", "Enter a valid JSON"),
        ("data", "[1]", "Data must be a mapping"),
    ],
)
def test_what_is_refused_is_marked_and_nothing_is_lost(
    operator: MakeOperator, field: str, value: str, says: str
) -> None:
    client = operator("compose")
    page = client.post(COMPOSE, filled(body="Kept", _send="1") | {field: value})
    form = page.context["adminform"].form
    assert says in str(form.errors[field])
    assert form["body"].value() == "Kept"
    assert value in html.unescape(text_of(page))
    assert not Notification.objects.exists()


def test_to_myself_first(operator: MakeOperator) -> None:
    client = operator("compose")
    page = client.post(COMPOSE, filled(_self="1"))
    assert page.context["adminform"].form["title"].value() == "Lunch"
    row = Outbox.objects.get()
    assert row.recipients == [str(client.user.pk)]
    assert row.notification.data == {"test": True}
    assert not Announcement.objects.exists()


def test_posted_twice_it_is_sent_once(operator: MakeOperator) -> None:
    client = operator("compose", "view_announcement")
    first, second = (client.post(COMPOSE, filled(_send="1")) for _ in range(2))
    announcement = Announcement.objects.get()
    assert announcement.sent_by == client.user
    assert first.url == second.url == f"/admin/clarion/announcement/{announcement.pk}/change/"
    assert Notification.objects.count() == 1

    # Back, and something else in the same form.
    page = client.post(COMPOSE, filled(title="Dinner", _send="1"))
    assert "sent before with other content" in text_of(page)
    key = page.context["adminform"].form["key"].value()
    client.post(COMPOSE, filled(title="Dinner", key=key, _send="1"))
    assert [row.title for row in Notification.objects.order_by("pk")] == ["Lunch", "Dinner"]


def test_the_form_of_somebody_else_is_another_form(operator: MakeOperator) -> None:
    for name in ("ops", "other"):
        operator("compose", name=name).post(COMPOSE, filled(_send="1"))
    assert Announcement.objects.count() == 2


def test_everyone_is_asked_about_once_with_the_number(
    operator: MakeOperator, ada: Any, bob: Any
) -> None:
    client = operator("compose", "announce_to_everyone")
    page = client.post(COMPOSE, filled(topic="everyone", body="One\nTwo", _send="1"))
    assert "Send to 3 people?" in text_of(page)
    assert not Notification.objects.exists()
    client.post(COMPOSE, hidden(page) | {"_confirmed": "Yes"})
    assert Notification.objects.get().body == "One\nTwo"
    announcement = Announcement.objects.get()
    assert (announcement.topic, announcement.recipients) == ("everyone", 3)


def test_topics_are_offered_by_permission(operator: MakeOperator) -> None:
    group = Group.objects.create(name="night shift")
    keys = lambda page: {  # noqa: E731
        key
        for _, part in page.context["adminform"].form.fields["topic"].choices
        if isinstance(part, list)
        for key, _ in part
    }
    some = keys(operator("compose").get(COMPOSE))
    assert {"staff", f"auth_group.{group.pk}"} <= some
    assert "everyone" not in some
    every = keys(operator("compose", "announce_to_everyone", name="chief").get(COMPOSE))
    assert "everyone" in every


# --- Chosen people ---------------------------------------------------------------------------


@pytest.fixture
def crowd(db: None) -> list[Any]:
    """More people than a page of the list shows."""
    users = get_user_model()
    return users.objects.bulk_create(
        users(username=f"reader-{number}", email=f"{number % 2}@example.com")
        for number in range(120)
    )


def choose(client: Client, query: str = "", **fields: Any) -> Any:
    action = {"action": "notify_people", "index": "0", **fields}
    return client.post(f"{USERS}{query}", action)


def test_people_who_were_ticked(operator: MakeOperator, ada: Any, bob: Any) -> None:
    client = operator("compose", "auth.view_user")
    page = choose(client, _selected_action=[str(ada.pk), str(bob.pk)], select_across="0")
    assert page.context["chosen"] == "2 people"
    fields = filled(people=hidden(page)["people"], _send="1")
    del fields["topic"]
    client.post(COMPOSE, fields)
    announcement = Announcement.objects.get()
    assert (announcement.topic, announcement.recipients) == ("", 2)
    assert sorted(Outbox.objects.get().recipients) == sorted([str(ada.pk), str(bob.pk)])
    client.post(COMPOSE, fields)
    assert Announcement.objects.count() == 1


def test_all_across_the_pages_of_a_search(operator: MakeOperator, crowd: list[Any]) -> None:
    client = operator("compose", "auth.view_user")
    page = choose(
        client, "?q=1@example.com", _selected_action=[str(crowd[1].pk)], select_across="1"
    )
    assert page.context["chosen"] == "60 people"
    carried = hidden(page)["people"]
    assert len(carried) < 300
    fields = {"type": "message", "title": "To many", "people": carried, "key": "k", "_send": "1"}
    page = client.post(COMPOSE, fields)
    assert "Send to 60 people?" in text_of(page)
    client.post(COMPOSE, hidden(page) | {"_confirmed": "Yes"})
    assert Announcement.objects.get().recipients == 60
    reached = {key for row in Outbox.objects.all() for key in row.recipients}
    assert reached == {str(user.pk) for user in crowd if user.email == "1@example.com"}


def test_a_selection_is_nobody_elses(operator: MakeOperator, ada: Any) -> None:
    client = operator("compose", "auth.view_user")
    page = choose(client, _selected_action=[str(ada.pk)], select_across="0")
    fields = {"type": "message", "title": "x", "people": hidden(page)["people"], "key": "k"}
    other = operator("compose", "auth.view_user", name="other")
    assert other.post(COMPOSE, fields | {"_send": "1"}).status_code == 400
    # Nor of use to who may not see users any more.
    client.user.user_permissions.remove(client.user.user_permissions.get(codename="view_user"))
    again = signed_in(client.user)
    assert again.post(COMPOSE, fields | {"_send": "1"}).status_code == 403
    assert not Notification.objects.exists()


def test_the_action_is_for_those_who_may_compose(operator: MakeOperator, ada: Any) -> None:
    without = operator("auth.view_user")
    assert "notify_people" not in text_of(without.get(USERS))
    page = choose(without, _selected_action=[str(ada.pk)], select_across="0")
    assert "Send an announcement" not in text_of(page)
    assert "notify_people" in text_of(operator("compose", "auth.view_user", name="c").get(USERS))
