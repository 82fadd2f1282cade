"""Redis goes and comes back under people who are connected."""

import pytest

from notifications import broadcast, notify
from notifications.live.breaker import breaker
from notifications.services.relay import relay
from tests.acceptance.screen import glimpsed, shown
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.promise_2, pytest.mark.any_database]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_restart_under_a_connected_client(redis_server, screen, ada, end):
    page = screen(ada)
    getattr(redis_server, end)()
    notify(ada, "message", title="While it was away")
    broadcast("everyone", "message", title="All, while it was away")
    relay()
    redis_server.start()
    page.follow_until("While it was away", "All, while it was away")
    breaker.reset()

    # The subscriptions are back too, so that what follows comes as it happens.
    def arrives_live():
        before = len(page.came)
        notify(ada, "message", title="Live again")
        relay()
        page.follow_until("Live again")
        page.follow_heartbeats(1)
        return "notifications" in page.came[before:]

    wait_until(arrives_live)
    broadcast("everyone", "message", title="All live again")
    relay()
    page.follow_until("All live again")
    assert page.agrees()


@pytest.mark.promise_1
def test_worker_goes_on_after_a_restart(redis_server, processes, screen, ada):
    """A worker finds its broker again by itself."""
    processes.worker()
    page = screen(ada)
    redis_server.restart()
    breaker.reset()

    def relayed():
        notify(ada, "message", title="After")
        breaker.reset()
        return any(frame["type"] == "notifications" for frame in page.socket.frames)

    def followed():
        relayed()
        page.follow_heartbeats(1)
        return "After" in page.titles

    wait_until(followed)
    # The last of them may be on its way.
    page.follow(lambda p: shown(p) == shown(glimpsed(p.browser)))
