"""A Celery task that runs twice notifies once."""

import os
import signal
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection, transaction

from notifications import notify
from notifications.models import IdempotencyKey, Notification
from tests.acceptance.screen import titles_of
from tests.acceptance.test_idempotency import waiting_for_locks
from tests.support.waiting import wait_until

pytestmark = pytest.mark.promise_1


def send(user, task_id, title="Once"):
    args = ([user.pk], "message")
    current_app.send_task("notifications.notify", args, {"title": title}, task_id=task_id)


def children(process):
    """Pids of the processes that run a worker's tasks."""
    return [
        int(pid)
        for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def taken(redis_server):
    """How many tasks workers have taken and not acknowledged."""
    with redis_server.client() as client:
        return client.hlen("unacked")


@contextmanager
def held_task(redis_server, user):
    """Stops a task in the middle: its key is taken by a transaction that has not ended."""
    task_id = str(uuid.uuid4())
    with transaction.atomic():
        other = notify(user, "message", title="Never said")
        IdempotencyKey.objects.create(key=f"task:{task_id}", fingerprint="-", notification=other)
        send(user, task_id)
        wait_until(lambda: taken(redis_server))
        if connection.vendor == "postgresql":
            wait_until(waiting_for_locks)
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("name", ["notifications.notify", "notifications.broadcast"])
def test_same_task_twice(processes, redis_server, screen, ada, name):
    processes.worker()
    page = screen(ada)
    task_id = str(uuid.uuid4())
    to = [ada.pk] if name == "notifications.notify" else "everyone"
    for _ in range(2):
        current_app.send_task(name, (to, "message"), {"title": "Once"}, task_id=task_id)
    send(ada, str(uuid.uuid4()), "Last")
    page.follow_until("Once", "Last")
    # The queue is served in order, so both have been taken.
    wait_until(lambda: not taken(redis_server))
    assert Notification.objects.count() == 2
    assert sorted(page.titles) == ["Last", "Once"]
    assert page.agrees()


def test_child_killed_in_the_middle(processes, redis_server, ada):
    """Out of memory, as a rule: the main process gives the task back at once."""
    worker = processes.worker(WORKER_CONCURRENCY="1")
    with held_task(redis_server, ada):
        for pid in children(worker):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: "signal 9 (SIGKILL)" in worker.output())
    wait_until(lambda: titles_of(ada))
    assert titles_of(ada) == ["Once"]
    assert Notification.objects.count() == 1


def test_worker_killed_in_the_middle(processes, redis_server, ada):
    """The whole worker dies: another one takes the task over when its time is up."""
    first = processes.worker(WORKER_CONCURRENCY="1")
    with held_task(redis_server, ada):
        first.kill()
    assert not Notification.objects.exists()
    with redis_server.client() as client:
        (tag,) = client.zrange("unacked_index", 0, -1)
        # The time-out, in no time: the message was taken long ago.
        client.zadd("unacked_index", {tag: 0})
    processes.worker(WORKER_CONCURRENCY="1")
    # kombu looks for such messages every ten seconds.
    wait_until(lambda: titles_of(ada))
    assert titles_of(ada) == ["Once"]
    assert Notification.objects.count() == 1
