"""What the tests of services share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers

from notifications.live.breaker import breaker
from notifications.models import Inbox, Outbox
from notifications.services.relay import relay_batch
from notifications.signals import inbox_changed
from notifications.wire import events
from tests.property.network import Network

Published = list[tuple[str, Any]]


@pytest.fixture(autouse=True)
def published(settings: Any, redis_server: object) -> Iterator[Published]:
    """What reached the channel layer, as group and event."""
    seen: Published = []
    settings.CHANNEL_LAYERS = {DEFAULT_CHANNEL_LAYER: {"BACKEND": "tests.property.network.Network"}}
    channel_layers.backends = {}
    breaker.reset()
    Network.subscribers = [lambda group, message: seen.append((group, events.read(message)))]
    yield seen
    Network.subscribers = []
    channel_layers.backends = {}


@pytest.fixture
def changes() -> Iterator[list[Any]]:
    """The `inbox_changed` signals sent, as inbox id and event."""
    seen: list[Any] = []

    def hear(inbox_id: int, event: object, **_: object) -> None:
        seen.append((inbox_id, event))

    inbox_changed.connect(hear)
    yield seen
    inbox_changed.disconnect(hear)


@pytest.fixture
def relay_all() -> Callable[[], None]:
    """Empties the outbox."""

    def relay() -> None:
        while sum(relay_batch(lane) for lane in Outbox.Lane):
            pass

    return relay


@pytest.fixture
def inbox(ada: Any) -> Inbox:
    """Ada's inbox."""
    return Inbox.objects.get(user=ada)
