"""`/healthz` and `/readyz`, with parts really missing."""

import re
from typing import Any

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from project import health
from tests.support.redis import RedisProcess


def test_ready(db: None, redis_server: RedisProcess, client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "missing": {}})


def test_redis_gone(db: None, redis_server: RedisProcess, client: Client) -> None:
    redis_server.stop()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.json()["missing"]) == ["redis"]
    assert client.get("/healthz").status_code == 200


def test_redis_that_hangs_is_not_waited_for(
    db: None, redis_server: RedisProcess, client: Client
) -> None:
    redis_server.freeze()
    assert client.get("/readyz").json()["missing"] == {"redis": "Timeout reading from socket"}
    assert health.REDIS_TIMEOUT <= 1


def test_migration_missing(db: None, redis_server: RedisProcess, client: Client) -> None:
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.json()["missing"]) == ["migrations"]


def test_reasons_stay_inside_without_debug(
    db: None,
    redis_server: RedisProcess,
    client: Client,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DEMO = False
    redis_server.stop()
    assert client.get("/readyz").json()["missing"] == {"redis": "see the log"}
    logged = [record.getMessage() for record in caplog.records if record.name == "project.health"]
    assert len(logged) == 1
    assert re.match(r"Not ready: redis: .*refused", logged[0])
