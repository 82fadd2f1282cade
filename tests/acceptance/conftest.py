"""Fixtures of the acceptance tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from notifications.live.breaker import breaker
from tests.acceptance.crowd import Crowd
from tests.acceptance.screen import Screen
from tests.support.processes import Processes
from tests.support.redis import RedisProcess
from tests.support.site import Site


@pytest.fixture(autouse=True)
def _mended_breaker() -> Iterator[None]:
    """No test inherits the failures of the one before."""
    breaker.reset()
    yield
    breaker.reset()


@pytest.fixture(scope="session")
def _stock_webs() -> dict[int, Site]:
    return {}


@pytest.fixture
def _stock_web(
    _session_processes: Processes, redis_server: RedisProcess, _stock_webs: dict[int, Site]
) -> Site:
    # One for each Redis process: the stock layer answers 500 to the first socket after a restart.
    assert redis_server.process
    pid = redis_server.process.pid
    if pid not in _stock_webs:
        for site in _stock_webs.values():
            site.process.kill()
        _stock_webs[pid] = _session_processes.web(
            application="tests.support.stock:application",
            websockets="websockets-sansio",
            DJANGO_SETTINGS_MODULE="tests.support.stock_settings",
            CLARION_HEARTBEAT_SECONDS="1",
        )
    return _stock_webs[pid]


@pytest.fixture(scope="session")
def _patient_web(_session_processes: Processes) -> Site:
    return _session_processes.web(CLARION_HEARTBEAT_SECONDS="3600")


@pytest.fixture(
    params=[
        pytest.param("_web", id="ours"),
        pytest.param("_stock_web", id="stock", marks=pytest.mark.any_database),
    ]
)
def either_site(
    request: pytest.FixtureRequest, transactional_db: None, redis_server: RedisProcess
) -> Site:
    """As `live_site`, and with Channels' authentication, the stock layer and the stock server."""
    site: Site = request.getfixturevalue(request.param)
    return site


@pytest.fixture
def patient_site(_patient_web: Site, transactional_db: None, redis_server: RedisProcess) -> Site:
    """As `live_site`, with hardly a heartbeat: what happens, happens at once or not at all."""
    return _patient_web


@pytest.fixture
def screen(live_site: Site) -> Iterator[Callable[..., Screen]]:
    """Opens pages of people, connected; closes them after the test."""
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(Screen(live_site.browser(user)))


@pytest.fixture
def either_screen(either_site: Site) -> Iterator[Callable[..., Screen]]:
    """As `screen`, on our parts and on stock parts."""
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(Screen(either_site.browser(user)))


@pytest.fixture
def crowd(db: None) -> Callable[[int], list[Any]]:
    """Makes many people at once, who therefore have no inboxes yet."""

    def make(count: int) -> list[Any]:
        model = get_user_model()
        return model.objects.bulk_create(
            [model(username=f"person{number}", password="!") for number in range(count)]
        )

    return make


@pytest.fixture
def many(db: None) -> Iterator[Crowd]:
    """Clients that read all the time; they leave after the test."""
    with Crowd() as crowd:
        yield crowd
