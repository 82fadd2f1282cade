"""One Redis, as one event loop uses it."""

from collections.abc import Mapping

from channels_redis.utils import create_pool
from redis.asyncio import Redis
from redis.asyncio.connection import ConnectionPool
from redis.asyncio.sentinel import SentinelConnectionPool

from notifications.live.outgoing import Outgoing
from notifications.live.subscriptions import Listener, Subscriptions


class Shard:
    """Subscribes and publishes at one of the layer's hosts."""

    def __init__(
        self,
        host: Mapping[str, object],
        listener: Listener,
        *,
        probe_seconds: float,
        probe_timeout: float,
        publish_timeout: float,
    ) -> None:
        """Connect when needed. `host` is an entry of the setting `hosts`, decoded."""
        self._host = host
        self._redis: Redis | None = None
        self.subscriptions = Subscriptions(self._pool, listener, probe_seconds, probe_timeout)
        self.outgoing = Outgoing(self._pool, publish_timeout)

    def _pool(self) -> ConnectionPool:
        if self._redis is None:
            self._redis = Redis(connection_pool=create_pool(self._host))
        return self._redis.connection_pool

    async def flush(self) -> None:
        """Forget the subscriptions and close the connections."""
        await self.subscriptions.close()
        await self.outgoing.close()
        redis, self._redis = self._redis, None
        if redis is not None:
            pool = redis.connection_pool
            await redis.aclose(close_connection_pool=True)
            if isinstance(pool, SentinelConnectionPool):
                for sentinel in pool.sentinel_manager.sentinels:
                    await sentinel.aclose()
