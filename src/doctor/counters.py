"""Whether processes can count rate limits together."""

import asyncio
from collections.abc import AsyncIterator

from src.config import Settings
from src.doctor.findings import Finding, failed, ok

_SECONDS = 4
_WRITES = "return redis.call('DEL', KEYS[1])"


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """The finding about RATE_LIMIT_STORAGE_URL, where it is set."""
    if settings.rate_limit_storage_url is not None:
        yield await _storage(str(settings.rate_limit_storage_url))


async def _storage(url: str) -> Finding:
    from redis.asyncio import Redis  # noqa: PLC0415 - optional: where it is missing, the settings are wrong
    from redis.exceptions import AuthenticationError, RedisError  # noqa: PLC0415 - the same

    try:
        async with asyncio.timeout(_SECONDS), Redis.from_url(url) as redis:
            await redis.eval(_WRITES, 1, "task-api:doctor")  # by a script, as the service counts
    except AuthenticationError:
        return _storage_unusable("it refuses this user or password")
    except TimeoutError:
        return _storage_unusable(f"no answer within {_SECONDS} s")
    except (RedisError, OSError) as error:
        return _storage_unusable(f"nobody answers there as a Redis or Valkey does ({type(error).__name__})")
    return ok("rate limits", "RATE_LIMIT_STORAGE_URL leads to a Redis or Valkey in which processes count together")


def _storage_unusable(reason: str) -> Finding:
    remedy = "mend it, or each process counts for itself"
    return failed("rate limits", f"RATE_LIMIT_STORAGE_URL does not work: {reason}: {remedy}")
