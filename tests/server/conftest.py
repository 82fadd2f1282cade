"""A uvicorn process with a small application, and sockets that may stop reading."""

import json
import socket as sockets
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from project.local.redis_server import free_port
from tests.support.processes import Process, environment
from tests.support.waiting import wait_until


def closed(socket: ClientConnection) -> int:
    """Read to the end; returns the close code, 1006 if none came."""
    try:
        while True:
            socket.recv(10)
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else 1006


PROTOCOL = "notifications.live.server:LiveWebSocketProtocol"
FRONT = "--http notifications.live.server:LiveHttpProtocol"


class Server:
    """uvicorn with the tests' application."""

    def __init__(
        self, log: Path, options: str = "", *, ws: str = PROTOCOL, http: str = FRONT, **env: str
    ) -> None:
        self.port = free_port()
        self.process = Process(
            "uvicorn",
            f"{sys.executable} -m uvicorn tests.server.application:application "
            f"--port {self.port} {http} --ws {ws} --no-access-log {options}",
            log,
            environment(**env),
        )
        # Said when it listens; that the application has started comes before.
        self.process.wait_for(lambda: "Uvicorn running on" in self.process.output(), "start")

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
            return json.load(response)

    def state(self, name: str) -> Any:
        """What the application says of a socket."""
        return self.get("/state")["sockets"][name]

    def wait_for(self, name: str, wanted: Callable[[Any], object]) -> Any:
        """The state of a socket for which `wanted` holds."""
        wait_until(lambda: wanted(self.state(name)), what=f"{name}: {self.state(name)}")
        return self.state(name)

    def raw(self, data: bytes, *, to_the_end: bool = False) -> bytes:
        """The answer to these bytes: up to an accepted handshake, or to where the server ends."""
        with sockets.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(data)
            answer = b""
            while part := connection.recv(65536):
                answer += part
                if answer.startswith(b"HTTP/1.1 101 ") and not to_the_end:
                    break
            return answer

    def ceiling(self) -> Any:
        """What the application says of the ceiling."""
        return self.get("/state")["ceiling"]

    def socket(self, path: str, **options: Any) -> ClientConnection:
        """Open a socket."""
        options.setdefault("compression", None)
        return connect(f"ws://127.0.0.1:{self.port}/{path}", legacy=True, **options)

    def stalled(self, path: str, **options: Any) -> ClientConnection:
        """Open a socket with a small window, that is read from when `recv` is called only."""
        raw = sockets.socket()
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.port))
        return self.socket(path, sock=raw, max_queue=1, ping_interval=None, **options)

    def fill(self, name: str, size: int = 100_000) -> None:
        """Write frames until one is not taken."""
        before = self.state(name)["refused"]
        path = f"/do/{name}/write?n={1_000_000 // size}&size={size}"
        wait_until(lambda: self.get(path) or self.state(name)["refused"] > before)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with these options; they end with the test."""
    servers: list[Server] = []

    def begin(options: str = "", **env: str) -> Server:
        servers.append(Server(tmp_path / f"{len(servers)}.log", options, **env))
        return servers[-1]

    yield begin
    for server in servers:
        server.process.kill()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that tests share; name your sockets after the test."""
    server = Server(tmp_path_factory.mktemp("server") / "log", "")
    yield server
    server.process.kill()
