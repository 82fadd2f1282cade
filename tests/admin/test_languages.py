"""The operator's pages in German: nothing on them has stayed English."""

import html
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from notifications import notify
from notifications.models import ApiKey, Outbox, Schedule
from notifications.services import schedules
from notifications.services.announcements import announce
from tests.admin.conftest import signed_in, text_of
from tests.support.catalogues import entries

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

ADMIN = "/admin/clarion/"
CATALOGUE = Path(settings.BASE_DIR) / "notifications/locale/de/LC_MESSAGES/django.po"
LUNCH = {"topic": "staff", "type": "message", "title": "Mahlzeit", "level": "info", "data": ""}


@pytest.fixture
def client(make_user: object) -> Client:
    """The browser of an operator who may do everything, and asks for German."""
    found = signed_in(make_user("ops", is_staff=True, is_superuser=True))  # type: ignore[operator]
    found.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return found


@pytest.fixture
def daily(db: None) -> Schedule:
    """A schedule to staff."""
    return schedules.create(
        {
            "topic": "staff",
            "title": "Guten Morgen",
            "kind": "cron",
            "cron": "0 9 * * 1-5",
            "time_zone": "Europe/Berlin",
        },
        None,
    )


def phrases() -> list[str]:
    """Return what would be seen if it were not translated, long enough to be told from code."""
    plain = (text for text in entries(CATALOGUE) if " " in text.text and "%" not in text.text)
    return [text.text for text in plain]


def german(page: object, *wanted: str) -> None:
    """Say that a page has these texts and none of the English ones."""
    text = html.unescape(text_of(page))
    assert [phrase for phrase in phrases() if phrase in text] == []
    assert [words for words in wanted if words not in text] == []


def test_the_index(client: Client) -> None:
    german(client.get("/admin/"), "Ankündigungen", "Benachrichtigungen", "Postausgang", "Zeitpläne")


def test_composing(client: Client) -> None:
    add = f"{ADMIN}announcement/add/"
    german(
        client.get(add),
        "Ankündigung senden",
        "Wohin ein Klick führt",
        "Zuerst an mich senden",
        "Mitarbeitende",
        "message (eigener Text)",
    )
    german(client.post(add, {**LUNCH, "_preview": "1", "key": "a"}), "erreicht es <strong>1 Person")
    marked = client.post(add, {**LUNCH, "title": "x" * 201, "_preview": "1", "key": "a"})
    german(marked, "Es wurde nichts gesendet.", "Der Titel hat 201 Zeichen")
    everyone = {**LUNCH, "topic": "everyone", "key": "a", "_send": "1"}
    german(client.post(add, everyone), "An 1 Person senden?", "An Alle Personen: derzeit")
    sent = client.post(add, {**everyone, "_confirmed": "1"}, follow=True)
    german(sent, "Unterwegs an 1 Person.", "So sieht es im Posteingang aus", "Abbrechen…")


def test_announcements(client: Client) -> None:
    said = announce("everyone", {"title": "Mahlzeit"}, client.user)  # type: ignore[attr-defined]
    german(client.get(f"{ADMIN}announcement/"), "Gesendet am", "Erreicht", "Gesendet", "Zielgruppe")
    german(
        client.get(f"{ADMIN}announcement/{said.pk}/cancel/"), "An 1 Person nicht mehr zustellen?"
    )
    cancelled = client.post(f"{ADMIN}announcement/{said.pk}/cancel/", follow=True)
    german(
        cancelled,
        "An 1 Person wird nicht mehr zugestellt.",
        "von ops, nicht mehr zugestellt an 1 Person",
    )
    again = client.post(f"{ADMIN}announcement/{said.pk}/cancel/", follow=True)
    german(again, "Schon in allen Posteingängen")


def test_schedules(client: Client, daily: Schedule) -> None:
    german(client.get(f"{ADMIN}schedule/"), "Um 09:00 Uhr, Montag bis Freitag", "Nächstes Mal")
    german(client.get(f"{ADMIN}schedule/add/"), "Verpasste Termine", "in festem Abstand")
    one = f"{ADMIN}schedule/{daily.pk}/"
    german(client.get(f"{one}change/"), "Jetzt ausführen…", "Nächste Termine in", "Verlauf")
    german(client.get(f"{one}run/"), "einmal mehr, als der Zeitplan")
    german(client.post(f"{one}run/", {"key": "a"}, follow=True), "Unterwegs an")
    german(client.get(f"{one}sent/"), "außer der Reihe", "Bisher erreicht")
    german(client.post(f"{one}pause/", follow=True), "Angehalten.", "Fortsetzen")
    resumed = {"action": "resume_selected", "_selected_action": [daily.pk]}
    german(client.post(f"{ADMIN}schedule/", resumed, follow=True), "1 Zeitplan wurde fortgesetzt.")
    german(client.get(f"{one}history/"), "Angehalten.")


def test_the_outbox(client: Client) -> None:
    notify(client.user, "message", title="Mahlzeit")  # type: ignore[attr-defined]
    notify(client.user, "message", title="Abend")  # type: ignore[attr-defined]
    row = Outbox.objects.order_by("pk").first()
    assert row
    Outbox.objects.filter(pk=row.pk).update(due_at=None, attempts=10, error="Kaputt")
    later = timezone.now() + timedelta(hours=2, minutes=1)
    Outbox.objects.exclude(pk=row.pk).update(due_at=later, attempts=3)
    german(
        client.get(f"{ADMIN}outbox/"),
        "„Mahlzeit“ zustellen",
        "Geparkt nach 10 Versuchen",
        "3 von 10 Malen fehlgeschlagen, bis zum nächsten Versuch: 2\xa0Stunden",
        "1 Zeile des Postausgangs ist zehnmal fehlgeschlagen",
        "Jetzt noch einmal versuchen",
    )
    german(client.get(f"{ADMIN}outbox/{row.pk}/change/"), "Fällig am", "Spur", "Direkt")
    retried = {"action": "retry", "_selected_action": [row.pk]}
    german(
        client.post(f"{ADMIN}outbox/", retried, follow=True), "1 Zeile wird noch einmal versucht"
    )


def test_notifications(client: Client) -> None:
    said = notify(client.user, "message", title="Mahlzeit", level="warning")  # type: ignore[attr-defined]
    german(client.get(f"{ADMIN}notification/"), "Zurückgezogen am", "Warnung")
    german(client.get(f"{ADMIN}notification/{said.pk}/change/"), "Typ des Akteurs", "Priorität")


def test_people(client: Client) -> None:
    german(client.get("/admin/auth/user/"), "Diese Personen benachrichtigen…")


def test_api_keys(client: Client) -> None:
    new = {"name": "CI", "types": ["*"], "topics": ["staff"], "may_notify": "on"}
    german(client.get(f"{ADMIN}apikey/add/"), "Themen, an die er senden darf")
    german(client.post(f"{ADMIN}apikey/add/", {"name": "CI", "types": ["*"]}), "Bitte Themen")
    german(client.post(f"{ADMIN}apikey/add/", new), "Das ist der Schlüssel von")
    german(client.get(f"{ADMIN}apikey/"), "Gültig", "alle an Personen, staff")
    key = ApiKey.objects.get()
    german(client.get(f"{ADMIN}apikey/{key.pk}/change/"), "Öffentlicher Teil")
    chosen = {"action": "revoke", "_selected_action": str(key.pk)}
    german(client.post(f"{ADMIN}apikey/", chosen, follow=True), "1 Schlüssel wurde widerrufen.")
