"""A LISTEN connection to PostgreSQL that reconnects with exponential backoff."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Never

import asyncpg

from src.db.url import DatabaseUrl

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 5.0
_CHECK_SECONDS = 15.0
_INITIAL_BACKOFF_SECONDS = 0.1
_MAX_BACKOFF_SECONDS = 15.0


class Listener:
    """Listens for notifications on one channel, over a connection of its own.

    `on_notification` gets each payload. `on_connected` is called whenever a connection has begun to listen, because
    notifications that were sent before that are lost. A pooler in transaction mode accepts LISTEN and delivers
    nothing (https://www.pgbouncer.org/features.html), so only a received notification proves that the listener works.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        channel: str,
        on_notification: Callable[[str], None],
        on_connected: Callable[[], None],
    ) -> None:
        self._arguments = url.connect_arguments | {"timeout": _TIMEOUT_SECONDS, "command_timeout": _TIMEOUT_SECONDS}
        self._channel = channel
        self._on_notification = on_notification
        self._on_connected = on_connected
        self._backoff = _INITIAL_BACKOFF_SECONDS

    async def run(self) -> Never:
        """Listen until cancelled, and reconnect after failures.

        The first attempt is made after 0.1 seconds, doubling the delay after each failure, up to 15 seconds.
        """
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may succeed
                logger.warning("cannot listen for changes: %s", type(error).__name__)
            await asyncio.sleep(self._backoff)
            self._backoff = min(self._backoff * 2, _MAX_BACKOFF_SECONDS)

    async def _listen(self) -> None:
        connection = await asyncpg.connect(**self._arguments)
        try:
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            await connection.add_listener(self._channel, self._receive)
            self._backoff = _INITIAL_BACKOFF_SECONDS
            self._on_connected()
            await self._wait_until_closed(connection, closed)
        finally:
            connection.terminate()

    async def _wait_until_closed(self, connection: "asyncpg.Connection[asyncpg.Record]", closed: asyncio.Event) -> None:
        """Return when the server has closed the connection; raise when the server stops responding."""
        while not closed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_CHECK_SECONDS):
                    await closed.wait()
            if not closed.is_set():
                await connection.execute("SELECT 1")

    def _receive(self, _connection: object, _pid: int, _channel: str, payload: Any) -> None:  # noqa: ANN401 - asyncpg's
        self._on_notification(payload)
