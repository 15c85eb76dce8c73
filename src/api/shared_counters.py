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

    While the server is out of reach each process counts alone: nothing fails, and the log says so once. Whoever is
    asking when it goes waits for half a second at most; after that only one request in ten seconds does, which finds
    out whether it is back.
    """

    def __init__(self, url: str) -> None:
        # One retry, as connections do not survive a restart of the server.
        pool = BlockingConnectionPool.from_url(url, max_connections=_CONNECTIONS, retry=Retry(NoBackoff(), 1))
        self._redis = Redis.from_pool(pool)
        self._alone = MemoryCounters()
        self._alone_until = 0.0

    async def increment(self, key: str, seconds: int) -> int:
        """See `Counters`."""
        now, was_gone = time.monotonic(), self._alone_until > 0
        if now < self._alone_until:
            return await self._alone.increment(key, seconds)
        if was_gone:
            self._alone_until = now + _PAUSE_SECONDS  # for all others, while this one finds out
        try:
            count = await self._increment(key, seconds)
        except (RedisError, OSError) as error:
            self._pause(error)
            return await self._alone.increment(key, seconds)
        if was_gone:
            self._alone_until = 0.0
        return count

    async def aclose(self) -> None:
        """See `Counters`."""
        await self._redis.aclose()

    async def _increment(self, key: str, seconds: int) -> int:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return int(await self._redis.eval(_INCREMENT, 1, f"task-api:{key}", str(seconds)))

    def _pause(self, error: Exception) -> None:
        if self._alone_until:
            return  # the log has said so
        self._alone_until = time.monotonic() + _PAUSE_SECONDS
        logger.warning(
            "rate limits are counted by this process alone, as their storage fails: %s", type(error).__name__
        )
