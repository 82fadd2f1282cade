"""Publishing without an event loop: from threads, Celery tasks, WSGI, commands."""

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import redis.connection
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

from notifications.live.link import packed_publish

# Commands per pipeline.
CHUNK = 500

Command = tuple[str, bytes]


class Publisher:
    """Plain connections, a pool for each host, which all threads of a process share.

    A forked process makes its own.
    """

    def __init__(self, hosts: Sequence[Mapping[str, Any]], timeout: float) -> None:
        """Connect when needed; wait `timeout` seconds for each answer and never try twice."""
        self._hosts = hosts
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pid = 0
        self._pools: dict[int, ConnectionPool] = {}

    def publish(self, index: int, commands: Sequence[Command]) -> None:
        """Publish payloads under names at the host with this index, in order.

        Raises redis's errors; then some may have been published.
        """
        pool = self._pool(index)
        for start in range(0, len(commands), CHUNK):
            _publish(pool, commands[start : start + CHUNK])

    def close(self) -> None:
        """Close the connections; they are made anew when needed."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
            if isinstance(pool, SentinelConnectionPool):
                for sentinel in pool.sentinel_manager.sentinels:
                    sentinel.close()

    def _pool(self, index: int) -> ConnectionPool:
        if self._pid != os.getpid():
            # The lock as well: another thread may have held it during the fork.
            self._lock = threading.Lock()
            self._pools = {}
            self._pid = os.getpid()
        with self._lock:
            if index not in self._pools:
                self._pools[index] = blocking_pool(self._hosts[index], self._timeout)
            return self._pools[index]


def _publish(pool: ConnectionPool, commands: Sequence[Command]) -> None:
    # Not `Redis.pipeline`, which takes three times as long; what it does is this.
    connection = pool.get_connection()
    refusal: ResponseError | None = None
    try:
        connection.send_packed_command([packed_publish(commands)])  # type: ignore[no-untyped-call]
        for _ in commands:
            try:
                connection.read_response()
            except ResponseError as error:
                refusal = refusal or error
    except BaseException:
        # Answers may be under way that belong to nobody.
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.release(connection)
    if refusal is not None:
        raise refusal


def blocking_pool(host: Mapping[str, Any], timeout: float) -> ConnectionPool:
    """What `channels_redis.utils.create_pool` makes of an entry of `hosts`, without asyncio."""
    options = dict(host)
    options.update(
        socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
    if connection_class := options.get("connection_class"):
        # The one of the same name in redis-py's other half.
        options["connection_class"] = getattr(redis.connection, connection_class.__name__)
    if address := options.pop("address", None):
        return ConnectionPool.from_url(address, **options)
    if master_name := options.pop("master_name", None):
        sentinels = options.pop("sentinels")
        sentinel_options = dict(options.pop("sentinel_kwargs", None) or {})
        sentinel_options |= {"socket_timeout": timeout, "socket_connect_timeout": timeout}
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            sentinels, sentinel_kwargs=sentinel_options
        )
        return SentinelConnectionPool(  # type: ignore[no-untyped-call]
            master_name, sentinel, **options
        )
    return ConnectionPool(**options)
