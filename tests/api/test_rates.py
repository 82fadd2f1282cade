"""Nobody asks for more than their share; and nobody is kept out because Redis is away."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from redis import Redis

from notifications.api import api
from notifications.api.rates import Share, network
from notifications.live.breaker import breaker
from notifications.services import rates
from tests.api.conftest import MakeService, Service, refused
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db

# A minute that a test is unlikely to reach the end of.
MINUTE = 60


@pytest.fixture(autouse=True)
def _mended() -> Iterator[None]:
    """No test inherits failures, or leaves any."""
    breaker.reset()
    rates._limiter.cache_clear()
    yield
    breaker.reset()
    rates._limiter.cache_clear()


@pytest.fixture
def few(settings: Any, redis_server: Any) -> None:
    """Three requests a minute for everybody, two wrong keys."""
    settings.CLARION_RATE_PERSON = settings.CLARION_RATE_KEY = 3
    settings.CLARION_RATE_ADDRESS = 2


def limited(answer: Any) -> None:
    refused(answer, 429, "rate_limited")
    assert 1 <= int(answer["Retry-After"]) <= MINUTE


@pytest.mark.usefixtures("few")
def test_a_key_and_no_other(service: MakeService) -> None:
    first, second = service(), service()
    for _ in range(3):
        refused(first.get("notifications/1"), 404, "not_found")
    limited(first.get("notifications/1"))
    limited(first.broadcast())
    refused(second.get("notifications/1"), 404, "not_found")


@pytest.mark.usefixtures("few")
def test_a_person_on_all_devices_and_no_other(ada: Any, bob: Any) -> None:
    devices = [Client(), Client(), Client()]
    for device, user in zip(devices, (ada, ada, bob), strict=True):
        device.force_login(user)
    url = "/api/v1/inbox/"
    assert [devices[n].get(url).status_code for n in (0, 1, 0)] == [200] * 3
    for device in devices[:2]:
        limited(device.get(url))
        limited(device.post("/api/v1/ticket"))
    assert devices[2].get(url).status_code == 200


@pytest.mark.usefixtures("few")
def test_wrong_keys_from_an_address(ci: Service, service: MakeService) -> None:
    thief = Service("clarion_0123456789ab_x")
    for _ in range(2):
        refused(thief.get("notifications/1"), 401, "unauthorized")
    limited(thief.get("notifications/1"))
    # A good key passes, whoever else is there.
    refused(ci.get("notifications/1"), 404, "not_found")
    thief.client.defaults["REMOTE_ADDR"] = "192.0.2.1"
    refused(thief.get("notifications/1"), 401, "unauthorized")


def test_networks() -> None:
    assert network("192.0.2.1") == "192.0.2.1"
    assert network("2001:db8::1") == network("2001:db8::ffff:1") == "2001:db8::/64"
    assert network("2001:db8:0:1::1") != network("2001:db8::1")
    assert network("") == ""
    assert network("unix:") == "unix:"


@pytest.mark.usefixtures("few")
def test_zero_is_any_number(ci: Service, settings: Any) -> None:
    settings.CLARION_RATE_KEY = 0
    for _ in range(10):
        refused(ci.get("notifications/1"), 404, "not_found")


@pytest.mark.usefixtures("redis_server")
def test_many_at_once_get_no_more_than_their_share() -> None:
    waits = at_once([lambda: rates.wait("key", "x", 5) for _ in range(20)])
    assert waits.count(0) == 5


def test_one_is_free_again_after_as_many_seconds_as_was_said(redis_server: Any) -> None:
    client: Redis = redis_server.client()

    def pass_by(seconds: int) -> None:
        # Counters live by the clock of Redis; less time is left to them then.
        for name in client.keys(f"{rates.PREFIX}*"):
            client.pexpire(name, client.pttl(name) - 1000 * seconds)

    for _ in range(5):
        assert rates.wait("key", "x", 5) == 0
    pass_by(1)
    seconds = rates.wait("key", "x", 5)
    assert 10 < seconds < MINUTE
    pass_by(seconds - 10)
    assert 0 < rates.wait("key", "x", 5) <= 10
    pass_by(10)
    assert rates.wait("key", "x", 5) == 0


def test_every_operation_is_counted() -> None:
    counted = [
        [type(throttle) for throttle in operation.throttle_objects]
        for router in api._get_bound_routers()
        for path_view in router.path_operations.values()
        for operation in path_view.operations
    ]
    assert counted
    assert counted == [[Share]] * len(counted)


def test_without_redis_everything_passes(
    ci: Service, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CLARION_RATE_KEY = 1
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.CLARION_REDIS_URL = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
    for _ in range(3):
        refused(ci.get("notifications/1"), 404, "not_found")
    # Tried once, then left alone for a while.
    assert caplog.text.count("Counting requests failed") == 1
    settings.CLARION_REDIS_URL = ""
    breaker.reset()
    refused(ci.get("notifications/1"), 404, "not_found")
    assert not breaker.is_open


def test_a_redis_that_hangs_costs_one_request_a_moment(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "STEP_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CLARION_REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        assert rates.wait("key", "x", 1) == 0
    assert breaker.is_open


@pytest.mark.usefixtures("redis_server")
def test_a_forked_child_has_sockets_of_its_own(settings: Any) -> None:
    ours = rates._limiter(settings.CLARION_REDIS_URL, os.getpid())
    assert rates._limiter(settings.CLARION_REDIS_URL, os.getpid()) is ours
    assert rates._limiter(settings.CLARION_REDIS_URL, os.getpid() + 1) is not ours


@pytest.mark.usefixtures("few", "redis_server")
def test_a_redis_that_comes_back_counts_on(ci: Service, redis_server: Any) -> None:
    ci.get("notifications/1")
    redis_server.client().script_flush()
    for _ in range(2):
        refused(ci.get("notifications/1"), 404, "not_found")
    limited(ci.get("notifications/1"))
