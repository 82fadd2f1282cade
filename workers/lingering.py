"""A thread of this process that goes on working when the task that asked for it is done."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_shutdown
from django.conf import settings
from django.db import connections

from workers.celery import drop_failed_connections

logger = logging.getLogger(__name__)

# Seconds without work after which the thread ends, and its database connections with it.
IDLE_SECONDS = 10.0
# Seconds for what is under way when the process is told to end; a batch takes a fraction of one.
LEAVE_SECONDS = 2.0


class Lingering:
    """Runs `work` in a thread, one at a time; the process takes other tasks meanwhile.

    Nothing may depend on how it ends: it dies with its process, between any two of its steps.
    """

    def __init__(self, work: Callable[[threading.Event], None]) -> None:
        """`work` is to return soon after the event that it is given was set."""
        self._work = work
        self._leave = threading.Event()
        # Guards what follows, and tells of changes.
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked = self._working = False
        worker_process_shutdown.connect(self._shut_down)

    def begin(self, patience: float) -> bool:
        """Begin `work`, once a former run has ended; whether it ended within `patience` seconds."""
        with self._changed:
            if not self._changed.wait_for(self._at_rest, patience):
                return False
            self._leave.clear()
            self._asked = True
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=__name__, daemon=True)
                self._thread.start()
        return True

    def end(self, patience: float) -> bool:
        """Have `work` return; whether it did within `patience` seconds."""
        self._leave.set()
        with self._changed:
            return self._changed.wait_for(self._at_rest, patience)

    def _at_rest(self) -> bool:
        return not (self._asked or self._working)

    def _run(self) -> None:
        runs = 0
        while self._is_asked():
            try:
                drop_failed_connections()
                self._work(self._leave)
            except Exception:
                logger.exception("%s failed", self._work.__qualname__)
            runs += 1
            if runs >= settings.CELERY_DB_REUSE_MAX:
                connections.close_all()
                runs = 0
            with self._changed:
                self._working = False
                self._changed.notify_all()
        # Each thread has connections of its own, and nobody else would close these.
        connections.close_all()

    def _is_asked(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._asked, IDLE_SECONDS)
            self._working, self._asked = self._asked, False
            if not self._working:
                self._thread = None
            return self._working

    def _shut_down(self, **_: Any) -> None:
        self.end(LEAVE_SECONDS)
