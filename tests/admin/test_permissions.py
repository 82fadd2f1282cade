"""Who may do what: composing, scheduling and sending to everyone are separate."""

from typing import Any

import pytest
from django.test import Client

from notifications.models import Announcement, Notification, Schedule
from notifications.services import schedules
from notifications.services.announcements import announce
from tests.admin.conftest import MakeOperator, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SCHEDULE = "/admin/clarion/schedule/"
ANNOUNCEMENT = "/admin/clarion/announcement/"
COMPOSED = {"type": "message", "title": "x", "key": "k", "_confirmed": "1"}
WHEN = {
    "type": "message",
    "title": "x",
    "kind": "cron",
    "cron": "0 9 * * *",
    "time_zone": "UTC",
    "missed": "skip",
    "_save": "1",
}
EVERYONE = "announce_to_everyone"

# What is asked for, and the permissions that it takes, all of them.
TAKES: dict[tuple[str, str], set[str]] = {
    ("get", "compose"): {"compose"},
    ("post", "compose staff"): {"compose"},
    ("post", "compose everyone"): {"compose", EVERYONE},
    ("get", "history"): {"view_announcement"},
    ("get", "announcement"): {"view_announcement"},
    ("get", "cancel"): {"view_announcement", "compose"},
    ("post", "cancel"): {"view_announcement", "compose"},
    ("get", "schedules"): {"view_schedule"},
    ("get", "add schedule"): {"add_schedule"},
    ("post", "add schedule staff"): {"add_schedule"},
    ("post", "add schedule everyone"): {"add_schedule", EVERYONE},
    ("post", "change schedule"): {"change_schedule", EVERYONE},
    ("post", "pause"): {"change_schedule", EVERYONE},
    ("post", "resume"): {"change_schedule", EVERYONE},
    ("get", "run"): {"change_schedule", EVERYONE, "compose"},
    ("post", "run"): {"change_schedule", EVERYONE, "compose"},
    ("post", "delete schedule"): {"delete_schedule"},
    ("get", "sent"): {"view_schedule", "view_announcement"},
}
PERMISSIONS = sorted(set().union(*TAKES.values()))


@pytest.fixture
def ask(db: None) -> Any:
    """Asks for one of these as a client; the schedule goes to everyone."""
    fields: Any = {"topic": "everyone", "title": "x", "kind": "cron", "cron": "0 9 * * *"}
    schedule = schedules.create(fields, None)
    said = announce("staff", {"title": "x"}, None)
    one, this = f"{SCHEDULE}{schedule.pk}/", f"{ANNOUNCEMENT}{said.pk}/"

    def address(name: str) -> tuple[str, dict[str, str]]:
        what, _, topic = name.rpartition(" ")
        known: dict[str, tuple[str, dict[str, str]]] = {
            "compose": (f"{ANNOUNCEMENT}add/", COMPOSED | {"topic": topic}),
            "add schedule": (f"{SCHEDULE}add/", WHEN | {"topic": topic}),
            "history": (ANNOUNCEMENT, {}),
            "announcement": (f"{this}change/", {}),
            "cancel": (f"{this}cancel/", {}),
            "schedules": (SCHEDULE, {}),
            "change schedule": (f"{one}change/", WHEN | {"topic": "everyone"}),
            "delete schedule": (f"{one}delete/", {"post": "yes"}),
        }
        plain = (f"{one}{name}/", {"key": "k"})
        return known.get(name) or known.get(what) or plain

    def ask(client: Client, method: str, name: str) -> Any:
        where, fields = address(name)
        return client.get(where) if method == "get" else client.post(where, fields)

    return ask


@pytest.mark.parametrize(("method", "name"), TAKES)
def test_each_takes_its_permissions(
    operator: MakeOperator, make_user: Any, ask: Any, method: str, name: str
) -> None:
    takes = TAKES[method, name]
    before = _state()
    for client in (Client(), _reader(make_user)):
        answer = ask(client, method, name)
        assert answer.status_code == 302
        assert answer.url.startswith("/admin/login/")
    assert ask(operator(name="none"), method, name).status_code == 403
    for lacking in takes:
        others = [permission for permission in PERMISSIONS if permission != lacking]
        if lacking.startswith("view_") and method == "get":
            # Who may change may view.
            others = [other for other in others if not other.startswith("change_")]
        client = operator(*others, name=f"all-but-{lacking}")
        assert ask(client, method, name).status_code == 403, lacking
    assert _state() == before
    answer = ask(operator(*takes, name="just-enough"), method, name)
    assert answer.status_code == (200 if method == "get" else 302)


def _reader(make_user: Any) -> Client:
    client = Client()
    client.force_login(make_user("reader"))
    return client


def _state() -> list[object]:
    return [
        Notification.objects.count(),
        list(Announcement.objects.values_list("pk", "cancelled_at")),
        list(Schedule.objects.values_list("pk", "enabled")),
    ]


def test_links_are_for_those_who_may_follow_them(operator: MakeOperator, ask: Any) -> None:
    schedule = Schedule.objects.get()
    one = f"{SCHEDULE}{schedule.pk}/"
    viewer = text_of(operator("view_schedule", name="viewer").get(f"{one}change/"))
    for hidden in (f"{one}run/", f"{one}pause/", f"{one}sent/", 'name="_save"', 'name="_preview"'):
        assert hidden not in viewer
    chief = text_of(operator(*PERMISSIONS, name="chief").get(f"{one}change/"))
    for shown in (f"{one}run/", f"{one}pause/", f"{one}sent/", 'name="_save"', 'name="_preview"'):
        assert shown in chief
    composer = text_of(operator("compose", name="composer").get(f"{ANNOUNCEMENT}add/"))
    assert "Schedule instead" not in composer
    assert "Schedule instead" in text_of(
        operator("compose", "add_schedule", name="both").get(f"{ANNOUNCEMENT}add/")
    )
    assert f"{ANNOUNCEMENT}add/" not in text_of(
        operator("view_announcement", name="historian").get(ANNOUNCEMENT)
    )


def test_bulk_actions_leave_out_what_is_not_theirs(operator: MakeOperator, ask: Any) -> None:
    wide = Schedule.objects.get()
    client = operator("change_schedule", "view_schedule")
    chosen = {"action": "pause_selected", "_selected_action": [wide.pk]}
    page = client.post(SCHEDULE, chosen, follow=True)
    assert "takes a permission that you lack" in text_of(page)
    wide.refresh_from_db()
    assert wide.enabled


def test_everything_that_changes_is_guarded_against_forgery(
    operator: MakeOperator, ask: Any
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator(*PERMISSIONS).user)  # type: ignore[attr-defined]
    before = _state()
    for method, name in TAKES:
        if method == "post":
            assert ask(strict, method, name).status_code == 403, name
    assert _state() == before
