"""A worker keeps its database connection, but not one that is dead."""

import pytest
from django.db import connection

from notifications import notify
from notifications.models import Item
from tests.settings import DATABASE_URLS, TEST_DATABASE
from tests.support.processes import Processes
from tests.support.redis import RedisProcess
from tests.support.waiting import wait_until
from workers import app

NAME = "the-worker"
BACKENDS = f"FROM pg_stat_activity WHERE application_name = '{NAME}'"


def query(sql: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.postgresql
def test_a_worker_reuses_its_connection_until_it_dies(
    processes: Processes, redis_server: RedisProcess, ada: object
) -> None:
    url = f"{DATABASE_URLS[TEST_DATABASE]}&application_name={NAME}"
    worker = processes.worker(WORKER_CONCURRENCY="1", DATABASE_URL=url)

    def delivered(number: int) -> bool:
        app.send_task("notifications.sweep")
        return Item.objects.count() == number

    notify(ada, "message", title="First")
    wait_until(lambda: delivered(1), 20, what="delivery")
    before = query(f"SELECT pid {BACKENDS}")
    assert len(before) == 1
    notify(ada, "message", title="Second")
    wait_until(lambda: delivered(2), 20, what="delivery by the same connection")
    assert query(f"SELECT pid {BACKENDS}") == before

    # Nothing is under way, so that the first to find out reads outside a transaction, where Django
    # does not drop a connection that failed.
    with redis_server.client() as client:
        wait_until(lambda: not client.llen("relay") and not client.hlen("unacked"), what="silence")
    query(f"SELECT count(pg_terminate_backend(pid)) {BACKENDS}")
    app.send_task("notifications.sweep")
    wait_until(lambda: "OperationalError" in worker.output(), what="the failure of one task")
    notify(ada, "message", title="Third")
    wait_until(lambda: delivered(3), 20, what="delivery by a new connection")
