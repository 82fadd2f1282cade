"""`/healthz`: the process lives. `/readyz`: it can do its work, or which part is missing."""

import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

# seconds; a balancer asks every few, so an answer must come while the question still matters.
REDIS_TIMEOUT = 1


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return _first_line(error)
    return ""


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        return _first_line(error)
    return f"{len(missing)} not applied: run manage.py migrate" if missing else ""


def _redis() -> str:
    client = Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        client.ping()
    except RedisError as error:
        return _first_line(error)
    finally:
        client.close()
    return ""


# Each returns what is wrong in one line, or nothing.
PARTS: dict[str, Callable[[], str]] = {
    "database": _database,
    "migrations": _migrations,
    "redis": _redis,
}


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as the process can answer at all."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200, or 503 with what is wrong with each part that is missing.

    Shape: `{"status": "ready" | "not ready", "missing": {part: reason}}`. The reasons are shown
    with DEBUG only, as they name hosts, and logged in any case.
    """
    missing = {part: reason for part, check in PARTS.items() if (reason := check())}
    for part, reason in missing.items():
        logger.error("Not ready: %s: %s", part, reason)
    if not settings.DEMO:
        missing = dict.fromkeys(missing, "see the log")
    return JsonResponse(
        {"status": "not ready" if missing else "ready", "missing": missing},
        status=503 if missing else 200,
    )
