"""Hears what is said on a channel of PostgreSQL, and says when something may have been missed."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Never

import asyncpg

from src.db.url import DatabaseUrl

logger = logging.getLogger(__name__)

_SECONDS = 5.0
_CHECK_SECONDS = 15.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 15.0


class Listener:
    """One connection of its own that listens; made anew when it is lost.

    `heard` gets each message. `missed` is called whenever a connection has begun to listen: before that nobody did.
    A pooler in transaction mode accepts LISTEN and delivers nothing (https://www.pgbouncer.org/features.html): that
    something can be heard is only shown by hearing it.
    """

    def __init__(
        self, url: DatabaseUrl, channel: str, heard: Callable[[str], None], missed: Callable[[], None]
    ) -> None:
        self._arguments = url.connect_arguments | {"timeout": _SECONDS, "command_timeout": _SECONDS}
        self._channel = channel
        self._heard = heard
        self._missed = missed
        self._pause = _FIRST_PAUSE

    async def run(self) -> Never:
        """Listen until cancelled. What fails is tried again after 0.1 seconds, and later each time, up to 15."""
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may succeed
                logger.warning("cannot listen to changes: %s", type(error).__name__)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(**self._arguments)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(self._channel, self._hear)
            self._pause = _FIRST_PAUSE
            self._missed()
            await self._stay(connection, lost)
        finally:
            connection.terminate()

    async def _stay(self, connection: "asyncpg.Connection[asyncpg.Record]", lost: asyncio.Event) -> None:
        """Return when the server has ended the connection; raise when it does not answer any more."""
        while not lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await lost.wait()
            if not lost.is_set():
                await connection.execute("SELECT 1")

    def _hear(self, _connection: object, _pid: int, _channel: str, message: Any) -> None:  # noqa: ANN401 - asyncpg's
        self._heard(message)
