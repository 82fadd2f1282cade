"""Whether somebody is at work: beat, which rings, and workers, which hear it."""

from dataclasses import dataclass

from celery import current_app
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F
from django.db.models.functions import Now
from django.utils.translation import gettext, ngettext

from notifications.live.breaker import breaker
from notifications.models import Heard

# What a worker writes down when beat's sweep has reached it.
BEAT = "beat"
# seconds; the sweep comes every five, and is written down every ten.
STALE_SECONDS = 60
# Seconds for each step towards the broker, and to wait for the first worker to answer.
STEP_SECONDS = 0.5


@dataclass(frozen=True)
class Silence:
    """Seconds since beat's sweep last reached a worker (None: never), and what to say of it.

    `warning` is empty as long as all is well.
    """

    seconds: float | None
    warning: str = ""


def silence() -> Silence:
    """For how long nothing was heard of beat and workers; after a minute, who is missing.

    Never raises on account of the broker: that it is away is the warning then.
    """
    seconds = _seconds()
    if seconds is not None and seconds < STALE_SECONDS:
        return Silence(seconds)
    if seconds is None:
        since = gettext("The sweep has not been heard yet.")
    else:
        since = gettext("The sweep has not been heard for %(time)s.") % {"time": _spoken(seconds)}
    return Silence(seconds, f"{_missing()} {since}")


def _seconds() -> float | None:
    # By the database's clock: the row is another host's.
    now = ExpressionWrapper(Now(), DateTimeField())
    age = ExpressionWrapper(now - F("at"), DurationField())
    found = Heard.objects.filter(name=BEAT).values_list(age, flat=True).first()
    return None if found is None else found.total_seconds()


def _missing() -> str:
    try:
        answers = _workers_answer()
    except Exception as error:  # noqa: BLE001 (each broker's client raises its own)
        breaker.trip("Asking for workers", error)
        answers = None
    if answers is None:
        return gettext("The broker cannot be reached: what is sent waits until it is back.")
    if answers:
        return gettext(
            "Workers answer, but beat does not ring: schedules wait until it is started."
        )
    return gettext("No worker answers: what is sent waits until one is started.")


def _workers_answer() -> bool | None:
    """Whether any worker answers; None while the broker is left alone after a failure."""
    if breaker.is_open:
        return None
    # One of its own, which gives up: those of the pool retry, and wait for seconds.
    with current_app.connection_for_write(
        connect_timeout=STEP_SECONDS,
        transport_options={
            "socket_timeout": STEP_SECONDS,
            "socket_connect_timeout": STEP_SECONDS,
            "max_retries": 0,
            "retry_on_timeout": False,
            "connect_timeout": STEP_SECONDS,
            "read_timeout": STEP_SECONDS,
            "write_timeout": STEP_SECONDS,
        },
    ) as connection:
        control = current_app.control
        return bool(control.ping(timeout=STEP_SECONDS, limit=1, connection=connection))


def _spoken(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 120:
        return ngettext("a minute", "%(count)d minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
    return ngettext("%(count)d day", "%(count)d days", hours // 24) % {"count": hours // 24}
