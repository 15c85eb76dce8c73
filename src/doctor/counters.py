"""Check the shared storage of rate-limit counters."""

import asyncio
from collections.abc import AsyncIterator

from src.config import Settings
from src.doctor.findings import Finding, failed, ok

_SECONDS = 4
_WRITES = "return redis.call('DEL', KEYS[1])"


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """Check RATE_LIMIT_STORAGE_URL, if it is set."""
    if settings.rate_limit_storage_url is not None:
        yield await _storage(str(settings.rate_limit_storage_url))


async def _storage(url: str) -> Finding:
    from redis.asyncio import Redis  # noqa: PLC0415 - optional: without it the settings are invalid
    from redis.exceptions import AuthenticationError, RedisError  # noqa: PLC0415 - the same

    try:
        async with asyncio.timeout(_SECONDS), Redis.from_url(url) as redis:
            await redis.eval(_WRITES, 1, "task-api:doctor")  # with a script, like the service
    except AuthenticationError:
        return _storage_unusable("it refuses this user or password")
    except TimeoutError:
        return _storage_unusable(f"no response within {_SECONDS} s")
    except (RedisError, OSError) as error:
        return _storage_unusable(f"no Redis or Valkey responds there ({type(error).__name__})")
    return ok("rate limits", "RATE_LIMIT_STORAGE_URL is a Redis or Valkey that can store the counters")


def _storage_unusable(reason: str) -> Finding:
    remedy = "fix it, or each process counts for itself"
    return failed("rate limits", f"RATE_LIMIT_STORAGE_URL does not work: {reason}: {remedy}")
