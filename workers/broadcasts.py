"""`notifications.broadcast`: tell a topic from any process, by name and JSON.

`notifications.fire`: send scheduled broadcasts. It does not retry: the next sweep does the same.
"""

from typing import Any

from celery import Task

from notifications.services.broadcast import broadcast as broadcast_to
from notifications.services.schedules import fire_due
from workers.celery import PASSING, app


@app.task(
    name="notifications.broadcast",
    bind=True,
    autoretry_for=PASSING,
    retry_backoff=True,
    retry_backoff_max=60,
    max_retries=None,
)
def broadcast(self: Task, topic: str, type: str, **fields: Any) -> None:
    """Tell everybody of a topic. A redelivered task still tells them once."""
    # Called as a function it has no id, and nobody delivers it again.
    if self.request.id:
        fields.setdefault("idempotency_key", f"task:{self.request.id}")
    broadcast_to(topic, type, **fields)


@app.task(name="notifications.fire")
def fire() -> None:
    """Send what is due. Whoever rings, and however often, a slot goes out once."""
    fire_due()
