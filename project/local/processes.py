"""The Procfile's processes under honcho: started together, ended together."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from honcho import manager as honcho_manager
from honcho.compat import ProcessManager
from honcho.environ import parse_procfile

# seconds; web processes and workers may take ten to finish what they have begun.
honcho_manager.KILL_WAIT = 12


class _LeadersOnly(ProcessManager):
    """Asks a process to end without asking its children.

    honcho signals whole process groups; Celery's children would die in the middle of their tasks
    instead of being waited for. The last resort, `kill`, stays with the group.
    """

    def terminate(self, pid: int) -> None:
        """Send SIGTERM; a process that is gone already is fine."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


class Processes(honcho_manager.Manager):
    """Runs commands until one of them ends or a signal asks for it."""

    def __init__(self, procfile: Path, env: Mapping[str, str]) -> None:
        """Take the processes of `procfile`, to be run beside it with `env`."""
        super().__init__()
        self._procmgr = _LeadersOnly()
        self._watchers: list[Callable[[], None]] = []
        self._ended = ""
        for name, command in parse_procfile(procfile.read_text()).processes.items():
            # `exec env`, so that a signal to the pid reaches the process and not a shell before it.
            self.add_process(name, f"exec env {command}", env=dict(env), cwd=procfile.parent)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Run `watcher` in a thread of its own once the processes are started.

        Not earlier: honcho forks, and threads do not survive that.
        """
        self._watchers.append(watcher)

    def run(self) -> str:
        """Run until the end. Returns what ended by itself and how, or nothing.

        Nothing means that SIGINT, SIGTERM or SIGHUP asked for it.
        """
        signal.signal(signal.SIGHUP, _as_sigterm)
        self.loop()
        return self._ended

    def end(self, reason: str) -> None:
        """End everything because of something that is not one of the processes."""
        self._ended = reason
        os.kill(os.getpid(), signal.SIGTERM)

    def terminate(self) -> None:
        """Ask all processes to end, remembering which one was not asked."""
        if not self._terminating:
            for name, process in self._processes.items():
                if (code := process.get("returncode")) is not None:
                    self._ended = f"{name} ended with exit code {code}"
        super().terminate()

    @property
    def ending(self) -> bool:
        """Return whether the end has begun."""
        return bool(self._terminating)

    def _start(self) -> None:
        super()._start()
        for watcher in self._watchers:
            threading.Thread(target=watcher, daemon=True).start()


def _as_sigterm(signum: int, frame: FrameType | None) -> None:
    """A closed terminal ends everything as SIGTERM does."""
    os.kill(os.getpid(), signal.SIGTERM)
