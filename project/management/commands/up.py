"""`manage.py up`: the whole site on this machine, one Ctrl-C for all of it."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from dotenv import dotenv_values

from project.local.people import PEOPLE
from project.local.redis_server import RedisFailed, RedisServer, ping, port_is_free
from project.local.state import AlreadyRunning, held, write_env

# What a second terminal has to know; given to this process, they are kept for it.
KEPT = (
    "ALLOWED_HOSTS",
    "CELERY_BROKER_URL",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_URL",
    "LOG_LEVEL",
    "SECRET_KEY",
)
# seconds between two looks at whether something is ready or gone
LOOK_EVERY = 0.1


class Command(BaseCommand):
    """Starts Redis if needed, migrates, makes the demo people and runs the Procfile."""

    help = "Run the whole site on this machine: Redis, web, worker and beat."
    # A broken database is reported by the migration, with a message of its own.
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C. Raises `CommandError` if something is missing or ended by itself."""
        self.say("Clarion is starting; Ctrl-C ends everything.")
        signal.signal(signal.SIGTERM, _as_interrupt)
        try:
            with held(settings.STATE):
                self.run()
        except AlreadyRunning:
            raise CommandError(
                f"Clarion is already running from {settings.STATE}. Stop it there first, or give "
                "this one a CLARION_STATE of its own."
            ) from None
        except RedisFailed as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self.say("Stopped before it was ready.")

    def run(self) -> None:
        """Go through the steps, and back through them in the end."""
        # Only what was really given counts: the file of an earlier run must not steer this one.
        port = int(os.environ.get("PORT") or 8000)
        if not port_is_free(port):
            raise CommandError(
                f"Port {port} is in use. Stop what uses it, or choose another one: "
                f"PORT={port + 1} make run"
            )
        redis = self.start_redis()
        try:
            url = redis.url if redis else os.environ["REDIS_URL"]
            env = self.environment(port, url)
            self.say("Migrating the database ...")
            self.manage("migrate", env)
            if settings.DEBUG:
                self.manage("demo_data", env)
            self.run_procfile(port, env, redis)
        finally:
            if redis:
                redis.stop()
        self.say("Everything is stopped.")

    def start_redis(self) -> RedisServer | None:
        """Return a server of our own, started, or nothing where `REDIS_URL` names another."""
        if given := os.environ.get("REDIS_URL"):
            if reason := ping(given):
                raise RedisFailed(f"The Redis at REDIS_URL does not answer: {reason}")
            self.say("Redis: the one at REDIS_URL.")
            return None
        folder = settings.STATE / "redis"
        before = dotenv_values(settings.STATE / "redis.env").get("URL") or ""
        if before and not ping(before):
            stop_orphan(before)
        redis = RedisServer(folder, before)
        if not port_is_free(redis.port):
            redis = RedisServer(folder)
        redis.start()
        write_env(settings.STATE / "redis.env", {"URL": redis.url})
        self.say(f"Redis: one of our own on port {redis.port}, data in {folder}.")
        return redis

    def environment(self, port: int, redis_url: str) -> dict[str, str]:
        """Return the environment of the processes, and leave it for other terminals."""
        ours = {
            "DEBUG": "1" if settings.DEBUG else "0",
            "PORT": str(port),
            "REDIS_URL": redis_url,
        } | {name: os.environ[name] for name in KEPT if name in os.environ}
        write_env(settings.STATE / "env", ours)
        # The Procfile says `uvicorn` and `celery`, which live beside the Python that runs this.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        return dict(os.environ) | ours | {"PATH": path, "PYTHONUNBUFFERED": "1"}

    def manage(self, command: str, env: dict[str, str]) -> None:
        """Run another command as the processes will run; its output is shown if it fails."""
        done = subprocess.run(
            [sys.executable, "manage.py", command, "-v", "0"],
            cwd=settings.BASE_DIR,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise CommandError(f"manage.py {command} failed:\n{done.stdout.strip()}")

    def run_procfile(self, port: int, env: dict[str, str], redis: RedisServer | None) -> None:
        """Run the Procfile's lines until the end; raises `CommandError` if one ended by itself."""
        try:
            from project.local.processes import Processes  # honcho: an optional dependency
        except ModuleNotFoundError as error:
            raise CommandError(
                f"{error.name} is missing: pip install -r requirements.txt"
            ) from None

        processes = Processes(settings.BASE_DIR / "Procfile", env)

        def announce() -> None:
            while not processes.ending:
                if is_ready(port):
                    self.say(self.welcome(port))
                    return
                time.sleep(LOOK_EVERY)

        def look_after_redis() -> None:
            while redis and redis.process and not processes.ending:
                if (code := redis.process.poll()) is not None:
                    processes.end(f"redis ended with exit code {code} (log: {redis.log})")
                    return
                time.sleep(LOOK_EVERY)

        processes.watch(announce)
        processes.watch(look_after_redis)
        if ended := processes.run():
            raise CommandError(f"{ended}, so everything was stopped.")

    def welcome(self, port: int) -> str:
        """Return the address and, with DEBUG, the logins."""
        lines = ["", f"Clarion is ready:  http://127.0.0.1:{port}/"]
        if settings.DEBUG:
            lines.append(f"See what it does:  http://127.0.0.1:{port}/demo/")
            lines.append("Sign in as " + ", ".join(PEOPLE) + "; the password is the name.")
            lines.append('In a second terminal:  .venv/bin/python manage.py notify demo "It works"')
        return "\n".join([*lines, ""])

    def say(self, text: str) -> None:
        """Print at once, also into a pipe."""
        self.stdout.write(text)
        self.stdout.flush()


def is_ready(port: int) -> bool:
    """Return whether the site on this port answers and misses nothing."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
    except urllib.error.HTTPError as error:
        # Anything but "not ready" comes from a site that is up, e.g. for another host name.
        return error.code != 503
    except OSError:
        return False
    return True


def stop_orphan(url: str) -> None:
    """Stop our Redis of a run that was killed: two servers must not share one data folder."""
    from redis import Redis

    with Redis.from_url(url) as client:
        client.shutdown()
    while not ping(url):
        time.sleep(LOOK_EVERY)


def _as_interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
