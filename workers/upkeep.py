"""`notifications.cleanup`: what is done once a night."""

from notifications.services.retention import cleanup as clean
from workers.celery import app


@app.task(name="notifications.cleanup")
def cleanup() -> None:
    """Delete what has outlived its retention."""
    clean()
