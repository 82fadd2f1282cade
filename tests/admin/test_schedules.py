"""The pages of schedules."""

import html
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from notifications.models import Announcement, Schedule
from notifications.services import schedules
from notifications.services.schedules import ScheduleFields
from tests.admin.conftest import MakeOperator, hidden, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

LIST = "/admin/clarion/schedule/"
ADD = f"{LIST}add/"
ALL = ("add_schedule", "change_schedule", "delete_schedule", "view_schedule", "compose")
DAILY: ScheduleFields = {
    "topic": "staff",
    "title": "Good morning",
    "kind": "cron",
    "cron": "0 9 * * 1-5",
    "time_zone": "Europe/Berlin",
}
PERIODIC = {
    "topic": "staff",
    "type": "message",
    "title": "Good morning",
    "kind": "cron",
    "cron": "0 9 * * 1-5",
    "time_zone": "Europe/Berlin",
    "missed": "skip",
    "enabled": "on",
}


@pytest.fixture
def daily(db: None) -> Schedule:
    """A schedule to staff."""
    return schedules.create(DAILY, None)


def one(schedule: Schedule, page: str = "change") -> str:
    return f"{LIST}{schedule.pk}/{page}/"


def test_a_preview_shows_the_row_and_the_next_five_times(operator: MakeOperator) -> None:
    client = operator(*ALL)
    with timezone.override("Asia/Kolkata"):
        page = client.post(ADD, PERIODIC | {"_preview": "1"})
    assert "Good morning" in page.context["preview"].document
    assert page.context["reach"] == "1 person"
    assert page.context["words"] == "At 09:00 on Monday through Friday (Europe/Berlin)"
    shown = page.context["slots"]
    assert len(shown) == 5
    assert {slot.there[-5:] for slot in shown} == {"09:00"}
    # Berlin is 3.5 or 4.5 hours behind.
    assert {slot.here[-5:] for slot in shown} <= {"12:30", "13:30"}
    assert "for you, in Asia/Kolkata" in text_of(page)
    assert "errornote" not in text_of(page)
    assert page.context["adminform"].form["title"].value() == "Good morning"
    assert not Schedule.objects.exists()


def test_saving_goes_through_the_service(operator: MakeOperator) -> None:
    client = operator(*ALL)
    page = client.post(ADD, PERIODIC | {"_save": "1"}, follow=True)
    schedule = Schedule.objects.get()
    assert schedule.created_by == client.user
    assert schedule.next_slot is not None
    assert schedule.periodic_task.enabled
    for text in (
        "Good morning",
        "Staff",
        "At 09:00 on Monday through Friday",
        "09:00 Europe/Berlin",
        "UTC",
    ):
        assert text in text_of(page)

    page = client.get(one(schedule))
    assert len(page.context["slots"]) == 5
    client.post(one(schedule), PERIODIC | {"title": "Moin", "cron": "30 9 * * *", "_save": "1"})
    schedule.refresh_from_db()
    assert (schedule.title, schedule.cron) == ("Moin", "30 9 * * *")
    assert schedule.next_slot.astimezone(timezone.zoneinfo.ZoneInfo("Europe/Berlin")).minute == 30


def test_moments_are_of_the_zone_of_the_schedule(operator: MakeOperator) -> None:
    client = operator(*ALL)
    year = timezone.now().year + 1
    at = PERIODIC | {"kind": "once", "cron": "", "at": f"{year}-12-24T18:00", "_save": "1"}
    client.post(ADD, at)
    schedule = Schedule.objects.get()
    assert schedule.next_slot == datetime(year, 12, 24, 17, tzinfo=UTC)
    assert f'value="{year}-12-24T18:00"' in text_of(client.get(one(schedule)))
    # Between two and three the clocks of Berlin are put forward; that night is in March.
    never = at | {"at": "2027-03-28T02:30"}
    assert "be interpreted in time zone Europe/Berlin" in html.unescape(
        text_of(client.post(ADD, never))
    )


def test_every_so_often_keeps_its_beat_when_edited(operator: MakeOperator) -> None:
    client = operator(*ALL)
    often = PERIODIC | {"kind": "every", "every": "15", "period": "minutes", "cron": ""}
    client.post(ADD, often | {"_save": "1"})
    schedule = Schedule.objects.get()
    before = schedule.next_slot
    form = client.get(one(schedule)).context["adminform"].form
    posted = {name: form[name].value() for name in ("at",)}
    at = posted["at"].strftime("%Y-%m-%dT%H:%M")
    client.post(one(schedule), often | {"at": at, "title": "Other", "_save": "1"})
    schedule.refresh_from_db()
    assert (schedule.title, schedule.next_slot) == ("Other", before)


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"cron": "0 9 * *"}, "cron", "five fields"),
        ({"cron": "0 9 * *", "_preview": "1"}, "cron", "five fields"),
        ({"cron": "0 0 30 2 *"}, "cron", "Bad day-of-month"),
        ({"title": ""}, "title", "needs one"),
        ({"title": "x" * 190}, "title", "at most 180 fit"),
        ({"kind": "once"}, "at", "needs a moment"),
        ({"kind": "every"}, "every", "How many"),
        ({"url": "javascript:alert(1)"}, "url", "must be a path"),
        ({"topic": "auth_group.99"}, "topic", "not one of the available choices"),
        ({"ends_at": "2001-01-01T00:00"}, "ends_at", "Nothing is left"),
        ({"type": "demo.signed_in", "title": ""}, "data", "Data lacks address"),
    ],
)
def test_what_is_refused_is_marked_and_nothing_is_lost(
    operator: MakeOperator, fields: dict[str, str], field: str, says: str
) -> None:
    posted = PERIODIC | {"body": "Kept", "_save": "1"} | fields
    page = operator(*ALL).post(ADD, posted)
    form = page.context["adminform"].form
    assert says in str(form.errors.get(field))
    assert form["body"].value() == "Kept"
    assert not Schedule.objects.exists()


def test_what_was_composed_comes_along(operator: MakeOperator) -> None:
    composed = {"topic": "staff", "type": "message", "title": "Later", "body": "A\nB", "key": "k"}
    page = operator(*ALL).post(ADD, composed | {"data": '{"a": 1}', "_compose": "1"})
    form = page.context["adminform"].form
    assert [form[name].value() for name in ("topic", "title", "body")] == ["staff", "Later", "A\nB"]
    assert "{&quot;a&quot;: 1}" in text_of(page)
    assert not Schedule.objects.exists()


def test_pausing_and_resuming(operator: MakeOperator, daily: Schedule) -> None:
    client = operator(*ALL)
    assert client.get(one(daily, "pause")).status_code == 405
    page = client.post(one(daily, "pause"), follow=True)
    assert "Paused" in text_of(page)
    assert 'value="Resume"' in text_of(page)
    daily.refresh_from_db()
    assert (daily.enabled, daily.periodic_task.enabled) == (False, False)
    client.post(one(daily, "resume"))
    daily.refresh_from_db()
    assert daily.next_slot
    for action, enabled in (("pause_selected", False), ("resume_selected", True)):
        client.post(LIST, {"action": action, "_selected_action": [daily.pk]})
        daily.refresh_from_db()
        assert daily.enabled is enabled


def test_what_can_no_longer_be_sent_is_said(operator: MakeOperator, daily: Schedule) -> None:
    client = operator(*ALL, "view_announcement")
    past = timezone.now() - timedelta(days=1)
    changes = {"type": "gone", "kind": "once", "at": past, "time_zone": "Gone/City"}
    Schedule.objects.filter(pk=daily.pk).update(enabled=False, **changes)
    assert "There is no time zone" in text_of(client.get(LIST))
    assert "Unknown notification type" in text_of(client.get(one(daily)))
    assert client.get(one(daily, "sent")).status_code == 200
    for page in (
        client.post(one(daily, "resume"), follow=True),
        client.post(LIST, {"action": "resume_selected", "_selected_action": daily.pk}, follow=True),
    ):
        assert "time_zone: There is no time zone" in text_of(page)
    for page in (
        client.get(one(daily, "run"), follow=True),
        client.post(one(daily, "run"), {"key": "k"}, follow=True),
    ):
        assert "Unknown notification type" in text_of(page)
    assert client.get(f"{LIST}99999/run/").status_code == 404


def test_the_list_costs_the_same_for_many(operator: MakeOperator, daily: Schedule) -> None:
    client = operator("view_schedule")
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))
        for number in range(5):
            schedules.create({**DAILY, "title": str(number)}, None)
    assert counts[0] == counts[1]


def test_running_asks_once_and_sends_once(operator: MakeOperator, daily: Schedule) -> None:
    client = operator(*ALL, "view_announcement")
    before = daily.next_slot
    page = client.get(one(daily, "run"))
    assert "Send to 1 person?" in text_of(page)
    assert not Announcement.objects.exists()
    for _ in range(2):
        client.post(one(daily, "run"), hidden(page))
    announcement = Announcement.objects.get()
    assert (announcement.slot, announcement.sent_by) == (None, client.user)
    daily.refresh_from_db()
    assert daily.next_slot == before


def test_deleting_takes_the_doorbell_along(operator: MakeOperator, daily: Schedule) -> None:
    client = operator(*ALL)
    other = schedules.create(DAILY, None)
    bells = PeriodicTask.objects.filter(pk__in=[daily.periodic_task_id, other.periodic_task_id])
    assert bells.count() == 2
    client.post(one(daily, "delete"), {"post": "yes"})
    assert bells.count() == 1
    chosen = {"action": "delete_selected", "_selected_action": [other.pk], "post": "yes"}
    client.post(LIST, chosen)
    assert not bells.exists()
    assert not Schedule.objects.exists()


def test_history_is_paged_and_says_what_became_of_each_slot(
    operator: MakeOperator, daily: Schedule
) -> None:
    client = operator(*ALL, "view_announcement")
    schedules.run_now(daily, client.user)
    start = datetime(2026, 1, 5, 8, tzinfo=UTC)
    Announcement.objects.bulk_create(
        Announcement(schedule=daily, slot=start + timedelta(days=day), topic="staff", state="sent")
        for day in range(55)
    )
    Announcement.objects.filter(slot=start).update(
        state="failed", error="<b>no such topic</b>", missed=3
    )
    first = client.get(one(daily, "sent"))
    assert "Page 1 of 2" in text_of(first)
    last = text_of(client.get(f"{one(daily, 'sent')}?p=2"))
    for text in (
        "Mon 5 Jan 2026, 09:00",
        "Mon 5 Jan 2026, 08:00",
        "Failed",
        "&lt;b&gt;no such",
        ">3<",
    ):
        assert text in last
    assert "out of turn" in last
    assert client.user.username in last


def test_titles_are_text(operator: MakeOperator) -> None:
    client = operator(*ALL, "view_announcement")
    hostile = "<script>alert(1)</script>\"'><img src=x>"
    schedule = schedules.create({**DAILY, "title": hostile, "body": hostile}, None)
    for address in (
        LIST,
        *(one(schedule, page) for page in ("change", "run", "sent", "delete", "history")),
    ):
        page = text_of(client.get(address))
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
