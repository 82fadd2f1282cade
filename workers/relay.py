"""`notifications.relay` and `notifications.sweep`: empty the outbox.

Neither retries: what is left in the outbox is found by the next sweep.
"""

from notifications.services import relay as service
from workers.celery import app


@app.task(name="notifications.relay")
def relay() -> None:
    """Put what waits in the outbox into inboxes and the log."""
    service.relay()


@app.task(name="notifications.sweep")
def sweep() -> None:
    """Find what nobody woke the relay for."""
    service.sweep()
