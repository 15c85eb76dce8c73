"""Count the bytes of large responses that clients have not read yet (ADR 0056)."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from src.errors.server import TooManyUnreadResponses

MAX_UNREAD_BYTES = 48 * 1024 * 1024
"""Of the large responses of a process."""

MAX_UNREAD_BYTES_PER_OWNER = 16 * 1024 * 1024
"""Of the large responses of one owner; a larger one is sent if it is the owner's only one."""

WAIT_SECONDS = 2
"""The maximum time for which a large response waits until others have been read."""


class _Claim(NamedTuple):
    owner: str
    size: int
    granted: asyncio.Future[None]


class ResponseMemory:
    """Counts the bytes of large responses, from before they are built until they are written to the network."""

    def __init__(self) -> None:
        self._used = 0
        self._used_by: Counter[str] = Counter()
        self._waiting: deque[_Claim] = deque()

    def fits(self, owner: str, size: int) -> bool:
        """Whether a response can be sent now; the only one of its owner, and of the process, always can."""
        fits_process = not self._used or self._used + size <= MAX_UNREAD_BYTES
        used = self._used_by[owner]
        return fits_process and (not used or used + size <= MAX_UNREAD_BYTES_PER_OWNER)

    @contextmanager
    def hold(self, owner: str, size: int) -> Iterator[None]:
        """Count a response that must be sent, because its request has been executed."""
        self._add(owner, size)
        try:
            yield
        finally:
            self._free(owner, size)

    @asynccontextmanager
    async def reserve(self, owner: str, size: int) -> AsyncIterator[None]:
        """Count a response as soon as it fits.

        Raises:
            TooManyUnreadResponses: It does not fit in time.
        """
        if self.fits(owner, size):
            self._add(owner, size)
        else:
            await self._wait(_Claim(owner, size, asyncio.get_running_loop().create_future()))
        try:
            yield
        finally:
            self._free(owner, size)

    async def _wait(self, claim: _Claim) -> None:
        self._waiting.append(claim)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await claim.granted
        except BaseException as error:
            if claim.granted.done() and not claim.granted.cancelled():
                self._free(claim.owner, claim.size)
            else:
                self._waiting.remove(claim)
            if isinstance(error, TimeoutError):
                raise TooManyUnreadResponses from None
            raise

    def _add(self, owner: str, size: int) -> None:
        self._used += size
        self._used_by[owner] += size

    def _free(self, owner: str, size: int) -> None:
        self._add(owner, -size)
        if not self._used_by[owner]:
            del self._used_by[owner]
        for claim in [each for each in self._waiting if not each.granted.done()]:
            if self.fits(claim.owner, claim.size):
                self._waiting.remove(claim)
                self._add(claim.owner, claim.size)
                claim.granted.set_result(None)
