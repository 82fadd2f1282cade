"""Waking the relay through a gate, so that a burst of commits enqueues a handful of tasks."""

import os
import time
from collections.abc import Callable
from functools import lru_cache

from celery import current_app
from kombu import Connection
from kombu.pools import producers
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from notifications.conf import settings
from notifications.live.breaker import breaker

RELAY_TASK = "notifications.relay"
RECONCILE_TASK = "notifications.reconcile"
PRUNE_TASK = "notifications.prune"
GATE = "clarion:relay-gate"
# Milliseconds that one wake-up stands for all others. The relay opens the gate when it has found
# nothing more. One that keeps up holds it; past this time another relay helps one that does not,
# or replaces one that was lost.
GATE_MS = 2000
# For so long a process that met the gate shut takes it to be shut, which saves most of the commits
# of a burst their way to Redis.
SHUT_SECONDS = 0.02
# So long after it opened the gate, a relay looks for the last time: later than any commit that
# still took the gate to be shut, because it had met it so before.
LAST_LOOK_SECONDS = 0.03
# Seconds for each step towards Redis or the broker. `notify()` takes at most two such steps,
# so that it loses less than a second to a host that hangs.
STEP_SECONDS = 0.4


class Shut:
    """Until when this process takes the gate to be shut, on the monotonic clock."""

    until = 0.0


shut = Shut()


def wake_relay() -> None:
    """Enqueue the relay unless somebody just did. Never raises: the sweep is the net."""
    if time.monotonic() >= shut.until:
        wake_successor()


def wake_successor() -> None:
    """Enqueue the relay although the gate was shut until now, by whoever opened it."""
    if breaker.is_open:
        return
    asked_at = time.monotonic()
    try:
        if _take_gate():
            _enqueue(RELAY_TASK)
        else:
            shut.until = asked_at + SHUT_SECONDS
    except Exception as error:  # noqa: BLE001 (each broker's client raises its own)
        breaker.trip("Waking the relay", error)


def wake_reconciler() -> None:
    """Enqueue the reconciler. Never raises: it comes every five minutes anyway."""
    _wake("Waking the reconciler", RECONCILE_TASK)


def wake_pruner() -> None:
    """Enqueue what goes on with pruning. Never raises: it goes on the night after anyway."""
    _wake("Going on with pruning", PRUNE_TASK)


def _wake(doing: str, task: str) -> None:
    if breaker.is_open:
        return
    try:
        _enqueue(task)
    except Exception as error:  # noqa: BLE001
        breaker.trip(doing, error)


def open_gate() -> None:
    """Let the next commit wake the relay again. Never raises."""
    _at_gate("Opening the relay's gate", lambda redis: redis.delete(GATE))


def hold_gate() -> None:
    """Keep the gate shut for another `GATE_MS`. Never raises."""
    _at_gate("Holding the relay's gate", lambda redis: redis.set(GATE, b"1", px=GATE_MS))


def _at_gate(doing: str, command: Callable[[Redis], object]) -> None:
    if breaker.is_open or not settings.redis_url:
        return
    try:
        command(_redis(settings.redis_url, os.getpid()))
    except Exception as error:  # noqa: BLE001
        breaker.trip(doing, error)


def _take_gate() -> bool:
    if not settings.redis_url:
        return True
    return bool(_redis(settings.redis_url, os.getpid()).set(GATE, b"1", nx=True, px=GATE_MS))


def _enqueue(task: str) -> None:
    with producers[_broker(os.getpid())].acquire(block=True, timeout=STEP_SECONDS) as producer:
        current_app.send_task(task, producer=producer, retry=False, ignore_result=True)


@lru_cache(maxsize=2)
def _redis(url: str, pid: int) -> "Redis":
    """A client of this process; a forked child must not share its parent's sockets."""
    return Redis.from_url(
        url,
        socket_timeout=STEP_SECONDS,
        socket_connect_timeout=STEP_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


@lru_cache(maxsize=1)
def _broker(pid: int) -> Connection:
    """A broker connection of this process that gives up fast; workers' own must be patient."""
    connection: Connection = current_app.connection_for_write(
        connect_timeout=STEP_SECONDS,
        # Redis has the first names, AMQP the others, which win over `connect_timeout` above. Each
        # transport passes over what is not its own.
        transport_options={
            "socket_timeout": STEP_SECONDS,
            "socket_connect_timeout": STEP_SECONDS,
            "max_retries": 0,
            "retry_on_timeout": False,
            "connect_timeout": STEP_SECONDS,
            "read_timeout": STEP_SECONDS,
            "write_timeout": STEP_SECONDS,
        },
    )
    return connection
