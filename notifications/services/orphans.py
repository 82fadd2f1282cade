"""Notifications that nobody has any more."""

from datetime import timedelta
from itertools import takewhile
from typing import Any

from django.db import transaction
from django.db.models import Exists, ForeignObjectRel, OuterRef, Q, QuerySet
from django.utils import timezone

from notifications.models import Notification
from notifications.services.outbox import can_skip
from notifications.services.statements import delete_notifications

# Notifications looked at in one step.
PAGE = 500
# Days for which a notification stays whoever has it: callers may hold it and change it yet.
SPARED_DAYS = 1


def delete_orphans(after: int) -> tuple[int, int | None]:
    """Delete those of the next page of notifications that no row refers to, of any app.

    How many, and the last one looked at (None: there are no older ones left). An inbox, the
    outbox, the log, what an operator announced, what an API key published, an idempotency key: each
    of these needs them.
    """
    before = timezone.now() - timedelta(days=SPARED_DAYS)
    said = Notification.objects.filter(pk__gt=after).order_by("pk")
    page = list(said.values_list("pk", "created_at")[:PAGE])
    old = [pk for pk, _ in takewhile(lambda row: row[1] < before, page)]
    if not old:
        return 0, None
    orphans = said.filter(_unwanted(), pk__lte=old[-1])
    # Without locks first: nearly always there are none.
    found = list(orphans.values_list("pk", flat=True))
    deleted = _delete(found) if found else 0
    return deleted, old[-1] if len(old) == PAGE else None


@transaction.atomic
def _delete(pks: list[int]) -> int:
    rows = Notification.objects.filter(pk__in=pks).order_by("pk")
    # Whoever changes one has it locked, and so has who refers to it; nobody does so after this.
    locked = list(rows.select_for_update(skip_locked=can_skip()).values_list("pk", flat=True))
    # In a statement of its own, which sees what was committed before the locks.
    unwanted = rows.filter(_unwanted(), pk__in=locked).values_list("pk", flat=True)
    # Not by the ORM, which would delete what refers to them, too.
    return delete_notifications(list(unwanted))


def _unwanted() -> Q:
    """That no row of any table refers to a notification."""
    return Q(*(~Exists(rows) for rows in _references()))


def _references() -> list[QuerySet[Any, Any]]:
    relations = Notification._meta.get_fields(include_hidden=True)
    return [
        relation.field.model._meta.base_manager.filter(**{relation.field.name: OuterRef("pk")})
        for relation in relations
        # Those of many to many go through a table that refers to both.
        if isinstance(relation, ForeignObjectRel) and not relation.many_to_many
    ]
