"""`notifications.cleanup`, `.prune` and `.reconcile`: what nobody has to wait for."""

from notifications.services.pruning import prune as go_on_pruning
from notifications.services.reconcile import reconcile as set_right
from notifications.services.retention import cleanup as clean
from workers.celery import app


@app.task(name="notifications.cleanup")
def cleanup() -> None:
    """Delete what has outlived its retention."""
    clean()


@app.task(name="notifications.prune")
def prune() -> None:
    """Delete what inboxes keep no longer, and what nobody has any more."""
    go_on_pruning()


@app.task(name="notifications.reconcile")
def reconcile() -> None:
    """Find what no signal told of memberships."""
    set_right()
