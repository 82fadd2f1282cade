"""Recurrences and refusals in the operator's language."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from notifications import NotificationType, registry
from notifications.admin.refusals import KNOWN, _pattern, refusal
from notifications.admin.words import spoken
from notifications.exceptions import ClarionError
from notifications.models import Announcement, Notification
from notifications.recurrence import Cron, Every, Once, Recurrence, Window
from notifications.services import announcements, content, schedules

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YEAR = datetime(2026, 1, 1, 8, tzinfo=UTC)
EVE = datetime(2026, 12, 24, 18, tzinfo=BERLIN)

RECURRENCES: list[tuple[Recurrence, str]] = [
    (Once(EVE), "Einmal am Donnerstag, 24. Dezember 2026 um 18:00 Uhr (Europe/Berlin)"),
    (Every(1, "minutes", NEW_YEAR, BERLIN), "Jede Minute"),
    (Every(15, "minutes", NEW_YEAR, BERLIN), "Alle 15 Minuten"),
    (Every(1, "hours", NEW_YEAR, BERLIN), "Jede Stunde"),
    (Every(1, "days", NEW_YEAR, BERLIN), "Jeden Tag um 09:00 Uhr (Europe/Berlin)"),
    (Every(2, "days", NEW_YEAR, BERLIN), "Alle 2 Tage um 09:00 Uhr (Europe/Berlin)"),
    (Cron("0 9 * * *", BERLIN), "Um 09:00 Uhr, täglich (Europe/Berlin)"),
    (Cron("0 9 * * 1-5", BERLIN), "Um 09:00 Uhr, Montag bis Freitag (Europe/Berlin)"),
    (Cron("0 9 * * 0,6", BERLIN), "Um 09:00 Uhr, Samstag und Sonntag (Europe/Berlin)"),
    (Cron("0 9 * * 5-7", BERLIN), "Um 09:00 Uhr, Freitag bis Sonntag (Europe/Berlin)"),
    (Cron("0,30 8,9 1 * *", BERLIN),
     "Um 08:00, 08:30, 09:00 und 09:30 Uhr, an Tag 1 des Monats (Europe/Berlin)"),
    (Cron("0 9 1,15 1,7 *", BERLIN),
     "Um 09:00 Uhr, an Tag 1 und 15 des Monats im Januar und Juli (Europe/Berlin)"),
    (Cron("0 * * * *", BERLIN), "Zu jeder vollen Stunde, täglich (Europe/Berlin)"),
    (Cron("*/10 * * * *", BERLIN), "Alle 10 Minuten, täglich (Europe/Berlin)"),
    (Cron("* * * * *", BERLIN), "Jede Minute, täglich (Europe/Berlin)"),
    (Cron("5,50 * * * *", BERLIN), "Zu Minute 5 und 50 jeder Stunde, täglich (Europe/Berlin)"),
    # What takes more than a few words.
    (Cron("*/7 9-17 * * *", BERLIN), "Nach der Crontab */7 9-17 * * * (Europe/Berlin)"),
    (Cron("0 9 1 * 1", BERLIN), "Nach der Crontab 0 9 1 * 1 (Europe/Berlin)"),
    (Cron("0 9 L * *", BERLIN), "Nach der Crontab 0 9 L * * (Europe/Berlin)"),
    (Cron("0 9 * * 1#2", BERLIN), "Nach der Crontab 0 9 * * 1#2 (Europe/Berlin)"),
    (Cron("0 9 LW * *", BERLIN), "Nach der Crontab 0 9 LW * * (Europe/Berlin)"),
    (Window(Every(1, "hours", NEW_YEAR, BERLIN), EVE, EVE.replace(second=5)),
     ("Jede Stunde, ab Donnerstag, 24. Dezember 2026 um 18:00 Uhr, "
     "bis Donnerstag, 24. Dezember 2026 um 18:00:05 Uhr")),
]  # fmt: skip


@pytest.mark.parametrize(("recurrence", "words"), RECURRENCES)
def test_recurrences(recurrence: Recurrence, words: str) -> None:
    with translation.override("de"):
        assert spoken(recurrence) == words
    for language in ("en", "en-gb"):
        with translation.override(language):
            assert spoken(recurrence) == recurrence.describe()
    with translation.override(None):
        assert spoken(recurrence) == recurrence.describe()


def say(**fields: Any) -> Callable[[], object]:
    return lambda: content.compose(**{"type": "message", "title": "Hello", **fields})


def plan(**fields: Any) -> Callable[[], object]:
    given = {"topic": "staff", "title": "Hello", "kind": "every", "every": 1, "period": "days"}
    return lambda: schedules.draft({**given, "time_zone": "UTC", **fields})  # type: ignore[typeddict-item]


def nested(depth: int) -> Any:
    return nested(depth - 1) if depth > 1_000 else {"a": nested(depth - 1)} if depth else 1


REFUSED: list[tuple[Callable[[], object], str]] = [
    (say(title=""), "Eine Benachrichtigung vom Typ 'message' braucht einen Titel."),
    (say(title="x" * 201), "Der Titel hat 201 Zeichen; höchstens 200 passen hinein."),
    (plan(title="x" * 190), "Der Titel hat 190 Zeichen; höchstens 180 passen hinein, damit"),
    (say(body="x" * 2001), "Der Text hat 2001 Zeichen"),
    (say(url="x" * 2001), "Der Link hat 2001 Zeichen"),
    (say(title="\0"), "Der Titel enthält ein Steuerzeichen"),
    (say(body="\0"), "Der Text enthält ein Steuerzeichen"),
    (say(url="\0"), "Der Link enthält ein Steuerzeichen"),
    (say(url="/" + "ä" * 1500), "Der Link hat mehr als 2000 Bytes."),
    (say(url="/a b"), "Der Link enthält Leerraum"),
    (say(url="javascript:alert(1)"), "Der Link muss ein Pfad ab „/“ sein"),
    (say(type="words.typed", title=""), "In den Daten fehlt name, place für 'words.typed'."),
    (say(data=[1]), "Die Daten müssen ein JSON-Objekt sein."),
    (say(data={"a": "\0"}), "Die Daten enthalten ein halbes Surrogatpaar"),
    (say(data={"a": "x" * 5000}), "Die Daten sind mehr als 4096 Bytes JSON."),
    (say(data=nested(30)), "Die Daten sind mehr als 20 Ebenen tief verschachtelt."),
    (say(data={"a": 2**60}), "Die Daten enthalten eine ganze Zahl ab 2**53"),
    (lambda: announcements.announce_to(nobody(), {"title": "Hello"}, None), "Darunter ist niemand"),
    (lambda: announcements.cancel(over(), None), "Schon in allen Posteingängen"),
    (plan(kind="once"), "Was einmal gesendet wird, braucht einen Zeitpunkt."),
    (plan(kind="once", at=NEW_YEAR.replace(year=2001)), "Dieser Zeitpunkt ist vorbei."),
    (plan(every=None), "Alle wie viele Minuten, Stunden oder Tage?"),
    (plan(every=0), "Die Anzahl (days) muss zwischen 1 und 100000 liegen."),
    (plan(period="weeks"), "Der Zeitraum muss Minuten, Stunden oder Tage sein, nicht 'weeks'."),
    (plan(kind="cron", cron="0 9"), "Eine Crontab hat fünf Felder"),
    (plan(kind="cron", cron="0 0 */31 * 1#5"), "Die Crontab '0 0 */31 * 1#5' trifft nie zu."),
    (plan(kind="cron", cron="0 9 30 2 *"), "Die Crontab '0 9 30 2 *': Bad day-of-month."),
    (plan(at=NEW_YEAR.replace(year=1)), "Das Jahr muss zwischen 1900 und 9998 liegen."),
    (plan(starts_at=NEW_YEAR.replace(year=1)), "Das Jahr muss zwischen 1900 und 9998 liegen."),
    (plan(ends_at=NEW_YEAR.replace(year=1)), "Das Jahr muss zwischen 1900 und 9998 liegen."),
    (plan(starts_at=EVE, ends_at=NEW_YEAR), "Das Ende liegt vor dem Anfang."),
    (plan(ends_at=NEW_YEAR.replace(year=2001)), "Bis dahin bleibt nichts zu senden."),
]  # fmt: skip


def nobody() -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model()._default_manager.none()


def over() -> Announcement:
    notification = Notification.objects.create(type="message", category="messages", level="info")
    return Announcement.objects.create(notification=notification)


@pytest.fixture
def _typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_types", dict(registry._types))
    registry.register(
        NotificationType(
            key="words.typed", category="c", title="{name} {place}", example={"name": 1, "place": 2}
        )
    )


@pytest.mark.django_db
@pytest.mark.any_database
@pytest.mark.usefixtures("_typed")
def test_refusals_that_operators_meet() -> None:
    met = set()
    for attempt, words in REFUSED:
        with pytest.raises(ClarionError) as caught:
            attempt()
        assert refusal(caught.value) == str(caught.value)
        with translation.override("de"):
            assert refusal(caught.value).startswith(words), str(caught.value)
        met |= {known for known in KNOWN if _pattern(known).fullmatch(str(caught.value))}
    assert not set(KNOWN) - met, "services do not say it like this any more"


def test_what_is_not_known_is_shown_as_it_is() -> None:
    with translation.override("de"):
        assert refusal(ValueError("Something else")) == "Something else"
