"""`notifications.relay`: empties the outbox; `notifications.sweep`: finds what nobody woke up for.

Neither retries: what is left in the outbox is found by the next sweep.
"""

import threading

from celery import Task

from notifications.services import relay as service
from notifications.services import upkeep
from workers.celery import app
from workers.lingering import Lingering

# How long it stays after the last row that it found. Where rows come more often, none of them waits
# for a task of its own.
LINGER_SECONDS = 0.1


def _linger(leave: threading.Event) -> None:
    service.relay(LINGER_SECONDS, leave)


# Most of its time it waits for rows, so it does that beside other tasks and not instead of them.
lingering = Lingering(_linger)


@app.task(name="notifications.relay", bind=True)
def relay(self: Task) -> None:
    """Put what waits in the outbox into inboxes and the log."""
    # A former one is in its last look, or somebody's lock holds it up.
    if self.request.is_eager or not lingering.begin(service.RUN_SECONDS):
        service.relay()


@app.task(name="notifications.sweep")
def sweep() -> None:
    """Send what is due, relay what is left."""
    upkeep.sweep()
