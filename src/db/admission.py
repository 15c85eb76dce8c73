"""How many may use the database at once, and how many may wait: beyond that, everybody is refused at once."""

import asyncio
from typing import Self
from weakref import WeakValueDictionary

from src.errors import ServiceUnavailable

_WAITING = 2000
_WAITING_PER_OWNER = 1000


class Line:
    """At most `places` are inside, at most `waiting` wait in the order of their coming.

    Entering raises `ServiceUnavailable` where that many wait already.
    """

    def __init__(self, places: int, waiting: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._room = places + waiting

    async def __aenter__(self) -> Self:
        if not self._room:
            raise ServiceUnavailable
        self._room -= 1
        try:
            await self._places.acquire()
        except BaseException:
            self._room += 1
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self._places.release()
        self._room += 1


class Admission:
    """Shares the connections of a pool, and bounds how many wait for them.

    What runs for one owner has a quarter of the connections at most, and transactions have a half: while some wait for
    a lock, the others go on.
    """

    def __init__(self, connections: int) -> None:
        self._share = max(1, connections // 4)
        self._owners: WeakValueDictionary[str | None, Line] = WeakValueDictionary()
        self.everybody = Line(connections + _WAITING, 0)
        self.transactions = Line(max(1, connections // 2), _WAITING)

    def owner(self, owner: str | None) -> Line:
        """The line of an owner, which lasts for as long as somebody is in it; None for what is nobody's."""
        line = self._owners.get(owner)
        if line is None:
            line = self._owners[owner] = Line(self._share, _WAITING_PER_OWNER)
        return line
