"""The nightly pass through all inboxes, and then through all notifications.

Millions of inboxes take a night: each run does as much as fits, and the next one goes on. A batch
holds one inbox's lock for a fraction of a second, and whoever holds that for longer has it pruned
the night after.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction

from notifications.models import Inbox, Pass
from notifications.models.inbox import ItemQuerySet
from notifications.selectors.keeping import Limits, crowded, limits, outlived
from notifications.services.connections import leave_broken
from notifications.services.locks import lock_inbox, wait_at_most
from notifications.services.orphans import delete_orphans
from notifications.services.removal import remove
from notifications.services.wake import wake_pruner

logger = logging.getLogger(__name__)

# Seconds of one run; a step more stays well below the time limit of tasks.
RUN_SECONDS = 10.0
# Inboxes looked at by one query.
PAGE = 500
# Items deleted in one transaction.
BATCH = 500
# Seconds to wait for the lock of an inbox.
LOCK_SECONDS = 0.5
# What ends a run: time is up, or the database is gone.
ENDS = (SoftTimeLimitExceeded, InterfaceError)


class Step(NamedTuple):
    """Rows deleted, and up to which key everything was looked at; None: there is nothing after."""

    deleted: int
    up_to: int | None


def prune() -> int:
    """Delete what inboxes keep no longer, and notifications that nobody has; how many rows.

    Goes on where the last run ended, or begins another pass if that was at the end, and wakes a
    successor if there is more. A pass that broke off goes on the night after.
    """
    stop_at = time.monotonic() + RUN_SECONDS
    kept = limits()
    steps: dict[str, Callable[[int], Step]] = {
        "inboxes": lambda after: _prune_inboxes(kept, after, stop_at),
        "notifications": lambda after: Step(*delete_orphans(after)),
    }
    count = 0
    for name, after in _under_way(steps):
        up_to: int | None = after
        while up_to is not None:
            if time.monotonic() >= stop_at:
                wake_pruner()
                return count
            deleted, up_to = steps[name](up_to)
            count += deleted
            Pass.objects.filter(name=name).update(up_to=up_to)
    if count:
        logger.info("The pass of pruning ended; this run deleted %d rows", count)
    return count


def _under_way(names: "dict[str, Callable[[int], Step]]") -> list[tuple[str, int]]:
    """The passes that have not ended, and where they are; all anew if there is none."""
    places = dict(Pass.objects.filter(up_to__isnull=False).values_list("name", "up_to"))
    if not places.keys() & names.keys():
        for name in names:
            Pass.objects.update_or_create(name=name, defaults={"up_to": 0})
        return [(name, 0) for name in names]
    return [(name, up_to) for name in names if (up_to := places.get(name)) is not None]


def _prune_inboxes(kept: Limits, after: int, stop_at: float) -> Step:
    """Prune the next page of inboxes, as far as there is time."""
    page = list(
        Inbox.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:PAGE]
    )
    if not page:
        return Step(0, None)
    count = 0
    for inbox_id in crowded(kept, after, page[-1]):
        for deleted in _batches(kept, inbox_id):
            count += deleted
            if time.monotonic() >= stop_at:
                # With this one again: it may have more.
                return Step(count, inbox_id - 1)
    return Step(count, page[-1] if len(page) == PAGE else None)


def _batches(kept: Limits, inbox_id: int) -> Iterator[int]:
    """Prune an inbox batch by batch; how many items each had. One that fails harms no other."""
    try:
        for items in outlived(kept, inbox_id):
            while deleted := prune_batch(inbox_id, items):
                yield deleted
                if deleted < BATCH:
                    break
    except ENDS:
        raise
    except Inbox.DoesNotExist:
        return
    except OperationalError:
        logger.info("Inbox %d is pruned another night: somebody has it", inbox_id)
        leave_broken()
    except Exception:
        logger.exception("Inbox %d could not be pruned", inbox_id)
        leave_broken()


@transaction.atomic
def prune_batch(inbox_id: int, items: ItemQuerySet) -> int:
    """Delete the first of these items of an inbox; how many. Raises `Inbox.DoesNotExist`."""
    wait_at_most(LOCK_SECONDS)
    inbox = lock_inbox(inbox_id)
    # Under the lock: nobody changes them meanwhile.
    batch = list(items[:BATCH])
    if batch:
        remove(inbox, batch)
    return len(batch)
