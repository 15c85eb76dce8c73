"""Somebody who waits for changes: news and the end wake them, and neither is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_TURN_SECONDS = 4


class Subscription:
    """Somebody who waits for the changes of an owner, and has seen all until `revision`; `turns` are shared by all."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self.revision = 0
        self.ended = False
        self._news = asyncio.Event()

    async def arrive(self, seconds: float) -> bool:
        """Wait for news, or for the end; false where there is neither in time."""
        return await happens(self._news, seconds)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One of the places for those who read what is new.

        Raises:
            TimeoutError: So many others read, or so slowly, that there was none within 4 seconds.
        """
        async with asyncio.timeout(_TURN_SECONDS):
            await self._turns.acquire()
        try:
            yield
        finally:
            self._turns.release()

    def wake(self) -> None:
        """There may be news."""
        self._news.set()

    def end(self) -> None:
        """There will be no more."""
        self.ended = True
        self._news.set()


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Wait for it; whether it happens in so many seconds. Then it can happen again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    happened = event.is_set()
    event.clear()
    return happened
