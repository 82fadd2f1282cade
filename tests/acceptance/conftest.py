"""Fixtures of the acceptance tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from notifications.live.breaker import breaker
from tests.acceptance.screen import Screen
from tests.support.site import Site


@pytest.fixture(autouse=True)
def _mended_breaker() -> Iterator[None]:
    """No test inherits the failures of the one before."""
    breaker.reset()
    yield
    breaker.reset()


@pytest.fixture
def screen(live_site: Site) -> Iterator[Callable[..., Screen]]:
    """Opens pages of people, connected; closes them after the test."""
    with ExitStack() as stack:
        yield lambda user: stack.enter_context(Screen(live_site.browser(user)))


@pytest.fixture
def crowd(db: None) -> Callable[[int], list[Any]]:
    """Makes many people at once, who therefore have no inboxes yet."""

    def make(count: int) -> list[Any]:
        model = get_user_model()
        return model.objects.bulk_create(
            [model(username=f"person{number}", password="!") for number in range(count)]
        )

    return make
