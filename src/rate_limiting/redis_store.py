"""A counter store that several processes share, in Redis or Valkey; its outages fail no request."""

import asyncio
import logging
import time

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from src.rate_limiting.stores import InMemoryCounterStore

logger = logging.getLogger(__name__)

_CONNECTIONS = 10
_TIMEOUT_SECONDS = 0.5
_PROBE_INTERVAL_SECONDS = 10
_INCREMENT = "local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], ARGV[1]) return n"


class RedisCounterStore:
    """Counts in Redis, one round trip each; falls back to the memory of this process while Redis is unavailable.

    An outage is logged once. The first requests wait for half a second at most; after that, only one request in ten
    seconds tries the server, to probe whether it has recovered.
    """

    def __init__(self, url: str) -> None:
        # One retry, as connections do not survive a restart of the server.
        pool = BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, retry=Retry(NoBackoff(), 1))
        self._redis = Redis.from_pool(pool)
        self._fallback = InMemoryCounterStore()
        self._fallback_until = 0.0

    async def increment(self, key: str, seconds: int) -> int:
        """See `CounterStore`."""
        now, was_unavailable = time.monotonic(), self._fallback_until > 0
        if now < self._fallback_until:
            return await self._fallback.increment(key, seconds)
        if was_unavailable:
            self._fallback_until = now + _PROBE_INTERVAL_SECONDS  # for all other requests, while this one probes
        try:
            count = await self._increment(key, seconds)
        except (RedisError, OSError) as error:
            self._fall_back(error)
            return await self._fallback.increment(key, seconds)
        if was_unavailable:
            self._fallback_until = 0.0
        return count

    async def aclose(self) -> None:
        """See `CounterStore`."""
        await self._redis.aclose()

    async def _increment(self, key: str, seconds: int) -> int:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return int(await self._redis.eval(_INCREMENT, 1, f"task-api:{key}", str(seconds)))

    def _fall_back(self, error: Exception) -> None:
        if self._fallback_until:
            return  # already logged
        self._fallback_until = time.monotonic() + _PROBE_INTERVAL_SECONDS
        logger.warning(
            "counting rate limits in this process only, because RATE_LIMIT_STORAGE_URL is unavailable: %s",
            type(error).__name__,
        )
