"""What operators ask about the outbox."""

from notifications.models import Outbox


def parked() -> int:
    """How many rows were given up and wait for an operator."""
    return Outbox.objects.filter(due_at=None).count()
