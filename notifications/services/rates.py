"""Counting requests, so that nobody takes the share of others."""

import math
import os
import time
from functools import lru_cache

from limits import RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

from notifications.conf import settings
from notifications.live.breaker import breaker

# Seconds that a request waits for Redis at most; without an answer it passes.
STEP_SECONDS = 0.2
PREFIX = "clarion:rates"


def wait(kind: str, who: object, per_minute: int) -> int:
    """Count one request; 0, or the seconds to wait for if it is one too many.

    Of `kind`, by `who`, in the last minute, over all processes: two counters in Redis, weighted by
    time and changed by one script. Never raises: while Redis is away everything passes.
    """
    if not per_minute or not settings.redis_url or breaker.is_open:
        return 0
    share = RateLimitItemPerMinute(per_minute, namespace=kind)
    try:
        limiter = _limiter(settings.redis_url, os.getpid())
        if limiter.hit(share, str(who)):
            return 0
        free_at = limiter.get_window_stats(share, str(who)).reset_time
        return max(1, math.ceil(free_at - time.time()))
    except Exception as error:  # noqa: BLE001 (whatever it is, people must not be kept out by it)
        breaker.trip("Counting requests", error)
        return 0


@lru_cache(maxsize=2)
def _limiter(url: str, pid: int) -> SlidingWindowCounterRateLimiter:
    """Of this process; a forked child must not share its parent's sockets."""
    pool = ConnectionPool.from_url(
        url,
        socket_timeout=STEP_SECONDS,
        socket_connect_timeout=STEP_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return SlidingWindowCounterRateLimiter(
        RedisStorage(url, connection_pool=pool, key_prefix=PREFIX)
    )
