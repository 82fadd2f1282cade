"""The relay: claims outbox rows, does them, publishes. The database is the queue."""

import logging
import time
from datetime import timedelta
from threading import Event

from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now

from notifications.live.publish import publish_many
from notifications.models import Outbox
from notifications.services import revisions
from notifications.services.arrivals import Publications
from notifications.services.fanout import fan_out
from notifications.services.locks import wait_at_most
from notifications.services.statements import (
    KINDS,
    Claimed,
    claim,
    claim_row,
    delete_outbox,
    due_lanes,
)
from notifications.services.wake import (
    LAST_LOOK_SECONDS,
    hold_gate,
    open_gate,
    wake_successor,
)

logger = logging.getLogger(__name__)

# Rows of one claim. Direct rows have up to 10 recipients, bulk rows up to 1,000, and of changes
# `revisions` does what fits, so a claim is at most a few thousand items and a fraction of a second.
CLAIM = {Outbox.Lane.DIRECT: 500, Outbox.Lane.BULK: 2, Outbox.Lane.CHANGE: 100}
# Seconds after which a relay hands over to its successor: short tasks are what keeps Celery's
# shutdown fast and its visibility time-out far away.
RUN_SECONDS = 5.0
# Between two looks while it lingers: seconds at first, growing by half until a row is found.
PAUSE_SECONDS = 0.003
PAUSE_MAX = 0.025
# It works for a fifth of its time at most, unless it cannot keep up: a batch of five costs little
# more than one of one, and whoever sends them has use for the processor.
PAUSES_PER_ROUND = 4
# A relay that finds so many rows at a time does not pause, nor does it keep help away. One of a
# campaign is enough, being hundreds of people.
ROUND_ROWS = 50
ROUND_ROWS_OF = {
    Outbox.Lane.DIRECT: 1,
    Outbox.Lane.BULK: ROUND_ROWS,
    Outbox.Lane.CHANGE: ROUND_ROWS,
}
# Seconds after which a relay that keeps up holds the gate for longer.
HOLD_SECONDS = 0.5
# Seconds to wait for a lock, with a whole batch and with one row. Our own are held for
# milliseconds; somebody's long transaction must hold up the person concerned and nobody else. Less
# than PostgreSQL's `deadlock_timeout`, a second: who joins a topic and then leaves another in one
# transaction takes an inbox before the head, and it is us who must give way.
BATCH_LOCK_SECONDS = 0.8
ROW_LOCK_SECONDS = 0.2
# A row that met a lock comes back after so many seconds.
LOCKED_SECONDS = 5
# A retraction for one person that came before the broadcast comes back after so many seconds.
EARLY_SECONDS = 1
# A failing row waits 2, 4, 8 ... seconds, at most this many.
BACKOFF_MAX = 300
# Seconds for which a due row is left to the wake-up that its caller sent.
SWEEP_AGE = 2.0
# Characters of an error that are kept.
ERROR_MAX = 2000


def relay(linger: float = 0.0, leave: Event | None = None) -> None:
    """Do what is due, persons and campaigns in turn, then wake a successor if there is more.

    The gate stays shut while rows are found, and for `linger` seconds after the last one, so that
    a burst finds one relay at work instead of enqueuing many. It is opened before the last look:
    whoever met it shut had committed before. Hands over at once when `leave` is set.
    """
    leave = leave or Event()
    now = found_at = held_at = time.monotonic()
    stop_at = now + RUN_SECONDS
    pause = PAUSE_SECONDS
    opened = False
    while (now := time.monotonic()) < stop_at and not leave.is_set():
        rows = _round()
        if rows:
            took = time.monotonic() - now
            found_at, pause = now, min(max(PAUSE_SECONDS, PAUSES_PER_ROUND * took), PAUSE_MAX)
        elif opened:
            return
        elif now >= found_at + linger:
            open_gate()
            opened = True
            leave.wait(LAST_LOOK_SECONDS)
        if linger and not opened and rows < ROUND_ROWS:
            if now >= held_at + HOLD_SECONDS:
                hold_gate()
                held_at = now
            leave.wait(pause)
            pause = min(pause * 1.5, PAUSE_MAX)
    open_gate()
    wake_successor()


def _round() -> int:
    """Do a claim of each lane that has something; the number of direct rows, or as good as."""
    # Without a transaction first: SQLite's would take its only write lock to find nothing.
    return sum(_relay_claim(lane) * ROUND_ROWS_OF[lane] for lane in due_lanes())


def sweep() -> None:
    """Do what nobody was woken up for."""
    old = Now() - timedelta(seconds=SWEEP_AGE)
    if Outbox.objects.filter(due_at__lte=old, kind__in=KINDS).exists():
        relay()


def relay_batch(lane: Outbox.Lane) -> int:
    """Do one claim of a lane, if anything is due; the number of rows it took, done or failed."""
    return _relay_claim(lane) if lane in due_lanes() else 0


def _relay_claim(lane: Outbox.Lane) -> int:
    claimed: list[int] = []
    try:
        with transaction.atomic():
            wait_at_most(BATCH_LOCK_SECONDS)
            rows = claim(lane, CLAIM[lane])
            claimed = [row.pk for row in rows]
            publications = _do(rows)
    except Exception as error:
        if not claimed or isinstance(error, SoftTimeLimitExceeded):
            raise
        logger.warning("A batch of %d outbox rows failed; one by one", len(claimed), exc_info=True)
        stop_at = time.monotonic() + RUN_SECONDS
        for pk in claimed:
            # What is left stays due, and the next relay begins with whole batches again.
            if time.monotonic() < stop_at:
                _relay_row(pk)
    else:
        publish_many(publications)
    return len(claimed)


def _relay_row(pk: int) -> None:
    try:
        with transaction.atomic():
            wait_at_most(ROW_LOCK_SECONDS)
            publications = _do(claim_row(pk))
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        logger.exception("Outbox row %d failed", pk)
        _note_failure(pk, error)
    else:
        publish_many(publications)


def _do(rows: list[Claimed]) -> Publications:
    if not rows:
        return []
    changes = [row for row in rows if row.kind in revisions.KINDS]
    if not changes:
        publications = fan_out(rows)
        delete_outbox([row.pk for row in rows])
        return publications
    # A lane has either these or those.
    progress = revisions.carry(changes)
    delete_outbox(progress.done)
    for pk, up_to in progress.up_to.items():
        Outbox.objects.filter(pk=pk).update(done_up_to=up_to)
    if progress.early:
        wait = timedelta(seconds=EARLY_SECONDS)
        Outbox.objects.filter(pk__in=progress.early).update(due_at=Now() + wait)
    return progress.publications


def _note_failure(pk: int, error: Exception) -> None:
    """Back the row off, or park it for an operator."""
    with transaction.atomic():
        skip = connection.features.has_select_for_update_skip_locked
        row = Outbox.objects.filter(pk=pk).select_for_update(skip_locked=skip).first()
        if row is None:
            return
        # A lock that was not to be had, or a deadlock, says nothing against the row.
        locked = isinstance(error, OperationalError)
        row.attempts += not locked
        row.error = f"{type(error).__name__}: {error}".replace("\0", "")[:ERROR_MAX]
        parked = row.attempts >= Outbox.ATTEMPTS
        seconds = LOCKED_SECONDS if locked else min(2**row.attempts, BACKOFF_MAX)
        wait = timedelta(seconds=seconds)
        Outbox.objects.filter(pk=pk).update(
            attempts=row.attempts, error=row.error, due_at=None if parked else Now() + wait
        )
        if parked:
            logger.error("Outbox row %d is parked after %d attempts", pk, row.attempts)
