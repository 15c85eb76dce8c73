"""How many may use the database at once, and how many may wait: beyond that, everybody is refused at once."""

import asyncio

from src.errors import ServiceUnavailable

_WAITING = 2000
_WAITING_PER_OWNER = 1000


class Admission:
    """Shares the connections of a pool, and bounds how many wait for them.

    What runs for one owner has a quarter of the connections at most, and transactions have a half: while some wait for
    a lock, the others go on.
    """

    def __init__(self, connections: int) -> None:
        self._places = self.room = connections + _WAITING
        self.lines: dict[str | None, Line] = {}
        self.transactions = asyncio.Semaphore(max(1, connections // 2))
        """For those who have a place in their owner's line, so that no owner's transactions take all."""
        self._share = max(1, connections // 4)

    @property
    def inside(self) -> int:
        """How many use the database or wait for it."""
        return self._places - self.room

    def line(self, owner: str | None) -> "Line":
        """Where an owner waits; None for what is nobody's."""
        line = self.lines.get(owner)
        return line or self.lines.setdefault(owner, Line(self, self._share, owner))


class Line:
    """Those who are served one after the other, as many at once as there are places.

    Entering raises `ServiceUnavailable` where too many wait already, here or everywhere.
    """

    __slots__ = ("_admission", "_inside", "_owner", "_places", "_room")

    def __init__(self, admission: Admission, places: int, owner: str | None) -> None:
        self._admission = admission
        self._owner = owner
        self._places = asyncio.Semaphore(places)
        self._room = places + _WAITING_PER_OWNER
        self._inside = 0

    async def __aenter__(self) -> None:
        if self._inside >= self._room or self._admission.room <= 0:
            self._forget()
            raise ServiceUnavailable
        self._inside += 1
        self._admission.room -= 1
        try:
            await self._places.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._admission.room += 1
        self._forget()

    def _forget(self) -> None:
        if not self._inside and self._admission.lines.get(self._owner) is self:
            del self._admission.lines[self._owner]
