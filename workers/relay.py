"""`notifications.relay` and `notifications.sweep`: empty the outbox.

Neither retries: what is left in the outbox is found by the next sweep.
"""

from notifications.services import relay as service
from workers.celery import app, pool

# How long it stays after the last row that it found. Where rows come more often, none of them waits
# for a task of its own; a worker of one process has other tasks waiting meanwhile, and must not.
LINGER_SECONDS = 0.1


@app.task(name="notifications.relay")
def relay() -> None:
    """Put what waits in the outbox into inboxes and the log."""
    service.relay(linger=LINGER_SECONDS if pool.size > 1 else 0.0)


@app.task(name="notifications.sweep")
def sweep() -> None:
    """Find what nobody woke the relay for."""
    service.sweep()
