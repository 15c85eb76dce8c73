"""Connect to the database, with retries and exponential backoff while it is unreachable."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import asyncpg

from src.db.errors import describe, is_retryable_on_connect

logger = logging.getLogger(__name__)

_INITIAL_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 0.4
_CLOSE_TIMEOUT_SECONDS = 1.0


class PromptlyClosingConnection(asyncpg.Connection):
    """A connection whose `close()` waits at most one second, because an unreachable server would never confirm."""

    __slots__ = ()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the pool passes it
        """Close the connection; terminate it if the server does not confirm in time."""
        with suppress(TimeoutError):
            await super().close(timeout=timeout or _CLOSE_TIMEOUT_SECONDS)


async def connect(*arguments: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":  # noqa: ANN401 - asyncpg's
    """Call `asyncpg.connect` until it succeeds, with exponential backoff; the caller sets the timeout.

    A server that restarts or wakes up gets the connection as soon as it listens, so that no request fails. An error
    that a retry cannot fix, such as a wrong password, is raised at once.
    """
    backoff = _INITIAL_BACKOFF_SECONDS
    while True:
        try:
            return await asyncpg.connect(*arguments, **options)
        except Exception as error:
            if not is_retryable_on_connect(error):
                raise
            if backoff == _INITIAL_BACKOFF_SECONDS:
                logger.warning("cannot connect to the database, retrying: %s", describe(error))
        await asyncio.sleep(backoff)
        backoff = min(2 * backoff, _MAX_BACKOFF_SECONDS)
