"""Acknowledgements: who has joined misses nothing that is sent from then on."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.layer.waiting import until


async def test_the_first_pends_and_the_next_is_done_at_once(layer):
    loop_layer = layer.of_running_loop()
    first, second = loop_layer.new_name(), loop_layer.new_name()
    future = loop_layer.subscribe_group("group", first)
    assert not future.done()
    assert loop_layer.subscribe_group("group", first) is future
    await future
    assert loop_layer.subscribe_group("group", second).done()


async def test_what_is_sent_after_the_acknowledgement_arrives(layer, other):
    loop_layer = layer.of_running_loop()
    for number in range(100):
        got = []
        channel = loop_layer.new_name()
        loop_layer.attach(channel, got.append)
        await loop_layer.subscribe_group(f"group.{number}", channel)
        other.publish(f"group.{number}", {})
        await until(lambda got=got: got)


def calls_of(client, command):
    return client.info("commandstats").get(f"cmdstat_{command}", {}).get("calls", 0)


async def test_joining_goes_in_few_commands(layer, redis_server):
    loop_layer = layer.of_running_loop()
    await loop_layer.subscribe_group("first", loop_layer.new_name())
    with redis_server.client() as client:
        before = calls_of(client, "subscribe")
        before_leaving = calls_of(client, "unsubscribe")
        names = [loop_layer.new_name() for _ in range(2500)]
        futures = [
            loop_layer.subscribe_group(f"group.{index}", name) for index, name in enumerate(names)
        ]
        await asyncio.gather(*futures)
        assert calls_of(client, "subscribe") - before == 3
        for name in names:
            loop_layer.detach(name)
        # The sites of other tests, with a prefix of their own, are at this Redis, too.
        await until(lambda: len(client.pubsub_channels("asgi*")) == 2)
        assert 3 <= calls_of(client, "unsubscribe") - before_leaving < 100


async def test_leaving_and_joining_in_any_order_ends_right(layer, other):
    loop_layer = layer.of_running_loop()
    got = []
    channel = loop_layer.new_name()
    loop_layer.attach(channel, got.append)
    for number in range(50):
        future = loop_layer.subscribe_group("group", channel)
        for _ in range(number % 4):
            await asyncio.sleep(0)
        loop_layer.discard_group("group", channel)
        if number % 3 == 0:
            loop_layer.shards[0].subscriptions._send_leaves()
        if number % 5 == 0:
            await asyncio.sleep(0.001)
        assert future.done()
    await loop_layer.subscribe_group("group", channel)
    other.publish("group", {"number": 1})
    await until(lambda: got == [{"number": 1}])


async def test_only_the_last_acknowledgement_counts(layer, monkeypatch):
    loop_layer = layer.of_running_loop()
    subscriptions = loop_layer.shards[0].subscriptions
    channel = loop_layer.new_name()
    await loop_layer.subscribe_group("first", channel)
    told = []
    monkeypatch.setattr(
        loop_layer, "acknowledged", lambda name: told.append(len(subscriptions._due))
    )
    # Three commands on their way at once.
    for change in (
        loop_layer.subscribe_group,
        loop_layer.discard_group,
        loop_layer.subscribe_group,
    ):
        change("group", channel)
        subscriptions._send_joins()
        subscriptions._send_leaves()
    name = layer.group_name("group")
    await until(lambda: subscriptions.is_acknowledged(name))
    assert len(told) == 1


async def test_leaving_while_redis_has_not_answered_cancels(layer, redis_server):
    loop_layer = layer.of_running_loop()
    channel = loop_layer.new_name()
    future = loop_layer.subscribe_group("group", channel)
    loop_layer.discard_group("group", channel)
    assert future.cancelled()


async def test_who_gives_up_waiting_harms_nobody(layer, redis_server):
    loop_layer = layer.of_running_loop()
    first, second = loop_layer.new_name(), loop_layer.new_name()
    given_up = loop_layer.subscribe_group("group", first)
    given_up.cancel()
    again = loop_layer.subscribe_group("group", first)
    await asyncio.gather(again, loop_layer.subscribe_group("group", second))
    loop_layer.subscribe_group("other", first).cancel()
    await loop_layer.subscribe_group("other", second)
    assert layer.stats().reconnects == 0


async def test_joining_while_redis_is_away_pends_and_then_holds(make_layer, redis_server):
    layer = make_layer(subscribe_timeout=0.1)
    loop_layer = layer.of_running_loop()
    redis_server.stop()
    got = []
    channel = loop_layer.new_name()
    loop_layer.attach(channel, got.append)
    future = loop_layer.subscribe_group("group", channel)
    with pytest.raises(RedisConnectionError):
        await layer.group_add("other", channel)
    assert layer.stats().channels == layer.stats().groups == 1
    # A channel alone does not need Redis.
    other = await layer.new_channel()
    # Being in it already is no reason to be thrown out.
    with pytest.raises(RedisConnectionError):
        await layer.group_add("group", channel)
    assert layer.stats().groups == 1
    assert not future.done()
    redis_server.start()
    await future
    layer.publish("group", {"number": 1})
    await layer.send(other, {"number": 2})
    await until(lambda: got == [{"number": 1}])
    assert await layer.receive(other) == {"number": 2}
