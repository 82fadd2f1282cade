"""Several hosts, Sentinel."""

import asyncio
import shutil
import socket
import subprocess

import pytest
from redis import Redis
from redis.exceptions import RedisError

from project.local.redis_server import find_binary, free_port
from tests.layer.waiting import until
from tests.support.redis import RedisProcess
from tests.support.waiting import PATIENCE, wait_until


@pytest.fixture
def second_redis(tmp_path):
    """Another Redis."""
    server = RedisProcess(tmp_path)
    server.start()
    yield server
    server.thaw()
    server.stop()


async def test_two_hosts_share_the_groups(make_layer, redis_server, second_redis, settings):
    options = {"hosts": [settings.REDIS_URL, second_redis.url], "probe_timeout": 1}
    layer, other = make_layer(**options), make_layer(**options)
    loop_layer = layer.of_running_loop()
    got, regained = [], []
    loop_layer.on_regained(lambda: regained.append(1))
    channel = loop_layer.new_name()
    loop_layer.attach(channel, lambda message: got.append(message["number"]))
    groups = [f"user.{number}" for number in range(20)]
    await asyncio.gather(*(loop_layer.subscribe_group(group, channel) for group in groups))
    assert all(len(shard.subscriptions.wanted) > 3 for shard in layer._shards)
    pairs = [(group, {"number": number}) for number, group in enumerate(groups)]
    other.publish_many(pairs)
    for group, message in pairs:
        await other.group_send(group, message)
    await until(lambda: sorted(got) == sorted(2 * list(range(20))))

    # One of them goes: the other's go on.
    got.clear()
    second_redis.stop()
    with pytest.raises(RedisError):
        other.publish_many(pairs)
    here = [n for n, group in enumerate(groups) if not layer.shard_index(layer.group_name(group))]
    await until(lambda: sorted(got) == here)
    second_redis.start()
    await until(lambda: regained)
    got.clear()
    other.publish_many(pairs)
    await until(lambda: sorted(got) == list(range(20)))


@pytest.fixture
def sentinel(tmp_path):
    """A Sentinel that watches a master, `site`, and its replica: its port, and the master's end."""
    master, replica, port = free_port(), free_port(), free_port()
    watched = tmp_path / "sentinel.conf"
    watched.write_text(
        f"port {port}\nbind 127.0.0.1\nsentinel monitor site 127.0.0.1 {master} 1\n"
        "sentinel down-after-milliseconds site 2000\nsentinel failover-timeout site 3000\n"
    )
    # By name only: the wheel's server finds out by its name what it is to be.
    program = tmp_path / "redis-sentinel"
    shutil.copy(find_binary(), program)
    common = ["--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    of = ["--replicaof", "127.0.0.1", str(master)]
    quick = ["--repl-diskless-sync", "yes", "--repl-diskless-sync-delay", "0"]
    commands = [
        [find_binary(), "--port", str(master), *common, *quick],
        [find_binary(), "--port", str(replica), *common, *quick, *of],
        [program, watched],
    ]
    started = []
    for command in commands:
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        wait_until(lambda command=command: listens(command, port))
    with Redis(port=port) as client:
        wait_until(lambda: client.sentinel_master("site")["num-slaves"] == 1)
        wait_until(lambda: client.sentinel_slaves("site")[0]["master-link-status"] == "ok")
    yield port, started[0].kill
    for process in started:
        process.kill()
        process.wait()


def listens(command, sentinel_port):
    port = int(command[2]) if "--port" in command else sentinel_port
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def test_sentinel_fails_over(make_layer, sentinel):
    port, crash = sentinel
    host = {"sentinels": [("127.0.0.1", port)], "master_name": "site"}
    layer, other = make_layer(hosts=[host]), make_layer(hosts=[host])
    loop_layer = layer.of_running_loop()
    got, regained = [], []
    loop_layer.on_regained(lambda: regained.append(1))
    channel = loop_layer.new_name()
    loop_layer.attach(channel, lambda message: got.append(message["number"]))
    await loop_layer.subscribe_group("group", channel)
    other.publish("group", {"number": 1})
    await other.group_send("group", {"number": 2})
    await until(lambda: got == [1, 2])

    crash()
    # A Sentinel that was held up does nothing for half a minute.
    await until(lambda: regained, 3 * PATIENCE)

    def sent():
        try:
            other.publish("group", {"number": 3})
        except RedisError:
            return False
        return True

    await until(sent)
    await until(lambda: got[2:3] == [3])
