"""A real Chromium, and windows in it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from project.local.people import make_people
from tests.browser.cable import Cable
from tests.browser.window import VIOLATIONS, Window
from tests.conftest import processes_of
from tests.support.processes import Process, Processes
from tests.support.redis import RedisProcess
from tests.support.site import Site, login_session
from tests.support.waking import waking

# As root in a container, and without calls to anybody outside.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page whose headers a test has added to counts as a stranger to this machine's network.
    "--disable-features=LocalNetworkAccessChecks",
]
TIMEOUT = 20_000  # ms; for a machine with much else to do

OpenWindow = Callable[..., Window]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless; where there is one, that without windows: half the CPU."""
    path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    assert path, "The browser tests need chromium on the PATH: make chromium"
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's synchronous face keeps an event loop in this thread, where Django would
        # refuse the database. Nothing of ours runs on that loop.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=TIMEOUT)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def _package_processes(
    request: pytest.FixtureRequest, django_db_setup: None, _redis_process: RedisProcess
) -> Iterator[Processes]:
    yield from processes_of(request, "package")


@pytest.fixture(scope="package")
def _worker(_package_processes: Processes) -> Iterator[Process]:
    # One for all modules, since each of them has it: a start takes seconds.
    worker = _package_processes.worker()
    with waking():
        yield worker


@pytest.fixture
def window_of(chromium: Browser, live_site: Site) -> Iterator[OpenWindow]:
    """Makes windows in which somebody is signed in (None: nobody): `window_of(ada).open()`.

    Options: `site`, `hidden`, and those of Playwright's `new_context`.
    """
    with ExitStack() as ends:

        def make(
            user: Any, *, site: Site = live_site, hidden: bool = False, **options: Any
        ) -> Window:
            cable = ends.enter_context(Cable(site.port))
            context = chromium.new_context(**options)
            ends.callback(context.close)
            context.set_default_timeout(TIMEOUT)
            complaints = listen(context)
            ends.callback(lambda: expect_none(complaints))
            if user is not None:
                name, value = settings.SESSION_COOKIE_NAME, login_session(user)
                context.add_cookies([{"name": name, "value": value, "url": cable.url}])
            return Window(context, cable, hidden=hidden, complaints=complaints)

        yield make


@pytest.fixture
def people(transactional_db: None) -> None:
    """Those of the demo, with passwords whose hashes the web process can check, and quickly."""
    make_people()
    for person in User.objects.all():
        name = person.get_username()
        person.password = PBKDF2PasswordHasher().encode(name, "salt", iterations=1)
        person.save()


def listen(context: BrowserContext) -> list[str]:
    """Listen to pages; returns the list that complaints of the site's policy go into."""
    complaints: list[str] = []
    context.add_init_script(VIOLATIONS)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on(
        "console",
        lambda message: "policy" in message.text.lower() and complaints.append(message.text),
    )
    return complaints


def expect_none(complaints: list[str]) -> None:
    """Fail if a page broke the policy, or if a script failed."""
    assert complaints == []
