"""Settings of the site, read from the environment.

A wrong or missing value raises `environs.EnvError` with the variable's name. `.clarion/env`, which
`manage.py up` writes, stands in for variables that are not set, so that a second terminal needs no
exports; real environment variables always win.
"""

import warnings
from pathlib import Path
from typing import Any

from environs import Env, EnvValidationError, ValidationError, validate

from notifications.conf import is_origin
from project.local.secret import development_secret

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
# Where everything lives that a run on this machine leaves behind; git ignores it.
STATE = env.path("CLARION_STATE", BASE_DIR / ".clarion")
env.read_env(STATE / "env", recurse=False)

DEBUG = env.bool("DEBUG", False)
# The demo pages and people. A name of its own because test runners switch DEBUG off.
DEMO = DEBUG

# Read here so that a wrong PORT fails with its name; uvicorn gets it from the Procfile.
PORT = env.int("PORT", 8000, validate=validate.Range(min=1, max=65535))
SECRET_KEY = (
    env.str("SECRET_KEY", validate=validate.Length(min=32))
    if not DEBUG or env.str("SECRET_KEY", "")
    else development_secret(STATE)
)


def _no_wildcard(hosts: list[str]) -> None:
    """Refuse `*`: with it, whoever sends the request chooses the host in our links and origins."""
    if not DEBUG and "*" in hosts:
        raise ValidationError("'*' is not accepted while DEBUG is off; name the hosts.")


LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", LOCAL_HOSTS if DEBUG else [], validate=_no_wildcard)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])


def _origins(values: list[str]) -> None:
    """Refuse what no browser sends, and pages that anybody on their way could change."""
    for value in values:
        if not is_origin(value):
            raise ValidationError(f"{value!r} is no origin such as https://shop.example.")
        if not DEBUG and not value.startswith("https://"):
            raise ValidationError(f"{value!r} is without HTTPS, which only DEBUG accepts.")


CLARION_ORIGINS: list[str] = env.list("CLARION_ORIGINS", [], validate=_origins)
# Read by django-cors-headers. No cookies: these pages show a token, or are nobody.
CORS_ALLOWED_ORIGINS = CLARION_ORIGINS
CORS_URLS_REGEX = r"^/api/v1/inbox/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST"]
CORS_ALLOW_HEADERS = ["authorization", "content-type"]
CORS_EXPOSE_HEADERS = ["Retry-After"]
CORS_PREFLIGHT_MAX_AGE = 600

# --- Redis -----------------------------------------------------------------------------------

REDIS_SCHEMES = {"redis", "rediss", "unix"}


def _redis_url(value: str) -> None:
    """Refuse what redis-py would only refuse at the first command."""
    if value.partition("://")[0] not in REDIS_SCHEMES:
        raise ValidationError("must start with redis://, rediss:// or unix://.")


# Off the developer's machine a forgotten REDIS_URL must not silently mean localhost.
REDIS_URL = (
    env.str("REDIS_URL", "redis://127.0.0.1:6379/0", validate=_redis_url)
    if DEBUG
    else env.str("REDIS_URL", validate=_redis_url)
)
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", REDIS_URL)


def _redis_urls(values: list[str]) -> None:
    """Refuse a list that is empty or has something wrong in it."""
    if not values:
        raise ValidationError("must name at least one Redis.")
    for value in values:
        _redis_url(value)


CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "notifications.live.layer.LiveChannelLayer",
        "CONFIG": {
            # Groups are shared out among them: all processes need the same, in the same order.
            "hosts": env.list("CLARION_LAYER_URLS", [REDIS_URL], validate=_redis_urls),
            # Pub/sub ignores the database number: sites that share a Redis need other prefixes.
            "prefix": env.str("CLARION_PREFIX", "clarion"),
        },
    }
}

CLARION_REDIS_URL = REDIS_URL
CLARION_HEARTBEAT_SECONDS = env.float(
    "CLARION_HEARTBEAT_SECONDS", 30, validate=validate.Range(min=0, min_inclusive=False)
)
CLARION_RESUME_LIMIT = env.int("CLARION_RESUME_LIMIT", 500, validate=validate.Range(min=1))
CLARION_PAGE_SIZE = env.int("CLARION_PAGE_SIZE", 30, validate=validate.Range(min=1, max=100))
CLARION_SOCKET_BUDGET = env.int(
    "CLARION_SOCKET_BUDGET", 64 * 1024, validate=validate.Range(min=1024)
)
CLARION_PROCESS_BUDGET = env.int(
    "CLARION_PROCESS_BUDGET", 64 * 1024 * 1024, validate=validate.Range(min=1024)
)
CLARION_LOG_DAYS = env.int("CLARION_LOG_DAYS", 365, validate=validate.Range(min=1, max=36_500))
CLARION_KEEP_ITEMS = env.int(
    "CLARION_KEEP_ITEMS", 10_000, validate=validate.Range(min=1, max=100_000_000)
)
CLARION_KEEP_DAYS = env.int("CLARION_KEEP_DAYS", 365, validate=validate.Range(min=1, max=36_500))
CLARION_STORM_LIMIT = env.int(
    "CLARION_STORM_LIMIT", 100, validate=validate.Range(min=0, max=100_000)
)
CLARION_STORM_SECONDS = env.int(
    "CLARION_STORM_SECONDS", 60, validate=validate.Range(min=1, max=86_400)
)
CLARION_SCHEDULE_GRACE_SECONDS = env.float(
    "CLARION_SCHEDULE_GRACE_SECONDS", 300, validate=validate.Range(min=1, max=86_400)
)
_RATE = validate.Range(min=0, max=1_000_000)
CLARION_RATE_PERSON = env.int("CLARION_RATE_PERSON", 600, validate=_RATE)
CLARION_RATE_KEY = env.int("CLARION_RATE_KEY", 600, validate=_RATE)
CLARION_RATE_ADDRESS = env.int("CLARION_RATE_ADDRESS", 30, validate=_RATE)
CLARION_THREADS = env.int("CLARION_THREADS", 4, validate=validate.Range(min=1, max=100))

# --- Database --------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _sqlite_options() -> dict[str, Any]:
    """Return options with which writers queue instead of failing at once.

    A deferred transaction that reads and then writes fails with "database is locked" however long
    the timeout; an immediate one waits for its turn. WAL lets readers go on meanwhile.
    """
    return {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
    }


def _postgresql_options() -> dict[str, Any]:
    """Return options that bound every wait and notice a peer that is gone.

    READ COMMITTED is what the locking of the services is written for. Only web processes pool:
    Celery closes a whole pool around every task, and reuses its connection instead.
    """
    from psycopg import IsolationLevel  # only needed, and only installed for sure, with PostgreSQL

    options: dict[str, Any] = {
        "isolation_level": IsolationLevel.READ_COMMITTED,
        "connect_timeout": 5,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        # Batches hold locks for well under a second; whoever waits ten met something broken.
        "options": "-c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
    }
    pool_size = env.int("DATABASE_POOL_SIZE", 10, validate=validate.Range(min=0))
    if env.str("CLARION_PROCESS", "") == "web" and pool_size:
        options["pool"] = {"min_size": min(2, pool_size), "max_size": pool_size, "timeout": 5}
    return options


def _database() -> dict[str, Any]:
    """Return the one database of `DATABASE_URL`, by default SQLite in the state folder."""
    if not env.str("DATABASE_URL", ""):
        STATE.mkdir(mode=0o700, parents=True, exist_ok=True)
        config: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(STATE / "db.sqlite3"),
        }
    else:
        config = dict(env.dj_db_url("DATABASE_URL"))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        ours = _sqlite_options()
    elif config["ENGINE"] == "django.db.backends.postgresql":
        ours = _postgresql_options()
    else:
        raise EnvValidationError(
            'Environment variable "DATABASE_URL" invalid: neither SQLite nor PostgreSQL.',
            ["Clarion runs on SQLite and PostgreSQL."],
        )
    return config | {"CONN_MAX_AGE": 0, "OPTIONS": ours | config.get("OPTIONS", {})}


DATABASES = {"default": _database()}
# A worker keeps its connection for this many tasks (Celery's own setting, read by its Django part).
CELERY_DB_REUSE_MAX = env.int("CELERY_DB_REUSE_MAX", 1000)

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "corsheaders",
    "django_celery_beat",
    # For the assets of the API's page, which would come from a foreign host otherwise.
    "ninja",
    "notifications.apps.ClarionConfig",
    "project.apps.ProjectConfig",
]
if DEMO:
    # First, so that its inbox page, with the panel, is found before the one that it extends.
    INSTALLED_APPS.insert(0, "project.demo")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "project.middleware.Hardened",
    "corsheaders.middleware.CorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last, or it does nothing.
    "project.middleware.OneThread",
]

ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
# The manifest needs `collectstatic` first, which a developer should not have to think of.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "project.storage.HashedStaticFiles"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
# WhiteNoise hands out files, which Django reads whole in a thread under ASGI: fine for a few KB.
warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous", Warning)

# --- People ----------------------------------------------------------------------------------

LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/inbox/"
LOGOUT_REDIRECT_URL = LOGIN_URL
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Transport security ----------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", not DEBUG)
# Probes come from inside, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 0 if DEBUG else 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.bool("SECURE_HSTS_INCLUDE_SUBDOMAINS", False)
SECURE_HSTS_PRELOAD = env.bool("SECURE_HSTS_PRELOAD", False)
# Only for a proxy that sets the header itself on every request; else clients could claim HTTPS.
if env.bool("BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SILENCED_SYSTEM_CHECKS = [
    # Subdomains and the preload list are decisions about a whole domain, not about this site.
    "security.W005",
    "security.W021",
]

# --- Language and time -----------------------------------------------------------------------

USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "project" / "locale"]
# Schedules are kept in UTC: beat's own window goes wrong around changes of the clocks.
USE_TZ = True
TIME_ZONE = "UTC"

# --- Logging ---------------------------------------------------------------------------------

LOG_LEVEL = env.str(
    "LOG_LEVEL",
    "INFO",
    validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print every line of these a second time.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        # Two lines for every task, and a sweep every few seconds; failures are logged as errors.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
