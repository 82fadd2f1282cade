"""One group for the process: nothing ends it, and who was late is told."""

import pytest
from channels.layers import InMemoryChannelLayer

from notifications.live import subscription
from notifications.live.subscription import Subscription
from tests.layer.waiting import until

GROUP = "log"


class Listener:
    """A sink that cannot bear the number 1."""

    def __init__(self):
        self.got = []

    def __call__(self, message):
        self.got.append(message["number"])
        if message["number"] == 1:
            raise ValueError("one")


@pytest.mark.parametrize("stock", [True, False])
async def test_a_sink_that_raises_hears_what_comes_after(make_layer, stock, caplog):
    layer = InMemoryChannelLayer() if stock else make_layer()
    listener = Listener()
    one = Subscription(layer, GROUP, listener)
    await one.open()
    for number in (1, 2, 3):
        await layer.group_send(GROUP, {"number": number})
    await until(lambda: listener.got == [1, 2, 3])
    assert "ValueError: one" in caplog.text
    await one.close()
    assert not layer.groups
    assert not layer.channels


async def test_who_was_acknowledged_late_is_told(make_layer, redis_server, monkeypatch):
    monkeypatch.setattr(subscription, "ACKNOWLEDGE_SECONDS", 0.05)
    layer = make_layer(probe_seconds=0.05, probe_timeout=0.3)
    listener = Listener()
    late = []
    redis_server.freeze()
    left = Subscription(layer, "left", listener, lambda: late.append("left"))
    one = Subscription(layer, GROUP, listener, lambda: late.append(GROUP))
    await left.open()
    await one.open()
    await left.close()
    assert late == []
    redis_server.thaw()
    await until(lambda: late)
    await layer.group_send(GROUP, {"number": 2})
    await until(lambda: listener.got == [2])
    in_time = Subscription(layer, GROUP, listener, lambda: late.append("in time"))
    await in_time.open()
    await in_time.close()
    await one.close()
    assert late == [GROUP]
