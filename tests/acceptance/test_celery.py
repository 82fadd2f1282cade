"""By name from any process, with queues in which nothing stands before the relay."""

import json
import subprocess
import sys

import pytest
from celery import current_app
from django.conf import settings

from notifications import notify
from notifications.models import Notification, Outbox
from tests.acceptance.screen import titles_of
from tests.support.processes import environment
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_1, pytest.mark.any_database]

TASKS = 1000


def celery_call(name, args, kwargs):
    """Call a task as another process does that knows its name only; returns the task's id."""
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "celery", "--quiet", "-A", "workers", "call", name),
            *("--args", json.dumps(args), "--kwargs", json.dumps(kwargs)),
        ],
        cwd=settings.BASE_DIR,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def test_by_name_from_another_process(processes, screen, ada, bob):
    processes.worker()
    page = screen(ada)
    call = celery_call(
        "notifications.notify", [[ada.pk, str(bob.pk)], "message"], {"title": "Said"}
    )
    assert len(call) == 36
    celery_call("notifications.broadcast", ["everyone", "message"], {"title": "All"})
    page.follow_until("Said", "All")
    assert page.agrees()
    assert titles_of(bob) == ["Said"]


def test_wrong_arguments_do_not_stop_the_worker(processes, screen, ada):
    worker = processes.worker(WORKER_CONCURRENCY="1")
    page = screen(ada)
    for args, fields in (
        ([[ada.pk], "unheard of"], {"title": "Wrong type"}),
        (["not a list", "message"], {"title": "Wrong people"}),
        ([[ada.pk], "message"], {"title": ""}),
        ([[ada.pk], "message"], {"title": "Wrong field", "colour": "red"}),
        ([[ada.pk], "message"], {"title": "Wrong URL", "url": "javascript:alert()"}),
        ([], {}),
    ):
        current_app.send_task("notifications.notify", args, fields)
    current_app.send_task("notifications.unheard_of")
    # Nobody has these ids; a person might have been deleted meanwhile.
    args = [[987654321, ada.pk], "message"]
    current_app.send_task("notifications.notify", args, {"title": "Right"})
    page.follow_until("Right")
    assert Notification.objects.count() == 1
    assert "UnknownType" in worker.output()


def test_notify_tasks_do_not_stand_before_the_relay(processes, redis_server, ada, bob):
    with current_app.producer_or_acquire() as producer:
        for number in range(TASKS):
            args = [[bob.pk], "message"]
            fields = {"title": f"Task {number}"}
            current_app.send_task("notifications.notify", args, fields, producer=producer)
    notify(ada, "message", title="Behind a thousand")
    assert Outbox.objects.count() == 1
    with redis_server.client() as client:
        assert (client.llen("notify"), client.llen("relay")) == (TASKS, 1)
        processes.worker(WORKER_CONCURRENCY="1")
        wait_until(lambda: titles_of(ada))
        assert client.llen("notify") > TASKS / 2


def test_bursts_enqueue_a_handful_of_relays(redis_server, transactional_db, ada):
    for _ in range(100):
        notify(ada, "message", title="Burst")
    with redis_server.client() as client:
        assert 1 <= client.llen("relay") <= 5
