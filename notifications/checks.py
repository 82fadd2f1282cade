"""System checks: settings that Clarion cannot work with, found at start-up."""

from collections.abc import Callable, Iterator, Sequence

from django.apps.config import AppConfig
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.urls import NoReverseMatch, reverse

from notifications.conf import is_origin
from notifications.live.internals import moved

NUMBERS = {
    "CLARION_HEARTBEAT_SECONDS": (0.1, 3600),
    "CLARION_RESUME_LIMIT": (1, 100_000),
    "CLARION_PAGE_SIZE": (1, 500),
    "CLARION_SOCKET_BUDGET": (1024, 64 * 1024 * 1024),
    "CLARION_PROCESS_BUDGET": (1024, 64 * 1024 * 1024 * 1024),
    "CLARION_THREADS": (1, 100),
    "CLARION_IDEMPOTENCY_DAYS": (1, 36_500),
    "CLARION_RATE_PERSON": (0, 1_000_000),
    "CLARION_RATE_KEY": (0, 1_000_000),
    "CLARION_RATE_ADDRESS": (0, 1_000_000),
    "CLARION_LOG_DAYS": (1, 36_500),
    "CLARION_KEEP_ITEMS": (1, 100_000_000),
    "CLARION_KEEP_DAYS": (1, 36_500),
    "CLARION_STORM_LIMIT": (0, 100_000),
    "CLARION_STORM_SECONDS": (1, 86_400),
    "CLARION_SCHEDULE_GRACE_SECONDS": (1, 86_400),
}

# What `CLARION_KEEP` says of a category, and the number that says it of all.
KEPT = {"items": "CLARION_KEEP_ITEMS", "days": "CLARION_KEEP_DAYS"}

# Where Django's messages are switched on, and by which names.
MESSAGES = {
    "MIDDLEWARE": "django.contrib.messages.middleware.MessageMiddleware",
    "context_processors": "django.contrib.messages.context_processors.messages",
}

Configs = Sequence[AppConfig] | None


def check_numbers(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.E001: a number is not one, or out of its range."""
    problems: list[CheckMessage] = []
    for name, (least, most) in NUMBERS.items():
        value = getattr(django_settings, name, least)
        if isinstance(value, bool) or not isinstance(value, int | float):
            problems.append(Error(f"{name} must be a number, not {value!r}.", id="clarion.E001"))
        elif not least <= value <= most:
            problems.append(Error(f"{name} must be {least} to {most}.", id="clarion.E001"))
    return problems


def check_keep(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.E003: `CLARION_KEEP` is not what is to be kept of categories."""
    keep = getattr(django_settings, "CLARION_KEEP", {})
    if not isinstance(keep, dict):
        return [_wrong_keep(f"it is {keep!r}")]
    return [
        _wrong_keep(wrong) for category, limits in keep.items() for wrong in _in(category, limits)
    ]


def _in(category: object, limits: object) -> Iterator[str]:
    """What is wrong with what is to be kept of one category."""
    if not isinstance(category, str) or not category:
        yield f"{category!r} is no category"
    if not isinstance(limits, dict) or not limits:
        yield f"of {category!r} it says {limits!r}"
        return
    for name, value in limits.items():
        if name not in KEPT:
            yield f"of {category!r} it says {name!r}"
            continue
        least, most = NUMBERS[KEPT[name]]
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield f"{name} of {category!r} must be a whole number, {least} to {most}, not {value!r}"


def _wrong_keep(problem: str) -> CheckMessage:
    return Error(
        f"CLARION_KEEP: {problem}.",
        hint='Write {"category": {"items": 100, "days": 30}}; one of the two will do.',
        id="clarion.E003",
    )


def check_time_zones(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.E002: naive times cannot be compared across processes and readers."""
    if django_settings.USE_TZ:
        return []
    return [Error("Clarion needs USE_TZ = True.", id="clarion.E002")]


def check_server(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.W001: uvicorn or websockets is not as `LiveWebSocketProtocol` needs it."""
    return [
        CheckWarning(
            f"LiveWebSocketProtocol behaves as plain uvicorn: {problem}.",
            hint="Install the versions of requirements.txt.",
            id="clarion.W001",
        )
        for problem in moved()
    ]


def check_sessions(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.W002: nothing is kept of login sessions that a heartbeat could look at."""
    if not django_settings.SESSION_ENGINE.endswith("signed_cookies"):
        return []
    return [
        CheckWarning(
            "With signed cookies a socket may outlive its login, until the cookie runs out.",
            hint="Use another SESSION_ENGINE: nothing tells that somebody has signed out when the "
            "event is lost or the cookie was renewed meanwhile.",
            id="clarion.W002",
        )
    ]


def check_origins(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.E004, clarion.W003: CLARION_ORIGINS has what no browser sends, or gives too much."""
    origins = getattr(django_settings, "CLARION_ORIGINS", ())
    if isinstance(origins, str):
        return [Error("CLARION_ORIGINS must be a list of origins.", id="clarion.E004")]
    wrong = [
        Error(
            f"CLARION_ORIGINS: {origin!r} is no origin.",
            hint="Scheme, host and perhaps a port: https://shop.example. No wildcard.",
            id="clarion.E004",
        )
        for origin in origins
        if not is_origin(origin)
    ]
    trusted = [
        CheckWarning(
            f"{origin} is in CSRF_TRUSTED_ORIGINS, too.",
            hint="Its pages open sockets, and send forms, with the cookies of whoever is signed "
            "in here; for tokens they need not.",
            id="clarion.W003",
        )
        for origin in sorted(set(origins) & set(django_settings.CSRF_TRUSTED_ORIGINS))
    ]
    return [*wrong, *trusted]


def check_pages(app_configs: Configs, **_: object) -> list[CheckMessage]:
    """clarion.W004: our pages are there, and their forms cannot say what they have done."""
    if not _has_pages():
        return []
    processors = [
        name
        for engine in getattr(django_settings, "TEMPLATES", ())
        for name in engine.get("OPTIONS", {}).get("context_processors", ())
    ]
    given = {"MIDDLEWARE": django_settings.MIDDLEWARE, "context_processors": processors}
    return [
        CheckWarning(
            f"The forms of the inbox do not say what they have done: no {name} in {setting}.",
            id="clarion.W004",
        )
        for setting, name in MESSAGES.items()
        if name not in given[setting]
    ]


def _has_pages() -> bool:
    if not getattr(django_settings, "ROOT_URLCONF", None):
        return False
    try:
        reverse("clarion:inbox")
    except NoReverseMatch:
        return False
    return True


ALL: tuple[Callable[..., list[CheckMessage]], ...] = (
    check_numbers,
    check_keep,
    check_time_zones,
    check_server,
    check_sessions,
    check_origins,
    check_pages,
)


def register_all() -> None:
    """Add the checks to Django's."""
    for check in ALL:
        register(check, Tags.compatibility)
