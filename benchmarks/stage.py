"""Both sides with all their processes, one Redis, one database server, the load generator."""

import os
import resource
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self

from honcho.environ import parse_procfile
from redis import Redis

from benchmarks import cpu, nchan
from benchmarks.remote import Remote, RemoteFailed
from project.local.redis_server import RedisServer, free_port

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
# The processes that count as the server; the caller and Redis are shown beside them.
SERVER = ("web", "worker", "beat")
# Redis databases.
NUMBERS = ("clarion", "textbook")
# Open files that a process may have, if the system lets it; what it needs beside its sockets.
FILES = 65_000
SPARE_FILES = 200
# A web process that had more sockets than this is replaced when they are gone: the textbook's
# takes up to half a minute to say goodbye to 10,000.
RESTART_ABOVE = 500
# Idle is a process that takes less of a core than this share, for so many seconds. 10,000 idle
# sockets take some, with their pings and heartbeats.
QUIET_SHARE, QUIET_STEP, QUIET_SECONDS = 0.15, 0.2, 60
# The textbook's; as the Procfile's, less our own protocol and queues.
WORKER = "--concurrency ${WORKER_CONCURRENCY:-2} --without-gossip --without-mingle --loglevel info"
UVICORN = (
    "--port ${PORT} --lifespan off --ws websockets-sansio --ws-per-message-deflate false"
    " --ws-max-size 16384 --timeout-graceful-shutdown 5 --no-access-log"
)


@dataclass
class Side:
    """One of those compared, running."""

    name: str
    # Publishes; holds the sockets.
    caller: Remote
    load: Remote
    port: int
    path: str
    # Where everybody hears what everyone is told, and nothing else.
    news_path: str
    subprotocol: str = ""
    # The server speaks first.
    greeted: bool = False
    pids: dict[str, int] = field(default_factory=dict)
    # Login sessions, by person; empty ones where nobody asks.
    keys: list[str] = field(default_factory=list)
    # How the web process is started, and how many sockets this one has had.
    start_web: Callable[[], subprocess.Popen[bytes]] | None = None
    web: subprocess.Popen[bytes] | None = None
    had: int = 0
    second: Remote | None = None


class Stage:
    """A context manager: everything is up inside, and gone afterwards."""

    def __init__(self, database: str, **env: str) -> None:
        self.database = database
        # More of it for all processes.
        self._more = env
        self.sides: dict[str, Side] = {}
        self._references: list[Side] = []
        self._secrets: dict[str, str] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.files = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
        # Everything started from here inherits it.
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.files, hard))
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
            sides = [self._side(name) for name in NUMBERS]
            for side in sides:
                # Before the others start: they must not meet a database without tables.
                side.caller.result()
                self._start_processes(side)
                self.sides[side.name] = side
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def people(self, people: int) -> None:
        """Make people, signed in, on both sides."""
        if people + SPARE_FILES > self.files:
            raise SystemExit(f"needs {people + SPARE_FILES} open files: raise `ulimit -n`")
        for side in self.sides.values():
            side.caller.start("prepare", people=people)
        for side in self.sides.values():
            side.keys = side.caller.result()
            listening(side)

    # -- sockets -------------------------------------------------------------------------------

    def connect(
        self, side: Side, count: int, step: int = 1, news: bool = False, **options: Any
    ) -> dict[str, float]:
        """Open a socket for each `step`-th person, `count` of them, where there is none.

        Returns when that began and the seconds it took.
        """
        self.drop(side)
        opened = self.open(side, count, step, news, **options)
        self.quiet(side)
        return opened

    def open(
        self, side: Side, count: int, step: int = 1, news: bool = False, **options: Any
    ) -> dict[str, float]:
        """As `connect`, at once and without waiting for the server to be done with it."""
        side.had += count
        opened: dict[str, float] = side.load.call(
            "connect",
            port=side.port,
            path=side.news_path if news else side.path,
            cookies=side.keys[::step][:count] if side.keys else [""] * count,
            subprotocol=side.subprotocol,
            greeted=side.greeted,
            **options,
        )
        return opened

    def drop(self, side: Side) -> None:
        """Reset all sockets. A web process that had many is replaced, not waited for."""
        side.load.call("drop")
        if side.had > RESTART_ABOVE:
            self.fresh(side)
        elif side.had:
            self.quiet(side)

    def fresh(self, side: Side) -> None:
        """Replace the web process."""
        if side.start_web is None:
            return
        if side.web is not None:
            end(side.web)
        with Redis.from_url(self.redis_url(side.name)) as client:
            # What the textbook's layer keeps there; its groups would be those of a dead process.
            for key in client.scan_iter("asgi*"):
                client.delete(key)
        side.web = side.start_web()
        side.pids["web"] = side.web.pid
        side.had = 0
        listening(side)
        self.quiet(side)

    def quiet(self, side: Side) -> None:
        """Return when the side's web process has nothing to do."""
        deadline = time.monotonic() + QUIET_SECONDS
        before = cpu.of_process(side.pids["web"])
        while time.monotonic() < deadline:
            time.sleep(QUIET_STEP)
            after = cpu.of_process(side.pids["web"])
            if after - before < QUIET_STEP * QUIET_SHARE:
                return
            before = after

    # -- figures -------------------------------------------------------------------------------

    def cpu(self, side: Side) -> dict[str, float]:
        """CPU seconds so far of everything that works for this side."""
        pids = side.pids | self.shared | {"load": side.load.popen.pid}
        if side.second:
            pids["second"] = side.second.popen.pid
        seconds = cpu.seconds(pids)
        if side.second:
            seconds["caller"] += seconds.pop("second")
        return seconds

    def callers(self, side: Side) -> tuple[Remote, Remote]:
        """Two processes that call, the usual one and another."""
        if side.second is None:
            side.second = self._remote("benchmarks.caller", side.name, env=self._env(side.name))
            side.second.call("meet")
        return side.caller, side.second

    def tickets(self, side: Side, count: int) -> list[str] | None:
        """Tickets of the first people's login sessions; nothing where there are no tickets."""
        tickets: list[str] | None = side.caller.call("tickets", count=count)
        return tickets

    def references(self) -> list[Side]:
        """What fan-out is measured beside: a bare sender and, where installed, Nchan."""
        if not self._references:
            self._references.append(self._bare())
            if nchan.module():
                self._references.append(self._nchan())
            else:
                print("  without Nchan: apt-get install nginx-light libnginx-mod-nchan")
        return self._references

    def logs(self) -> str:
        """The ends of all logs."""
        texts = {
            path.name: path.read_text(errors="replace")
            for path in sorted(self.folder.glob("**/*.log"))
        }
        return "\n".join(f"--- {name}\n{text[-3000:]}" for name, text in texts.items() if text)

    def versions(self) -> str:
        """What runs here."""
        from importlib.metadata import version

        names = ("django", "channels", "channels-redis", "redis", "celery", "uvicorn")
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

    def redis_url(self, name: str) -> str:
        """Two numbers of one server: the brokers' bookkeeping keys have fixed names."""
        return f"{self.redis.url.rpartition('/')[0]}/{NUMBERS.index(name)}"

    # -- internals -----------------------------------------------------------------------------

    def _side(self, name: str) -> Side:
        """A side without its server; its caller makes the tables meanwhile."""
        (self.folder / name).mkdir()
        caller = self._remote("benchmarks.caller", name, env=self._env(name))
        caller.start("migrate")
        return Side(
            name,
            caller,
            load=self._load(name),
            port=free_port(),
            path="/ws/notifications/",
            news_path="/ws/notifications/" if name == "clarion" else "/ws/news/",
            subprotocol="clarion.v1" if name == "clarion" else "",
            greeted=name == "clarion",
            pids={"caller": caller.popen.pid},
        )

    def _start_processes(self, side: Side) -> None:
        if side.name == "clarion":
            commands = dict(parse_procfile((ROOT / "Procfile").read_text()).processes)
        else:
            commands = {
                "web": f"uvicorn benchmarks.textbook:application {UVICORN}",
                "worker": f"celery -A benchmarks.textbook worker {WORKER}",
            }
        # What a log line costs is not the question; uvicorn writes two for each handshake.
        commands["web"] += " --log-level warning"
        env = self._env(side.name, PORT=str(side.port))
        for role, command in commands.items():
            quiet = command.replace("--loglevel info", "--loglevel warning")
            start = partial(self._start, f"{side.name}-{role}", quiet, env)
            popen = start()
            side.pids[role] = popen.pid
            if role == "web":
                side.web, side.start_web = popen, start

    def _env(self, name: str, **more: str) -> dict[str, str]:
        settings = {"clarion": "project.settings", "textbook": "benchmarks.textbook_settings"}
        secret = self._secrets.setdefault(name, secrets.token_urlsafe(64))
        return environment(
            DJANGO_SETTINGS_MODULE=settings[name],
            DATABASE_URL=self._database_url(name),
            REDIS_URL=self.redis_url(name),
            CLARION_STATE=str(self.folder / name),
            SECRET_KEY=secret,
            ALLOWED_HOSTS="127.0.0.1",
            # There is no TLS here.
            SECURE_SSL_REDIRECT="0",
            # The textbook gives everybody everything as it comes.
            CLARION_STORM_LIMIT="0",
            # Celery writes two lines for each task.
            LOG_LEVEL="WARNING",
            **self._more,
            **more,
        )

    def _bare(self) -> Side:
        sender = self._remote("benchmarks.bare", env=environment())
        port = free_port()
        sender.call("listen", port=port)
        pids = {"web": sender.popen.pid}
        return Side("bare", sender, self._load("bare"), port, "/", "/", pids=pids)

    def _nchan(self) -> Side:
        port = free_port()
        command = nchan.command(self.folder / "nchan", port, self.files)
        server = self._start("nchan-web", command, environment())
        publisher = self._remote("benchmarks.nchan", str(port), env=environment())
        pids = {"web": server.pid, "caller": publisher.popen.pid}
        path = nchan.SUBSCRIBE
        side = Side("nchan", publisher, self._load("nchan"), port, path, path, pids=pids)
        listening(side)
        return side

    def _load(self, name: str) -> Remote:
        return self._remote("benchmarks.load", name, env=environment())

    def _start(self, name: str, command: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
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
        return popen

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
        except OSError as error:
            if time.monotonic() > deadline:
                raise RemoteFailed(f"{side.name} does not listen") from error
            time.sleep(0.05)
        else:
            return


def end(popen: subprocess.Popen[Any]) -> None:
    """Kill a process and its children. Nothing of a benchmark is worth a clean end."""
    if popen.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(popen.pid, signal.SIGKILL)
    popen.wait()
