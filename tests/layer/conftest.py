"""Layers on the tests' Redis."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from django.conf import settings

from notifications.live.layer import LiveChannelLayer
from tests.support.redis import RedisProcess

pytestmark = pytest.mark.any_database


@pytest.fixture
async def make_layer(redis_server: RedisProcess) -> AsyncIterator[Callable[..., LiveChannelLayer]]:
    """Makes layers; each stands for a process."""
    made: list[LiveChannelLayer] = []

    def make(**options: Any) -> LiveChannelLayer:
        options.setdefault("hosts", [settings.REDIS_URL])
        made.append(LiveChannelLayer(**options))
        return made[-1]

    yield make
    for layer in made:
        await layer.flush()
        layer.close()


@pytest.fixture
def layer(make_layer: Callable[..., LiveChannelLayer]) -> LiveChannelLayer:
    """A layer."""
    return make_layer()


@pytest.fixture
def other(make_layer: Callable[..., LiveChannelLayer]) -> LiveChannelLayer:
    """Another one, as of another process."""
    return make_layer()


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("notifications.live").setLevel(logging.INFO)
