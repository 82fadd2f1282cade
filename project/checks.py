"""System checks for combinations of settings that would break a promise or open a door.

Values that are wrong by themselves already fail in `settings.py`.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"


def _database() -> dict[str, Any]:
    return settings.DATABASES["default"]


@register(Tags.database, Tags.compatibility)
def check_database_options(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Return errors for databases on which the services' locking does not hold."""
    options = _database().get("OPTIONS", {})
    found: list[CheckMessage] = []
    if _database()["ENGINE"] == POSTGRESQL:
        level = options.get("isolation_level")
        if getattr(level, "name", level) != "READ_COMMITTED":
            found.append(
                Error(
                    "PostgreSQL does not run at READ COMMITTED.",
                    hint="Take isolation_level out of DATABASE_URL: the services lock rows and "
                    "then read what others committed meanwhile.",
                    id="project.E001",
                )
            )
        if options.get("pool") and _database().get("CONN_MAX_AGE") != 0:
            found.append(
                Error(
                    "The connection pool needs CONN_MAX_AGE = 0.",
                    hint="Take conn_max_age out of DATABASE_URL.",
                    id="project.E002",
                )
            )
    if _database()["ENGINE"] == SQLITE and options.get("transaction_mode") != "IMMEDIATE":
        found.append(
            Error(
                "SQLite does not begin its transactions with IMMEDIATE.",
                hint="Take transaction_mode out of DATABASE_URL: concurrent writers would fail "
                "with 'database is locked' at once, whatever the timeout.",
                id="project.E003",
            )
        )
    return found


@register(Tags.compatibility)
def check_channel_layer(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Return an error for a channel layer that reaches only its own process."""
    backend = settings.CHANNEL_LAYERS.get("default", {}).get("BACKEND", "")
    if backend and "InMemory" not in backend:
        return []
    return [
        Error(
            "The default channel layer does not reach other processes.",
            hint="Use a Redis layer: the relay publishes from a worker process.",
            id="project.E004",
        )
    ]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Return what should not be so on a public site."""
    found: list[CheckMessage] = []
    if settings.DEMO:
        found.append(
            Error(
                "The demo is on: its people have passwords that everybody knows.",
                hint="Switch DEBUG off and delete demo, ada, bob and ops.",
                id="project.E005",
            )
        )
    if _database()["ENGINE"] == SQLITE:
        found.append(
            checks.Warning(
                "SQLite has one writer at a time and one host.",
                hint="Set DATABASE_URL to a PostgreSQL.",
                id="project.W001",
            )
        )
    if not settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ALLOWED_HOSTS is empty: every request is refused.",
                hint="Set ALLOWED_HOSTS to the names of the site, separated by commas.",
                id="project.E006",
            )
        )
    return found
