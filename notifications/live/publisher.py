"""Publishing without an event loop: from threads, Celery tasks, WSGI, commands."""

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import redis.connection
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

# Commands per pipeline.
CHUNK = 500

Command = tuple[str, bytes]


class Publisher:
    """Plain clients, one for each host, which all threads of a process share.

    A forked process makes its own.
    """

    def __init__(self, hosts: Sequence[Mapping[str, Any]], timeout: float) -> None:
        """Connect when needed; wait `timeout` seconds for each answer and never try twice."""
        self._hosts = hosts
        self._timeout = timeout
        self._lock = threading.Lock()
        self._pid = 0
        self._clients: dict[int, Redis] = {}

    def publish(self, index: int, commands: Sequence[Command]) -> None:
        """Publish payloads under names at the host with this index, in order.

        Raises redis's errors; then some may have been published.
        """
        client = self._client(index)
        for start in range(0, len(commands), CHUNK):
            with client.pipeline(transaction=False) as pipeline:
                for name, payload in commands[start : start + CHUNK]:
                    pipeline.publish(name, payload)
                pipeline.execute()

    def close(self) -> None:
        """Close the connections; they are made anew when needed."""
        with self._lock:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _client(self, index: int) -> Redis:
        if self._pid != os.getpid():
            # The lock as well: another thread may have held it during the fork.
            self._lock = threading.Lock()
            self._clients = {}
            self._pid = os.getpid()
        with self._lock:
            if index not in self._clients:
                pool = blocking_pool(self._hosts[index], self._timeout)
                self._clients[index] = Redis.from_pool(pool)
            return self._clients[index]


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
