"""`publish` and `publish_many`: blocking, from anywhere."""

import asyncio
import os
import threading

import pytest
from redis.exceptions import RedisError

from notifications.live.layer import LiveChannelLayer
from tests.layer.waiting import until


async def heard(layer, *groups):
    got = []
    loop_layer = layer.of_running_loop()
    channel = loop_layer.new_name()
    loop_layer.attach(channel, got.append)
    for group in groups:
        await loop_layer.subscribe_group(group, channel)
    return got


async def test_pairs_go_out_in_order(layer, other):
    got = await heard(layer, "a", "b")
    other.publish_many([("ab"[n % 2], {"number": n}) for n in range(1200)])
    await until(lambda: len(got) == 1200)
    assert [message["number"] for message in got] == list(range(1200))
    assert other.stats().published == 1200


@pytest.mark.parametrize(
    "bad",
    [("a", {"id": object()}), ("a", {"id": 2**70}), ("a", {1: 2}), ("a b", {}), ("a", {"x": {1}})],
)
async def test_what_cannot_be_sent_is_left_out(layer, other, bad, caplog):
    got = await heard(layer, "a")
    other.publish_many([("a", {"number": 1}), bad, ("a", {"number": 2})])
    await until(lambda: len(got) == 2)
    assert "cannot be sent" in caplog.text
    assert other.stats().published == 2


def in_child(function):
    child = os.fork()
    if not child:
        status = 1
        try:
            function()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


async def test_from_threads_and_forked_processes(layer, other):
    got = await heard(layer, "a")
    other.publish("a", {"from": "parent"})
    thread = threading.Thread(target=other.publish, args=("a", {"from": "thread"}))
    thread.start()
    thread.join()
    in_child(lambda: other.publish("a", {"from": "child"}))
    other.publish("a", {"from": "parent again"})
    await until(lambda: len(got) == 4)
    assert [m["from"] for m in got] == ["parent", "thread", "child", "parent again"]


@pytest.mark.parametrize("how", ["stop", "freeze"])
def test_without_redis_it_raises_soon(redis_server, settings, how):
    layer = LiveChannelLayer(hosts=[settings.REDIS_URL], publish_timeout=1)
    layer.publish("a", {})
    getattr(redis_server, how)()
    with pytest.raises(RedisError):
        layer.publish_many([("a", {})])
    redis_server.clean()
    layer.publish("a", {})
    layer.close()


@pytest.mark.parametrize("how", ["stop", "freeze"])
async def test_in_a_loop_it_raises_soon_as_well_and_goes_on_afterwards(
    make_layer, redis_server, how
):
    layer = make_layer(publish_timeout=1)
    await layer.group_send("a", {})
    getattr(redis_server, how)()
    with pytest.raises(RedisError):
        await layer.group_send("a", {})
    redis_server.clean()
    await layer.group_send("a", {})


async def test_in_a_loop_many_go_together(layer, other):
    got = await heard(layer, "a")
    await asyncio.gather(*(other.group_send("a", {"number": n}) for n in range(1200)))
    await until(lambda: len(got) == 1200)
    assert [message["number"] for message in got] == list(range(1200))
