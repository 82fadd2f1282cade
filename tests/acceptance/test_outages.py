"""Broker and Redis away or hanging: `notify` loses little time and nothing else."""

import json
import socket
import subprocess
import sys
import threading

import pytest
from django.conf import settings

from notifications import notify
from notifications.live.breaker import OPEN_SECONDS, breaker
from notifications.models import Outbox
from notifications.services import wake
from notifications.services.relay import relay, sweep
from project.local.redis_server import free_port
from tests.acceptance.hasty_caller import TIMEOUTS
from tests.acceptance.screen import titles_of
from tests.support.processes import environment
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.any_database, pytest.mark.promise_1]

CALLS = 51
# Seconds that a call may lose to a host that hangs, which is two steps.
LOST = 1.0
TITLES = [f"Call {number}" for number in range(CALLS)]


class BlackHole:
    """Takes connections and never answers."""

    def __init__(self):
        self.accepted = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while True:
            try:
                self.accepted.append(self.listener.accept()[0])
            except OSError:
                return

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        # Wakes `accept`, which closing alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for connection in self.accepted:
            connection.close()


def calls(user, **env):
    """Make many calls in a new process with these variables; returns how many of them failed.

    Those take little time, the others none: a failure is one attempt of two steps.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.hasty_caller", str(user.pk), str(CALLS)],
        cwd=settings.BASE_DIR,
        env=environment(LOG_LEVEL="WARNING", **env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    failures = ended.stderr.count("not trying again")
    seconds, steps = json.loads(ended.stdout)
    assert len(steps) == len(TIMEOUTS) + 2, steps
    assert 2 * max(steps) < LOST
    assert failures <= 1 + seconds / OPEN_SECONDS, "at most one attempt in five seconds"
    assert failures >= 1, "what should be broken works"
    return failures


def swept(*users):
    """Once things are back, the sweep finds what nobody was woken for."""
    breaker.reset()

    def sweep_once():
        sweep()
        return not Outbox.objects.exists()

    wait_until(sweep_once)
    for user in users:
        assert titles_of(user) == TITLES


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_refuses(redis_server, transactional_db, ada, scheme):
    calls(ada, CELERY_BROKER_URL=f"{scheme}://127.0.0.1:{free_port()}//")
    swept(ada)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_broker_hangs(redis_server, transactional_db, ada, scheme):
    with BlackHole() as hole:
        failures = calls(ada, CELERY_BROKER_URL=f"{scheme}://127.0.0.1:{hole.port}//")
        assert 1 <= len(hole.accepted) <= 2 * failures + 2, "touched once, not by each call"
    swept(ada)


def test_everything_refuses(redis_server, transactional_db, ada):
    calls(ada, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    swept(ada)


def test_everything_hangs(redis_server, transactional_db, ada):
    with BlackHole() as hole:
        failures = calls(ada, REDIS_URL=f"redis://127.0.0.1:{hole.port}/0")
        assert 1 <= len(hole.accepted) <= 2 * failures + 2
    swept(ada)


@pytest.fixture
def hasty(monkeypatch):
    """This process's steps towards Redis are as short as those of others."""
    monkeypatch.setattr(wake, "STEP_SECONDS", 0.4)
    wake._redis.cache_clear()
    yield
    wake._redis.cache_clear()


def test_redis_freezes_in_mid_flight(live_site, redis_server, screen, ada, hasty):
    """A process with open connections, when the other end stops answering."""
    page = screen(ada)
    notify(ada, "message", title="Before")
    relay()
    page.follow_until("Before")
    redis_server.freeze()
    notify(ada, "message", title="Meanwhile")
    assert breaker.is_open
    # It takes the database only to reach inboxes, and open pages with them.
    relay()
    assert titles_of(ada) == ["Before", "Meanwhile"]
    page.follow_until("Meanwhile")
    redis_server.thaw()
    breaker.reset()
    notify(ada, "message", title="After")
    relay()
    page.follow_until("After")
    assert page.agrees()


def test_publishing_hangs_once(live_site, redis_server, ada):
    """A change of state over HTTP is not held up by a Redis that hangs, either."""
    notify(ada, "message", title="Read me")
    relay()
    browser = live_site.browser(ada)
    (item,) = browser.get("/api/v1/inbox/")["items"]
    redis_server.freeze()
    for state in ("seen", "read", "archive"):
        answer = browser.post(f"/api/v1/inbox/{state}", {"ids": [item["id"]]})
    assert answer["unread"] == 0
    assert browser.get("/api/v1/inbox/")["items"] == []
