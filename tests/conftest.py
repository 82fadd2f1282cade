"""Fixtures of the whole suite: real processes, a real database, people.

`db` (or `@pytest.mark.django_db`) runs a test in a transaction that is rolled back. What other
processes are to see has to be committed: `transactional_db` (or `transaction=True`), which
`processes`, `worker` and `live_site` bring along.
"""

import logging
import shutil
import warnings
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import TransactionTestCase
from django.utils import translation

from notifications.live.breaker import breaker
from notifications.services import rates, wake
from tests import settings as test_settings
from tests.support.database import Baseline
from tests.support.processes import Process, Processes
from tests.support.redis import RedisProcess
from tests.support.site import Site
from tests.support.waking import waking

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_site"}
STARTED = pytest.StashKey[list[Processes]]()

# Seconds for this process's steps towards Redis and the broker, which are there but for those tests
# in which they are not; on a machine with much else to do they take their time.
wake.STEP_SECONDS = rates.STEP_SECONDS = 5.0


def pytest_report_header() -> str:
    """Say which database the run is about."""
    return f"database: {test_settings.TEST_DATABASE}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what would show nothing on this database, and screenshots unless asked for.

    On PostgreSQL runs what touches the database, unless it says that any would do: the rest runs on
    SQLite only.
    """
    asked = config.getoption("markexpr")

    def wanted(item: pytest.Item) -> bool:
        if item.get_closest_marker("screenshots") and "screenshots" not in asked:
            return False
        if test_settings.TEST_DATABASE == "sqlite":
            return not item.get_closest_marker("postgresql")
        uses_database = item.get_closest_marker("django_db") or (
            DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        )
        once = item.get_closest_marker("browser") or item.get_closest_marker("any_database")
        return bool(uses_database) and not once

    kept = [item for item in items if wanted(item)]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
        items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the processes with a failure."""
    report = yield
    if report.failed:
        for group in item.session.stash.get(STARTED, []):
            if logs := group.logs():
                report.sections.append(("processes", logs))
    return report


# --- Database --------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """A PostgreSQL server for the run; yields the folder of its socket."""
    with warnings.catch_warnings():
        # About a folder for things that live as long as a login; ours is elsewhere.
        warnings.simplefilter("ignore")
        import pgserver  # only here: importing it already looks for folders of its own

    # It logs once more when Python ends, after pytest has closed the streams.
    logging.getLogger("pgserver").setLevel(logging.WARNING)
    folder = test_settings.POSTGRESQL_FOLDER
    server = pgserver.get_server(folder)
    yield folder
    server.cleanup()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """Have the server running before the database is made."""
    if test_settings.TEST_DATABASE == "postgresql":
        request.getfixturevalue("postgres")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the database, and have tests that commit go back to what migrations left."""
    with django_db_blocker.unblock():
        baseline = Baseline()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: baseline.restore())
        yield


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """No test reads in the language of a request that an earlier one made."""
    yield
    translation.deactivate()


# --- Redis and processes ---------------------------------------------------------------------


@pytest.fixture(scope="session")
def _redis_process() -> Iterator[RedisProcess]:
    url = f"redis://:{test_settings.REDIS_PASSWORD}@127.0.0.1:{test_settings.REDIS_PORT}/0"
    server = RedisProcess(test_settings.WORK / "redis", url)
    server.start()
    yield server
    server.thaw()
    server.stop()


@pytest.fixture
def redis_server(_redis_process: RedisProcess) -> Iterator[RedisProcess]:
    """The Redis of `settings.REDIS_URL`. Tests may stop, restart or freeze it."""
    # A test before, without Redis, may have found that there is none; its worker may have left
    # something after it.
    breaker.reset()
    _redis_process.clean()
    yield _redis_process
    _redis_process.clean()


def processes_of(request: pytest.FixtureRequest, scope: str) -> Iterator[Processes]:
    """Yield what starts processes, and kill what it leaves."""
    folder = test_settings.WORK / "logs" / f"{scope}-{id(request)}"
    group = Processes(folder)
    groups = request.session.stash.setdefault(STARTED, [])
    groups.append(group)
    yield group
    groups.remove(group)
    group.end()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _session_processes(
    request: pytest.FixtureRequest, django_db_setup: None, _redis_process: RedisProcess
) -> Iterator[Processes]:
    yield from processes_of(request, "session")


@pytest.fixture(scope="module")
def _module_processes(
    request: pytest.FixtureRequest, django_db_setup: None, _redis_process: RedisProcess
) -> Iterator[Processes]:
    yield from processes_of(request, "module")


@pytest.fixture
def processes(
    request: pytest.FixtureRequest, transactional_db: None, redis_server: RedisProcess
) -> Iterator[Processes]:
    """Starts web, worker, beat or commands for one test, and kills what it leaves."""
    yield from processes_of(request, "test")


@pytest.fixture(scope="session")
def _web(_session_processes: Processes) -> Site:
    # Heartbeats every second, so that what they heal is seen to heal.
    return _session_processes.web(CLARION_HEARTBEAT_SECONDS="1")


@pytest.fixture
def live_site(_web: Site, transactional_db: None, redis_server: RedisProcess) -> Site:
    """A web process, shared by the run; heartbeat every second. Do not end it."""
    return _web


@pytest.fixture(scope="module")
def _worker(_module_processes: Processes) -> Iterator[Process]:
    worker = _module_processes.worker()
    with waking():
        yield worker


@pytest.fixture
def worker(_worker: Process, transactional_db: None, redis_server: RedisProcess) -> Process:
    """A Celery worker, shared by the module's tests, which all have it. Do not end it."""
    return _worker


# --- People ----------------------------------------------------------------------------------


@pytest.fixture
def make_user(db: None) -> Callable[..., Any]:
    """Makes users by name, committed where the test commits."""

    def make(name: str, **fields: Any) -> Any:
        return get_user_model().objects.create_user(
            name, f"{name}@example.com", fields.pop("password", None), **fields
        )

    return make


@pytest.fixture
def ada(make_user: Callable[..., Any]) -> Any:
    """A person."""
    return make_user("ada")


@pytest.fixture
def bob(make_user: Callable[..., Any]) -> Any:
    """Another person."""
    return make_user("bob")
