"""A worker keeps its database connection, but not one that is dead."""

import pytest
from django.db import connection

from notifications import notify
from notifications.models import Item
from notifications.services.wake import GATE
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

    def connected() -> set[int]:
        return set(query(f"SELECT pid {BACKENDS}"))

    notify(ada, "message", title="First")
    wait_until(lambda: delivered(1), 20, what="delivery")
    # That of tasks, and that of the thread in which the relay lingers.
    wait_until(lambda: len(connected()) == 2)
    before = connected()
    for number in range(2, 6):
        notify(ada, "message", title=f"By the same, {number}")
        wait_until(lambda number=number: delivered(number), 20, what="delivery")
        with redis_server.client() as client:
            wait_until(lambda client=client: not client.exists(GATE), what="the relay's end")
    assert connected() == before

    # Nothing is under way, so that the first to find out reads outside a transaction, where Django
    # does not drop a connection that failed.
    with redis_server.client() as client:
        wait_until(lambda: not client.llen("relay") and not client.hlen("unacked"), what="silence")
    query(f"SELECT count(pg_terminate_backend(pid)) {BACKENDS}")
    app.send_task("notifications.sweep")
    wait_until(lambda: "OperationalError" in worker.output(), what="the failure of one task")
    notify(ada, "message", title="Last")
    wait_until(lambda: delivered(6), 20, what="delivery by a new connection")
