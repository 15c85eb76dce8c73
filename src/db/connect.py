"""Connect to the database, with retries and exponential backoff while it is unreachable."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import asyncpg

from src.db.errors import describe, is_retryable_on_connect
from src.db.pool import Connection
from src.db.timestamps import use_fast_timestamps

logger = logging.getLogger(__name__)

_INITIAL_BACKOFF_SECONDS = 0.05
_MAX_BACKOFF_SECONDS = 0.4


async def connect(
    alternative: Callable[[], Connection | None] = lambda: None,
    **options: Any,  # noqa: ANN401 - asyncpg's
) -> Connection:
    """Call `asyncpg.connect` until it succeeds, with exponential backoff; the caller sets the timeout.

    A server that restarts or wakes up gets the connection as soon as it listens, so that no request fails. Before each
    retry `alternative` may provide another connection, because a server that is full may accept no new one for long. An
    error that a retry cannot fix, such as a wrong password, is raised at once.
    """
    backoff = _INITIAL_BACKOFF_SECONDS
    while True:
        try:
            connection = await asyncpg.connect(connection_class=Connection, **options)
        except Exception as error:
            if not is_retryable_on_connect(error):
                raise
            if backoff == _INITIAL_BACKOFF_SECONDS:
                logger.warning("cannot connect to the database, retrying: %s", describe(error))
        else:
            await use_fast_timestamps(connection)
            return connection
        await asyncio.sleep(backoff)
        if other := alternative():
            return other
        backoff = min(2 * backoff, _MAX_BACKOFF_SECONDS)
