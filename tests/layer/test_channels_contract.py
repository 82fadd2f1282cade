"""What Channels and channels_redis promise of a layer."""

import asyncio
import copy
import inspect
import pickle
import re

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.conf import settings
from redis.asyncio.connection import Connection

from notifications.live.layer import LiveChannelLayer
from tests.layer.waiting import until


async def received(layer, channel, seconds=5):
    async with asyncio.timeout(seconds):
        return await layer.receive(channel)


async def test_a_message_to_a_channel_arrives_in_order(layer, other):
    channel = await layer.new_channel()
    for number in range(3):
        await other.send(channel, {"type": "x", "number": number})
    assert [(await received(layer, channel))["number"] for _ in range(3)] == [0, 1, 2]


async def test_channels_share_one_subscription(layer, redis_server):
    channels = [await layer.new_channel() for _ in range(20)]
    assert len(set(channels)) == 20
    with redis_server.client() as client:
        assert client.pubsub_channels("asgi.*") == [channels[0].split("!")[0].encode() + b"!"]


async def test_a_group_has_only_those_who_are_in_it(layer, other):
    first, second, third = [await layer.new_channel() for _ in range(3)]
    for channel in (first, second, third):
        await layer.group_add("group", channel)
    await layer.group_discard("group", second)
    await other.group_send("group", {"type": "x"})
    assert await received(layer, first) == await received(layer, third) == {"type": "x"}
    await other.send(second, {"type": "y"})
    assert await received(layer, second) == {"type": "y"}


async def test_each_receiver_may_change_what_it_got(layer):
    first, second = await layer.new_channel(), await layer.new_channel()
    for channel in (first, second):
        await layer.group_add("group", channel)
    await layer.group_send("group", {"list": []})
    (await received(layer, first))["list"].append(1)
    assert await received(layer, second) == {"list": []}


async def test_a_general_name_is_received_without_new_channel(layer, other):
    receiving = asyncio.create_task(received(layer, "work"))
    shard = layer.of_running_loop().shards[0]
    await until(lambda: shard.subscriptions.is_acknowledged("work"))
    await other.send("work", "anything")
    assert await receiving == "anything"
    with pytest.raises(TimeoutError):
        await received(layer, "work", 0.01)
    await until(lambda: layer.stats().subscriptions == layer.stats().channels == 0)


async def test_stock_processes_hear_ours_and_we_hear_them(layer):
    stock = RedisPubSubChannelLayer(hosts=[settings.REDIS_URL])
    theirs, ours = await stock.new_channel(), await layer.new_channel()
    await stock.group_add("group", theirs)
    await layer.group_add("group", ours)
    await layer.group_send("group", {"from": "ours"})
    await stock.group_send("group", {"from": "stock"})
    await layer.send(theirs, {"from": "ours"})
    assert [(await received(stock, theirs))["from"] for _ in range(3)] == ["ours", "stock", "ours"]
    assert [(await received(layer, ours))["from"] for _ in range(2)] == ["ours", "stock"]
    layer.publish("group", {"from": "thread"})
    assert await received(stock, theirs) == {"from": "thread"}
    await stock.flush()


async def test_a_wait_that_was_given_up_can_be_taken_up_again(layer):
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    with pytest.raises(TimeoutError):
        await received(layer, channel, 0.01)
    receiving = asyncio.create_task(received(layer, channel))
    await asyncio.sleep(0)
    await layer.group_send("group", {"type": "x"})
    assert await receiving == {"type": "x"}


@pytest.mark.parametrize("name", ["", "a b", "a:b", "я", "x" * 100, None, 1, b"x"])
async def test_what_is_no_name_is_a_type_error(layer, name):
    channel = await layer.new_channel()
    for call in (
        layer.group_add(name, channel),
        layer.group_discard(name, channel),
        layer.group_send(name, {"type": "x"}),
        layer.send(name, {"type": "x"}),
        layer.receive(name),
    ):
        with pytest.raises(TypeError):
            await call
    with pytest.raises(TypeError):
        layer.publish(name, {"type": "x"})


async def test_names_are_valid_whatever_the_prefix(make_layer):
    layer = make_layer(prefix="site:1 " + "x" * 90)
    channel = await layer.new_channel()
    assert re.fullmatch(r"site_1_x+\.[0-9a-f]{16}!specific\.1", channel)
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "x"})
    await layer.send(channel, {"type": "y"})
    assert [(await received(layer, channel))["type"] for _ in range(2)] == ["x", "y"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda name: pickle.loads(pickle.dumps(name))])
async def test_names_may_be_kept_anywhere(layer, copied):
    channel = await layer.new_channel()
    plain = copied(channel)
    assert plain == channel
    assert type(plain) is str
    await layer.send(plain, {"type": "x"})
    assert await received(layer, channel) == {"type": "x"}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"connection_class": Connection, "socket_timeout": None},
        {"health_check_interval": 1, "decode_responses": True, "db": 5, "protocol": 2},
    ],
)
async def test_hosts_as_channels_redis_takes_them(make_layer, redis_server, options):
    host = {"host": "127.0.0.1", "port": redis_server.port, "password": redis_server.password}
    layer = make_layer(hosts=[host | options])
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    layer.publish("group", {"number": 1})
    await layer.group_send("group", {"number": 2})
    assert [(await received(layer, channel))["number"] for _ in range(2)] == [1, 2]


async def test_only_channels_of_this_loop_join_and_receive(layer, other):
    channel = await other.new_channel()
    with pytest.raises(RuntimeError, match="event loop"):
        await layer.group_add("group", channel)
    with pytest.raises(RuntimeError, match="another process"):
        await layer.receive(channel)
    await layer.group_discard("group", channel)


async def test_methods_are_coroutine_functions_and_the_rest_is_the_loops(layer):
    for name in ("new_channel", "send", "receive", "group_add", "group_discard", "group_send"):
        assert inspect.iscoroutinefunction(getattr(layer, name))
    assert layer.channels == {}
    assert layer._shards
    assert layer._get_layer() is layer.of_running_loop()
    assert layer._get_layer().channel_layer is layer


def test_outside_of_a_loop_there_is_nothing_of_the_loop():
    layer = LiveChannelLayer()
    assert not hasattr(layer, "channels")
    with pytest.raises(RuntimeError):
        layer.of_running_loop()


@pytest.mark.parametrize("options", [{"expiry": 60}, {"capcity": 1}, {"hosts": "redis://x"}])
def test_unknown_settings_raise(options):
    with pytest.raises((TypeError, ValueError)):
        LiveChannelLayer(**options)


async def test_flush_forgets_everything_and_the_layer_goes_on(layer):
    await layer.group_add("group", await layer.new_channel())
    await layer.flush()
    assert layer.stats().channels == layer.stats().groups == layer.stats().subscriptions == 0
    channel = await layer.new_channel()
    await layer.group_add("group", channel)
    await layer.group_send("group", {"type": "x"})
    assert await received(layer, channel) == {"type": "x"}


def test_a_closed_loop_leaves_nothing(redis_server):
    layer = LiveChannelLayer(hosts=[settings.REDIS_URL])

    async def use():
        await layer.group_add("group", await layer.new_channel())
        assert len(layer._layers) == 1

    asyncio.run(use())
    assert not layer._layers
