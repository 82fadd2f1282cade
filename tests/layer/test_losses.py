"""The connection goes in every way that connections go, and comes back."""

import asyncio
import time

import pytest
from django.conf import settings
from redis._parsers import _AsyncRESP2Parser, _AsyncRESP3Parser
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from notifications.live import link
from tests.layer.waiting import until
from tests.support.redis import RedisProcess

# As short as a Redis that is there answers in, whatever else the machine does.
QUICK = {"probe_seconds": 0.05, "probe_timeout": 1, "subscribe_timeout": 10}


class Member:
    """A channel with a sink, in groups."""

    def __init__(self, layer):
        self.layer = layer.of_running_loop()
        self.got = []
        self.regained = 0
        self.channel = self.layer.new_name()
        self.layer.attach(self.channel, lambda message: self.got.append(message["number"]))
        self.layer.on_regained(self.note)
        self.acknowledged = []

    async def join(self, *groups):
        self.groups = groups
        await asyncio.gather(*(self.layer.subscribe_group(group, self.channel) for group in groups))
        return self

    def note(self):
        self.regained += 1
        joined = [self.layer.subscribe_group(group, self.channel) for group in self.groups]
        self.acknowledged.append(all(future.done() for future in joined))


def kill_subscribers(redis_server):
    with redis_server.client() as client:
        return client.client_kill_filter(_type="pubsub")


@pytest.mark.parametrize("away", [RedisProcess.frozen, RedisProcess.paused])
async def test_a_connection_that_does_not_answer_is_made_anew(
    make_layer, redis_server, away, caplog
):
    layer = make_layer(**QUICK)
    member = await Member(layer).join("a", "b")
    subscriptions = layer._shards[0].subscriptions
    with away(redis_server):
        await until(lambda: subscriptions.is_lost)
    await until(lambda: member.regained)
    assert "did not answer" in caplog.text
    assert all(member.acknowledged)
    assert layer.stats().reconnects == member.regained
    layer.publish("b", {"number": 1})
    await until(lambda: member.got == [1])


async def test_a_silent_connection_that_answers_is_kept(make_layer, redis_server):
    layer = make_layer(probe_seconds=0.02, probe_timeout=1)
    member = await Member(layer).join("a")
    with redis_server.client() as client:
        before = client.info("commandstats")["cmdstat_ping"]["calls"]
        # Asked once more means that the first time was answered.
        await until(lambda: client.info("commandstats")["cmdstat_ping"]["calls"] > before + 1)
    assert layer.stats().reconnects == member.regained == 0


async def test_a_process_that_was_held_up_does_not_blame_redis(make_layer, monkeypatch):
    layer = make_layer(probe_seconds=0.01, probe_timeout=1)
    member = await Member(layer).join("a")
    asked = 0
    write = link.Link.write

    def ask(self, *command):
        nonlocal asked
        write(self, *command)
        asked += command == ("PING",)
        if asked == 1:
            # The answer is in the kernel while the probe's time runs out.
            asyncio.get_running_loop().call_soon(time.sleep, 1.1)

    monkeypatch.setattr(link.Link, "write", ask)
    await until(lambda: asked > 1)
    layer.publish("a", {"number": 1})
    await until(lambda: member.got == [1])
    assert layer.stats().reconnects == 0


async def test_killed_again_and_again_while_people_come_and_go(make_layer, redis_server):
    layer = make_layer(**QUICK)
    other = make_layer()
    members = [await Member(layer).join("log", f"user.{number}") for number in range(50)]
    stop = False

    async def publish():
        number = 0
        while not stop:
            number += 1
            await other.group_send("log", {"number": number})

    async def come_and_go():
        while not stop:
            for member in members:
                channel = member.layer.new_name()
                member.layer.subscribe_group(f"user.{len(channel)}", channel)
                await asyncio.sleep(0)
                member.layer.detach(channel)

    tasks = [asyncio.create_task(publish()), asyncio.create_task(come_and_go())]
    for _ in range(5):
        before = layer.stats().reconnects
        # Those of other tests' sites as well, which get over it.
        assert await asyncio.to_thread(kill_subscribers, redis_server)
        await until(lambda before=before: layer.stats().reconnects > before)
    stop = True
    await asyncio.gather(*tasks)
    for member in members:
        assert member.got == sorted(member.got)
        assert all(member.acknowledged)
        assert len(member.acknowledged) == layer.stats().reconnects
    layer.publish_many([(f"user.{number}", {"number": -1}) for number in range(50)])
    await until(lambda: all(member.got[-1] == -1 for member in members))
    assert layer.stats().channels == 50
    assert not layer.of_running_loop()._waiting


async def test_consumers_are_told_if_they_ask_for_it(make_layer, redis_server):
    layer = make_layer(on_disconnect="redis.lost", on_reconnect="redis.back")
    channel = await layer.new_channel()
    got = []
    layer.of_running_loop().attach(layer.of_running_loop().new_name(), got.append)
    kill_subscribers(redis_server)
    assert [(await layer.receive(channel))["type"] for _ in range(2)] == [
        "redis.lost",
        "redis.back",
    ]
    assert [message["type"] for message in got] == ["redis.lost", "redis.back"]


async def test_what_redis_refuses_is_asked_for_again(make_layer, redis_server, caplog):
    host = f"127.0.0.1:{redis_server.port}"
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "web", "on", ">pw", "+@all", "~*", "resetchannels")
        try:
            layer = make_layer(
                hosts=[f"redis://web:pw@{host}"], probe_seconds=0.05, subscribe_timeout=0.2
            )
            channel = layer.of_running_loop().new_name()
            with pytest.raises(RedisConnectionError):
                await layer.group_add("a", channel)
            assert "Redis refuses" in caplog.text
            with pytest.raises(RedisError):
                await layer.group_send("a", {})
            with pytest.raises(RedisError):
                layer.publish("a", {})
            future = layer.of_running_loop().subscribe_group("a", channel)
            client.execute_command("ACL", "SETUSER", "web", "allchannels")
            await asyncio.wait_for(future, 5)
            assert layer.stats().reconnects == 0
        finally:
            client.execute_command("ACL", "DELUSER", "web")


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("parser", ["ours", "redis-py's with hiredis", "redis-py's without"])
async def test_every_way_of_reading(make_layer, redis_server, monkeypatch, protocol, parser):
    host = {"address": settings.REDIS_URL, "protocol": protocol}
    if parser != "ours":
        monkeypatch.setattr(link, "hiredis", None)
    if parser == "redis-py's without":
        host["parser_class"] = _AsyncRESP3Parser if protocol == 3 else _AsyncRESP2Parser
    layer = make_layer(hosts=[host], **QUICK)
    member = await Member(layer).join("a", "b")
    for number in range(100):
        await layer.group_send("ab"[number % 2], {"number": number, "text": "x" * number * 50})
    await until(lambda: len(member.got) == 100)
    assert member.got == list(range(100))
    with redis_server.frozen():
        await until(lambda: layer._shards[0].subscriptions.is_lost)
    await until(lambda: member.regained)
    before = member.regained
    kill_subscribers(redis_server)
    await until(lambda: member.regained > before)
    member.layer.discard_group("b", member.channel)
    await layer.group_send("b", {"number": -2})
    await layer.group_send("a", {"number": -1})
    await until(lambda: member.got[-1] == -1)
    assert layer.stats().poisoned == 0
