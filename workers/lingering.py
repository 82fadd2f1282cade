"""A thread of this process that outlives the task which began it."""

import logging
import threading
from collections.abc import Callable
from typing import Any

from celery.signals import worker_process_shutdown
from django.db import connections

logger = logging.getLogger(__name__)


class Lingering:
    """Runs `work` in a thread, one at a time; the process takes other tasks meanwhile.

    Nothing may depend on how it ends: it dies with its process, between any two of its steps.
    """

    def __init__(self, work: Callable[[threading.Event], None]) -> None:
        """`work` is to return soon after the event that it is given was set."""
        self._work = work
        self._thread: threading.Thread | None = None
        self._leave = threading.Event()
        worker_process_shutdown.connect(self._shut_down)

    def begin(self, patience: float) -> bool:
        """Begin `work`, once a former run has ended; whether it ended within `patience` seconds."""
        if not self._ended(patience):
            return False
        self._leave.clear()
        self._thread = threading.Thread(target=self._run, name=__name__, daemon=True)
        self._thread.start()
        return True

    def end(self, patience: float) -> bool:
        """Have `work` return; whether it did within `patience` seconds."""
        self._leave.set()
        return self._ended(patience)

    def _ended(self, patience: float) -> bool:
        if self._thread is not None:
            self._thread.join(patience)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._work(self._leave)
        except Exception:
            logger.exception("%s failed", self._work.__qualname__)
        finally:
            # Each thread has connections of its own, and nobody else would close these.
            connections.close_all()

    def _shut_down(self, **_: Any) -> None:
        # seconds; a batch takes a fraction of one.
        self.end(2.0)
