"""How far what API keys published has come."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Sum

from notifications.models import Item, Outbox, Publication
from notifications.selectors.announcements import Recipients

STATES = ("working", "done", "failed", "retracted")


@dataclass(frozen=True)
class Progress:
    """Numbers of people: `recipients` when it was published, and how far it has come by now.

    `waiting`: it is on its way to them. `failed`: it was given up, and waits for an operator.
    `reached`: it is in their inboxes; a broadcast gets there when its owner looks. `read`: they
    have opened it. `state`: `working` while anybody waits, else `failed` if it was given up for
    anybody, else `done`; `retracted` if it was taken back or has expired.
    """

    id: str
    state: str
    recipients: int
    waiting: int
    reached: int
    read: int
    failed: int
    created_at: datetime


def progress(key_id: int, kind: str, notification_id: int) -> Progress | None:
    """How far this has come; None unless this API key published it. Four queries."""
    row = (
        Publication.objects.select_related("notification")
        .filter(key=key_id, kind=kind, notification=notification_id)
        .first()
    )
    if row is None:
        return None
    waiting, failed = _in_outbox(row)
    items = Item.objects.filter(notification=notification_id)
    # By indexes alone, not by rows.
    reached = items.aggregate(number=Count("*"))["number"]
    read = items.filter(read_at__isnull=False).aggregate(number=Count("*"))["number"]
    return Progress(
        id=str(row.notification_id),
        state=_state(row, waiting, failed),
        recipients=row.recipients,
        waiting=waiting,
        reached=reached,
        read=read,
        failed=failed,
        created_at=row.created_at,
    )


def _in_outbox(row: Publication) -> tuple[int, int]:
    """For how many people it waits, and for how many it was parked."""
    rows = Outbox.objects.filter(
        notification=row.notification_id, kind__in=(Outbox.Kind.ITEMS, Outbox.Kind.LOG)
    )
    counted = []
    for some in (rows.filter(due_at__isnull=False), rows.filter(due_at=None)):
        people = Sum(Recipients("recipients"))
        found = some.aggregate(rows=Count("*"), people=people)
        # The log is one row for everybody.
        broadcast = row.kind == Publication.Kind.BROADCAST
        counted.append((row.recipients if found["rows"] else 0) if broadcast else found["people"])
    return counted[0] or 0, counted[1] or 0


def _state(row: Publication, waiting: int, failed: int) -> str:
    if row.notification.retracted_at is not None:
        return "retracted"
    if waiting:
        return "working"
    return "failed" if failed else "done"
