"""The subscriber's side of publish/subscribe.

It is an event that is set by a change or by the end of the subscription, so that no wake-up is lost.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_READ_SLOT_TIMEOUT_SECONDS = 4


class Subscription:
    """A subscription to one owner's changes; the subscriber has read all of them up to `revision`.

    All subscriptions of a process share `read_slots`.
    """

    def __init__(self, read_slots: asyncio.Semaphore) -> None:
        self._read_slots = read_slots
        self.revision = 0
        self.ended = False
        self._wake_up = asyncio.Event()

    async def wait(self, seconds: float) -> bool:
        """Wait for a change or the end of the subscription; return False on a timeout.

        A change between two calls makes the next one return at once.
        """
        return await wait_and_clear(self._wake_up, seconds)

    @asynccontextmanager
    async def read_slot(self) -> AsyncIterator[None]:
        """Hold one of the slots that limit how many subscribers read from the database at the same time.

        Raises:
            TimeoutError: No slot became free within 4 seconds.
        """
        async with asyncio.timeout(_READ_SLOT_TIMEOUT_SECONDS):
            await self._read_slots.acquire()
        try:
            yield
        finally:
            self._read_slots.release()

    def wake(self) -> None:
        """Wake the subscriber, because there may be a change."""
        self._wake_up.set()

    def end(self) -> None:
        """End the subscription, and wake the subscriber so that it stops."""
        self.ended = True
        self._wake_up.set()


async def wait_and_clear(event: asyncio.Event, seconds: float) -> bool:
    """Wait until the event is set, clear it, and return True; return False on a timeout."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    was_set = event.is_set()
    event.clear()
    return was_set
