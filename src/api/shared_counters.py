"""Rate limits that several processes count together, in Redis or Valkey; no outage of it is seen by users."""

import asyncio
import logging
import time

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from src.api.counters import MemoryCounters

logger = logging.getLogger(__name__)

_CONNECTIONS = 10
_PATIENCE_SECONDS = 0.5
_PAUSE_SECONDS = 10
_INCREMENT = "local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], ARGV[1]) return n"


class SharedCounters:
    """Counts of all processes that use the same `url`, one round trip each.

    While the server is out of reach each process counts alone: nothing fails, one request now and then waits for
    half a second, and the log says so once in ten seconds.
    """

    def __init__(self, url: str) -> None:
        # One retry, as connections do not survive a restart of the server.
        pool = BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, retry=Retry(NoBackoff(), 1))
        self._redis = Redis.from_pool(pool)
        self._alone = MemoryCounters()
        self._alone_until = 0.0

    async def increment(self, key: str, seconds: int) -> int:
        """See `Counters`."""
        if time.monotonic() >= self._alone_until:
            try:
                return await self._increment(key, seconds)
            except (RedisError, OSError) as error:
                self._pause(error)
        return await self._alone.increment(key, seconds)

    async def aclose(self) -> None:
        """See `Counters`."""
        await self._redis.aclose()

    async def _increment(self, key: str, seconds: int) -> int:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return int(await self._redis.eval(_INCREMENT, 1, f"task-api:{key}", str(seconds)))

    def _pause(self, error: Exception) -> None:
        self._alone_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning(
            "rate limits are counted by this process alone, as their storage fails: %s", type(error).__name__
        )
