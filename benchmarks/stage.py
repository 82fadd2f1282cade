"""Both sides with all their processes, one Redis, one database server, the load generator."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from honcho.environ import parse_procfile

from benchmarks import cpu
from benchmarks.remote import Remote
from project.local.redis_server import RedisServer, free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
# The processes that count as the server; the caller and Redis are shown beside them.
SERVER = ("web", "worker", "beat")


@dataclass
class Side:
    """One of the two, running."""

    name: str
    caller: Remote
    port: int
    subprotocol: str = ""
    pids: dict[str, int] = field(default_factory=dict)
    logs: list[Path] = field(default_factory=list)


class Stage:
    """A context manager: everything is up inside, and gone afterwards."""

    def __init__(self, database: str) -> None:
        self.database = database
        self.sides: dict[str, Side] = {}
        self.connected = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            # Short: sockets live below it, whose paths may have some hundred characters.
            self.folder = Path(tempfile.mkdtemp(prefix="clarion-bench-"))
            self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.redis = RedisServer(self.folder / "redis")
            self._stack.callback(self.redis.stop)
            self.redis.start()
            self.shared = {"redis": self._pid(self.redis.process)}
            if self.database == "postgresql":
                self._start_postgresql()
            self.load = self._remote("benchmarks.load", env=environment())
            self.shared["load"] = self.load.popen.pid
            for name in ("clarion", "textbook"):
                self.sides[name] = self._side(name)
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def people(self, people: int, connected: int) -> None:
        """Make people on both sides, and connect the first of them."""
        self.connected = connected
        for side in self.sides.values():
            side.caller.start("prepare", people=people, connected=connected)
        for side in self.sides.values():
            cookies = side.caller.result()
            listening(side)
            self.load.call(
                "connect",
                side=side.name,
                port=side.port,
                path="/ws/notifications/",
                cookies=cookies,
                subprotocol=side.subprotocol,
            )

    def cpu(self, side: Side) -> dict[str, float]:
        """CPU seconds so far of everything that works for this side."""
        return cpu.seconds(side.pids | self.shared) if cpu.available() else {}

    def ceiling(self, sockets: int, times: int) -> dict[str, float]:
        """Notifications per second that the load generator counts from a bare sender."""
        bare = self._remote("benchmarks.bare", env=environment())
        pids = {"load": self.load.popen.pid}
        port = bare.call("listen")
        self.load.call("connect", side="bare", port=port, path="/", cookies=[""] * sockets)
        self.load.call("expect", count=sockets * times)
        before = cpu.seconds(pids) if cpu.available() else {}
        bare.start("send", times=times)
        seen = self.load.call("wait", seconds=60)
        used = cpu.seconds(pids)["load"] - before["load"] if before else 0.0
        seconds = seen["last"] - bare.result()
        self.load.call("disconnect", side="bare")
        end(bare.popen)
        return {"per_second": seen["counted"] / seconds, "cpu": used / seen["counted"]}

    def logs(self) -> str:
        """The ends of all logs."""
        tails = [
            f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
            for path in sorted(self.folder.glob("*.log"))
        ]
        return "\n".join(tails)

    def versions(self) -> str:
        """What runs here."""
        from importlib.metadata import version

        names = ("django", "channels", "channels-redis", "redis", "celery", "uvicorn")
        from redis import Redis

        with Redis.from_url(self.redis.url) as client:
            server = client.info("server")["redis_version"]
        return ", ".join(
            [
                f"Python {sys.version.split()[0]}",
                *(f"{name} {version(name)}" for name in names),
                f"Redis server {server}",
                self._database_version(),
            ]
        )

    # -- internals -----------------------------------------------------------------------------

    def _side(self, name: str) -> Side:
        lines = parse_procfile((ROOT / "Procfile").read_text()).processes
        port = free_port()
        number = {"clarion": 0, "textbook": 1}[name]
        env = environment(
            DATABASE_URL=self._database_url(name),
            # Two numbers of one server: the brokers' bookkeeping keys have fixed names.
            REDIS_URL=f"{self.redis.url.rpartition('/')[0]}/{number}",
            CLARION_STATE=str(self.folder / name),
            SECRET_KEY=secrets.token_urlsafe(64),
            ALLOWED_HOSTS="127.0.0.1",
            PORT=str(port),
            # What a log line costs is not the question; Celery writes two for each task.
            LOG_LEVEL="WARNING",
        )
        (self.folder / name).mkdir()
        if name == "textbook":
            env["DJANGO_SETTINGS_MODULE"] = "benchmarks.textbook_settings"
            web = lines["web"].replace("asgi:application", "benchmarks.textbook:application")
            web = web.replace("--lifespan on", "--lifespan off")
            worker = (
                "celery -A benchmarks.textbook worker --concurrency ${WORKER_CONCURRENCY:-2}"
                " --without-gossip --without-mingle --loglevel info"
            )
            commands = {"web": web, "worker": worker}
            subprotocol = ""
        else:
            commands = dict(lines)
            subprotocol = "clarion.v1"
        caller = self._remote("benchmarks.caller", name, env=env)
        # Before the others: processes must not meet a database without tables.
        caller.call("migrate")
        side = Side(name, caller, port, subprotocol, {"caller": caller.popen.pid})
        for role, command in commands.items():
            quiet = command.replace("--loglevel info", "--loglevel warning")
            side.pids[role] = self._start(f"{name}-{role}", quiet, env)
        return side

    def _start(self, name: str, command: str, env: dict[str, str]) -> int:
        with (self.folder / f"{name}.log").open("wb") as log:
            popen = subprocess.Popen(
                # `exec env`: so that the pid is the process's, not the shell's.
                ["sh", "-c", f"exec env {command}"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(end, popen)
        return popen.pid

    def _remote(self, module: str, *arguments: str, env: dict[str, str]) -> Remote:
        log = self.folder / f"{'-'.join([module, *arguments])}.log"
        remote = Remote(module, *arguments, env=env, log=log)
        self._stack.callback(end, remote.popen)
        return remote

    def _start_postgresql(self) -> None:
        import pgserver

        folder = self.folder / "pg"
        self._postgresql = pgserver.get_server(folder)
        self._stack.callback(self._postgresql.cleanup)
        for name in ("clarion", "textbook"):
            self._postgresql.psql(f"CREATE DATABASE {name}")
        first_line = (folder / "postmaster.pid").read_text().splitlines()[0]
        self.shared["database"] = int(first_line)

    def _database_url(self, name: str) -> str:
        if self.database == "postgresql":
            return f"postgres://postgres@/{name}?host={self.folder / 'pg'}"
        return f"sqlite:///{self.folder / name}.sqlite3"

    def _database_version(self) -> str:
        if self.database == "postgresql":
            words = self._postgresql.psql("SELECT version()").split()
            return f"PostgreSQL {words[words.index('PostgreSQL') + 1]}"
        import sqlite3

        return f"SQLite {sqlite3.sqlite_version}"

    @staticmethod
    def _pid(process: subprocess.Popen[bytes] | None) -> int:
        assert process
        return process.pid


def environment(**ours: str) -> dict[str, str]:
    """The environment of a process: little of the caller's, so that a run is always the same."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    base = {
        "PATH": path,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
    return kept | base | ours


def listening(side: Side) -> None:
    """Return when the side's web process takes connections."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", side.port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def end(popen: subprocess.Popen[Any]) -> None:
    """Kill a process and its children. Nothing of a benchmark is worth a clean end."""
    with suppress(ProcessLookupError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()
