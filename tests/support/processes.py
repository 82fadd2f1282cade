"""The site's own processes, started from the Procfile's lines, in the tests' environment."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from honcho.environ import parse_procfile

from project.local.redis_server import free_port
from tests.support.site import Site
from tests.support.waiting import wait_until

# seconds; for a machine with much else to do
READY_TIMEOUT = 60
STOP_TIMEOUT = 20
APPLICATION = "asgi:application"


class Process:
    """One started process and its log."""

    def __init__(self, name: str, command: str, log: Path, env: dict[str, str]) -> None:
        """Start `command` through the shell, as honcho does."""
        self.name = name
        self.log = log
        with log.open("wb") as output:
            self.popen = subprocess.Popen(
                # `exec env`: so that the pid is the process's, not the shell's.
                ["sh", "-c", f"exec env {command}"],
                cwd=settings.BASE_DIR,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Return the process id, which is the group's as well."""
        return self.popen.pid

    @property
    def running(self) -> bool:
        """Return whether it has not ended."""
        return self.popen.poll() is None

    def output(self) -> str:
        """Return everything written so far."""
        return self.log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Return when `condition` holds; fails with the log if the process ends before."""

        def holds_or_ended() -> object:
            return condition() or not self.running

        try:
            wait_until(holds_or_ended, READY_TIMEOUT, what=f"{self.name}: {what}")
        except TimeoutError as error:
            raise AssertionError(f"{error}\n{self.output()}") from None
        if not self.running:
            raise AssertionError(f"{self.name} ended, {what} did not come:\n{self.output()}")

    def kill(self) -> None:
        """End it and its children at once: SIGKILL, nothing is cleaned up."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> int:
        """Ask it to end, as a deploy does; returns its exit code."""
        self.popen.terminate()
        try:
            self.popen.wait(STOP_TIMEOUT)
        finally:
            self.kill()
        return self.popen.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        os.killpg(self.pid, number)


class Processes:
    """Starts processes and ends them all."""

    def __init__(self, folder: Path) -> None:
        """Put logs into `folder`."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.started: list[Process] = []
        self.lines = parse_procfile((Path(settings.BASE_DIR) / "Procfile").read_text()).processes

    def start(self, name: str, command: str = "", **env: str) -> Process:
        """Start the Procfile's line `name`, or `command`, with these variables on top."""
        log = self.folder / f"{name}-{len(self.started)}.log"
        process = Process(name, command or self.lines[name], log, environment(**env))
        self.started.append(process)
        return process

    def web(
        self, *, port: int = 0, application: str = APPLICATION, websockets: str = "", **env: str
    ) -> Site:
        """Start a web process; returns the site when it is ready."""
        port = port or free_port()
        command = self.lines["web"].replace(APPLICATION, application)
        if websockets:
            command += f" --ws {websockets} --http auto"
        process = self.start("web", command, PORT=str(port), **env)
        site = Site(port, process)
        process.wait_for(lambda: answers(f"{site.url}/readyz"), "readiness")
        return site

    def worker(self, **env: str) -> Process:
        """Start a Celery worker; returns when it takes tasks."""
        # At its default level it does not say that it is ready.
        process = self.start("worker", f"{self.lines['worker']} --loglevel info", **env)
        process.wait_for(lambda: " ready." in process.output(), "readiness")
        return process

    def beat(self, **env: str) -> Process:
        """Start beat; its readiness shows in the tasks that it sends."""
        return self.start("beat", **env)

    def manage(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a management command to its end; returns exit code, output and errors."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment(**env),
            text=True,
            capture_output=True,
            timeout=READY_TIMEOUT,
            check=False,
        )

    def logs(self) -> str:
        """Return what all of them wrote."""
        return "\n".join(f"--- {p.name} ({p.log.name})\n{p.output()}" for p in self.started)

    def end(self) -> None:
        """Kill what still runs."""
        for process in reversed(self.started):
            process.kill()


def environment(**more: str) -> dict[str, str]:
    """Return the environment in which a process of the site finds the tests' database and Redis."""
    ours = {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
    }
    return dict(os.environ) | ours | more


def answers(url: str) -> bool:
    """Return whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
