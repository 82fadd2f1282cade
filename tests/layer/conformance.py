"""channels_redis's own tests of its pub/sub layer, with ours in its place.

They come with its source distribution, of the version that is installed here, and run as they
are; a test that fails, is skipped or is not there is a failure. `make conformance`.
"""

import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree as ET

from project.local.redis_server import find_binary, free_port
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
# Tests of channels_redis 4.3.0 in each file.
EXPECTED = {"test_pubsub.py": 17, "test_pubsub_sentinel.py": 13}

# The suite names its layer and hosts itself; this puts ours in their place.
CONFTEST = """
import channels_redis.pubsub
from notifications.live.layer import LiveChannelLayer


class Ours(LiveChannelLayer):
    def __init__(self, hosts):
        host = hosts[0]
        if host == "redis://localhost:6379":
            host = "redis://127.0.0.1:{redis}"
        else:
            assert host["sentinels"] == [("localhost", 26379)]
            host = host | {{"sentinels": [("127.0.0.1", {sentinel})]}}
        super().__init__(hosts=[host])


channels_redis.pubsub.RedisPubSubChannelLayer = Ours
"""
SENTINEL = """
bind 127.0.0.1
port {sentinel}
requirepass channels_redis
sentinel monitor sentinel 127.0.0.1 {redis} 1
"""
# As in the suite's own setup.cfg.
PYTEST = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
"""
OPTIONS = [
    *EXPECTED,
    "-q",
    "--tb=short",
    "-W",
    "error",
    "-p",
    "no:django",
    "-p",
    "no:cacheprovider",
    "-c",
    "pytest.ini",
]


def run(arguments: list[str]) -> int:
    """Return the exit code."""
    ports = {"redis": free_port(), "sentinel": free_port()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _download(folder)
        (folder / "conftest.py").write_text(CONFTEST.format(**ports))
        (folder / "pytest.ini").write_text(PYTEST)
        # A dependency of the suite; the standard library has it since Python 3.11.
        (folder / "async_timeout.py").write_text("from asyncio import timeout\n")
        (folder / "sentinel.conf").write_text(SENTINEL.format(**ports))
        redis = ["--bind", "127.0.0.1", "--port", str(ports["redis"]), "--save", ""]
        servers = [
            subprocess.Popen([find_binary(), *arguments], cwd=folder, stdout=subprocess.DEVNULL)
            for arguments in (redis, ["sentinel.conf", "--sentinel"])
        ]
        try:
            return _run(folder, ports, arguments)
        finally:
            for server in servers:
                server.kill()
                server.wait()


def _run(folder: Path, ports: dict[str, int], arguments: list[str]) -> int:
    wait_until(lambda: all(_answers(port) for port in ports.values()))
    code = subprocess.run(
        [
            sys.executable,
            "-X",
            "dev",
            "-m",
            "pytest",
            *OPTIONS,
            "--junit-xml=results.xml",
            *arguments,
        ],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    ).returncode
    cases = ET.parse(folder / "results.xml").findall(".//testcase")
    for file, expected in EXPECTED.items():
        ours = [case for case in cases if case.get("classname") == file.removesuffix(".py")]
        passed = sum(len(list(case)) == 0 for case in ours)
        sys.stdout.write(f"{file}: {passed} of {expected} passed\n")
        code = code or int(not passed == len(ours) == expected)
    return code


def _download(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    source = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
    wanted = f"channels_redis=={version('channels_redis')}"
    subprocess.run([*pip, *source, wanted], check=True)
    with tarfile.open(next(folder.glob("channels_redis-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    for file in EXPECTED:
        next(folder.glob(f"channels_redis-*/tests/{file}")).rename(folder / file)


def _answers(port: int) -> bool:
    # A Sentinel with a password answers too, if only to ask for it.
    with subprocess.Popen(
        [sys.executable, "-c", f"import socket; socket.create_connection(('127.0.0.1', {port}))"],
        stderr=subprocess.DEVNULL,
    ) as probe:
        return probe.wait() == 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
