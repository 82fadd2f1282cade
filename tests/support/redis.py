"""The Redis of a test run: a real process that tests may stop, restart and freeze."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis

from notifications.services.wake import shut
from project.local.redis_server import RedisServer

# What kombu's publishers believe in for as long as they live; without it they cannot route.
KEPT = b"_kombu.binding."

# Longer than whatever is done during it should take.
PAUSE = 3000


class RedisProcess(RedisServer):
    """A server that may be stopped, restarted (data kept) and frozen."""

    def client(self, **options: Any) -> Redis:
        """Return a new client."""
        return Redis.from_url(self.url, **options)

    def start(self) -> None:
        """Start the server; it does not wait for the disk, which other runs keep busy."""
        super().start()
        with self.client() as client:
            client.config_set("appendfsync", "no")

    @property
    def running(self) -> bool:
        """Return whether the process lives, frozen or not."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Stop and start it on the same port, with the same data."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Make it hang: connections stay open, nothing is answered."""
        if self.process:
            os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self.running and self.process:
            os.kill(self.process.pid, signal.SIGCONT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Hang meanwhile."""
        self.freeze()
        yield
        self.thaw()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have no command answered for `PAUSE` milliseconds, whatever happens meanwhile."""
        # Even the command that would end it has to wait.
        with self.client() as client:
            client.client_pause(PAUSE)
        yield

    def clean(self) -> None:
        """Delete what tests leave: queues, gates. Thaws or starts the server if it has to."""
        self.thaw()
        if not self.running:
            self.start()
        with self.client() as client:
            keys = [key for key in client.scan_iter(count=1000) if not key.startswith(KEPT)]
            if keys:
                client.delete(*keys)
        # This process may just have met the relay's gate.
        shut.until = 0.0
