"""`manage.py up` on the real parts, in a state folder of its own."""

import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from redis import Redis

from project.local.redis_server import free_port, ping
from tests.support.processes import Process, answers, environment
from tests.support.waiting import wait_until


class Up:
    """One `manage.py up`."""

    def __init__(self, state: Path, log: Path) -> None:
        self.state = state
        self.port = free_port()
        self.log = log
        self.process: Process | None = None

    def start(self, **env: str) -> Process:
        variables = environment(CLARION_STATE=str(self.state), PORT=str(self.port))
        # Of the tests' own world, which `up` is to make for itself.
        for name in ("REDIS_URL", "DATABASE_URL", "SECRET_KEY"):
            del variables[name]
        variables |= env
        self.process = Process("up", f"{sys.executable} manage.py up", self.log, variables)
        return self.process

    def ready(self) -> Process:
        process = self.start()
        process.wait_for(lambda: "Clarion is ready" in process.output(), "readiness")
        return process

    def pids(self) -> dict[str, int]:
        found = re.findall(r"(\w+) started \(pid=(\d+)\)", self.log.read_text())
        return {name: int(pid) for name, pid in found}

    def redis_url(self) -> str:
        return dotenv_values(self.state / "env")["REDIS_URL"] or ""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state folder for all, as in a checkout: only the first run has much to migrate."""
    return tmp_path_factory.mktemp("up") / "state"


@pytest.fixture
def up(state: Path, tmp_path: Path) -> Iterator[Up]:
    it = Up(state, tmp_path / "up.log")
    yield it
    if it.process and it.process.running:
        it.process.popen.terminate()
        it.process.popen.wait(30)


def ended(process: Process) -> int:
    wait_until(lambda: not process.running, 30, what="the end of up")
    return int(process.popen.returncode)


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_runs_until_interrupted_or_until_redis_ends_and_keeps_its_data(
    up: Up, tmp_path: Path
) -> None:
    process = up.ready()
    assert answers(f"http://127.0.0.1:{up.port}/readyz")
    assert "demo, ada, bob, ops" in process.output()
    with Redis.from_url(up.redis_url()) as client:
        client.set("kept", "yes")
    for name in ("env", "redis.env", "secret_key", "redis/redis.conf"):
        assert (up.state / name).stat().st_mode & 0o077 == 0, name

    refused = Up(up.state, tmp_path / "second.log").start()
    assert ended(refused) == 1
    assert "already running" in refused.output()

    pids = up.pids()
    assert set(pids) == {"web", "worker", "beat"}
    process.popen.send_signal(signal.SIGINT)
    assert ended(process) == 0
    assert not any(map(lives, pids.values()))
    assert ping(up.redis_url()), "Redis still answers"

    process = up.ready()
    with Redis.from_url(up.redis_url()) as client:
        assert client.get("kept") == b"yes"
        client.shutdown(nosave=True)
    assert ended(process) == 1
    assert "redis ended with exit code" in process.output()


def test_the_end_of_one_process_is_named_and_ends_all(up: Up) -> None:
    process = up.ready()
    pids = up.pids()
    os.kill(pids["beat"], signal.SIGKILL)
    assert ended(process) == 1
    assert "beat ended with exit code" in process.output()
    assert not any(map(lives, pids.values()))


def test_a_port_in_use_is_said(up: Up) -> None:
    with socket.create_server(("127.0.0.1", up.port)):
        process = up.start()
        assert ended(process) == 1
    assert f"Port {up.port} is in use" in process.output()


def test_a_redis_that_does_not_answer_is_said(up: Up) -> None:
    process = up.start(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert ended(process) == 1
    assert "The Redis at REDIS_URL does not answer" in process.output()
