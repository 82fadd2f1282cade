"""Sinks: messages as direct calls."""

import asyncio

import pytest

from tests.layer.waiting import until


async def joined(layer, group, sink):
    loop_layer = layer.of_running_loop()
    channel = loop_layer.new_name()
    loop_layer.attach(channel, sink)
    await loop_layer.subscribe_group(group, channel)
    return channel


async def test_a_group_reaches_its_sinks_with_one_object(layer, other):
    first, second = [], []
    await joined(layer, "group", first.append)
    await joined(layer, "group", second.append)
    for number in range(100):
        await other.group_send("group", {"number": number})
    await until(lambda: len(second) == 100)
    assert [message["number"] for message in first] == list(range(100))
    assert all(a is b for a, b in zip(first, second, strict=True))


async def test_a_sink_that_raises_harms_no_other(layer, caplog):
    def broken(message):
        raise ZeroDivisionError

    got = []
    await joined(layer, "group", broken)
    await joined(layer, "group", got.append)
    await layer.group_send("group", {})
    await layer.group_send("group", {})
    await until(lambda: len(got) == 2)
    assert "failed" in caplog.text


async def test_direct_sends_reach_the_sink(layer, other):
    got = []
    channel = await joined(layer, "group", got.append)
    await other.send(channel, {"type": "x"})
    await until(lambda: got == [{"type": "x"}])


async def test_many_sinks_leave_the_loop_its_turns(layer):
    turns = []
    got = []

    def sink(message):
        got.append(len(turns))

    async def turn():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    for _ in range(2000):
        await joined(layer, "group", sink)
    task = asyncio.create_task(turn())
    await layer.group_send("group", {})
    await until(lambda: len(got) == 2000)
    task.cancel()
    assert got[-1] > got[0] + 3


async def test_those_who_leave_while_it_is_spread_are_left_out(layer):
    got = []
    channels = []

    def sink(message):
        got.append(message)
        for channel in channels:
            layer.of_running_loop().detach(channel)

    channels += [await joined(layer, "group", sink) for _ in range(10)]
    await layer.group_send("group", {"number": 1})
    await until(lambda: got)
    assert layer.stats().channels == 0
    assert len(got) == 1


async def test_those_who_leave_the_group_meanwhile_are_left_out(layer):
    got, channels = [], []

    def sink(message):
        got.append(message)
        for channel in channels:
            layer.of_running_loop().discard_group("group", channel)

    channels += [await joined(layer, "group", sink) for _ in range(10)]
    await layer.group_send("group", {})
    await layer.send(channels[-1], {"number": 2})
    await until(lambda: got[-1:] == [{"number": 2}])
    assert len(got) == 2


async def test_detach_frees_everything_and_may_be_repeated(layer, redis_server):
    loop_layer = layer.of_running_loop()
    channel = await joined(layer, "group", print)
    loop_layer.detach(channel)
    loop_layer.detach(channel)
    loop_layer.discard_group("group", channel)
    assert layer.stats().channels == layer.stats().groups == 0
    with redis_server.client() as client:
        name = loop_layer.channel_layer.group_name("group")
        await until(lambda: client.pubsub_numsub(name)[0][1] == 0)
    with pytest.raises(RuntimeError):
        loop_layer.subscribe_group("group", channel)


async def test_what_waits_goes_to_the_sink_first(layer):
    channel = await layer.new_channel()
    loop_layer = layer.of_running_loop()
    await layer.send(channel, {"number": 1})
    await until(lambda: loop_layer.channels[channel].queue is not None)
    got = []
    loop_layer.attach(channel, got.append)
    await layer.send(channel, {"number": 2})
    await until(lambda: len(got) == 2)
    assert [message["number"] for message in got] == [1, 2]
