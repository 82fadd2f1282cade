"""Celery's values, where a wrong one would show only on a bad day."""

import json
import signal

import pytest
from celery import current_app

from tests.support.processes import Processes
from tests.support.redis import RedisProcess
from tests.support.waiting import wait_until
from workers import app

pytestmark = pytest.mark.any_database

QUEUES = ("notify", "relay", "deliveries")


def waiting(redis_server: RedisProcess) -> list[str]:
    """Return the names of the tasks that a worker could still get."""
    with redis_server.client() as client:
        queued = [json.loads(m) for queue in QUEUES for m in client.lrange(queue, 0, -1)]
        unacked = [json.loads(m)[0] for m in client.hvals("unacked")]
    return [message["headers"]["task"] for message in queued + unacked]


def test_django_sends_through_this_application() -> None:
    assert current_app.conf.task_acks_late
    assert current_app._get_current_object() is app


def test_each_queue_gets_only_its_own(transactional_db: None, redis_server: RedisProcess) -> None:
    for name in ("notify", "broadcast", "relay", "sweep", "fire", "cleanup"):
        app.send_task(f"notifications.{name}", args=["x"])
    with redis_server.client() as client:
        messages = {queue: map(json.loads, client.lrange(queue, 0, -1)) for queue in QUEUES}
    # Not those of a worker of an earlier test, which may still have woken a relay.
    ours = {
        queue: sum(message["headers"]["argsrepr"] == "['x']" for message in found)
        for queue, found in messages.items()
    }
    assert ours == {"notify": 2, "relay": 4, "deliveries": 0}


def test_every_scheduled_and_routed_task_exists() -> None:
    app.loader.import_default_modules()
    named = {entry["task"] for entry in app.conf.beat_schedule.values()} | set(app.conf.task_routes)
    assert named <= set(app.tasks)


def test_a_task_with_a_countdown_outlives_its_worker(
    processes: Processes, redis_server: RedisProcess
) -> None:
    worker = processes.worker()
    app.send_task("notifications.notify", args=[[], "message"], countdown=100)
    with redis_server.client() as client:
        wait_until(lambda: client.hlen("unacked"), what="taken by the worker")
    worker.popen.send_signal(signal.SIGTERM)
    wait_until(lambda: not worker.running, 20, what="the worker's end")
    assert waiting(redis_server) == ["notifications.notify"]
