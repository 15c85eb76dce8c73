"""Connecting to a server that may be away for a moment."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import asyncpg

from src.db.errors import may_connect_soon, reason

logger = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 0.4
_GOODBYE_SECONDS = 1.0


class Session(asyncpg.Connection):
    """A connection that says goodbye for a second at most; a server that has vanished would never confirm it."""

    __slots__ = ()

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the pool hands it on
        """Close it, and break it off where the server does not confirm that in time."""
        with suppress(TimeoutError):
            await super().close(timeout=timeout or _GOODBYE_SECONDS)


async def connect(*arguments: Any, **options: Any) -> "asyncpg.Connection[asyncpg.Record]":  # noqa: ANN401 - asyncpg's
    """As `asyncpg.connect`, but tried again until it succeeds; who calls says how long.

    A server that restarts or wakes up is met as soon as it listens, and costs nobody an error. What asyncpg raises
    where trying again is of no use, such as for a wrong password, goes through.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await asyncpg.connect(*arguments, **options)
        except Exception as error:
            if not may_connect_soon(error):
                raise
            if pause == _FIRST_PAUSE_SECONDS:
                logger.warning("the database cannot be reached, trying again: %s", reason(error))
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
