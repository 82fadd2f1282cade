"""`notifications.notify`: notify people from any process, by name and JSON."""

from typing import Any

from celery import Task

from notifications.services.notify import notify_keys
from workers.celery import PASSING, app


@app.task(
    name="notifications.notify",
    bind=True,
    # A database that is away or locked is back soon; the key makes a second run harmless.
    autoretry_for=PASSING,
    retry_backoff=True,
    retry_backoff_max=60,
    max_retries=None,
)
def notify(self: Task, user_ids: list[str | int], type: str, **fields: Any) -> None:
    """Notify the users with these primary keys. A redelivered task still notifies once."""
    # Called as a function it has no id, and nobody delivers it again.
    if self.request.id:
        fields.setdefault("idempotency_key", f"task:{self.request.id}")
    notify_keys(user_ids, type, **fields)
