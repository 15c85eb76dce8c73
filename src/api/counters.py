"""Where rate limits are counted: in the memory of this process, which stays small whatever strangers do."""

from collections import OrderedDict
from typing import Protocol

CAPACITY = 50_000
"""In keys; a full memory takes some 10 MB."""


class Counters(Protocol):
    """How often each key was counted; a key may be forgotten once it was not counted for a while."""

    async def increment(self, key: str, seconds: int) -> int:
        """Count `key` once more, and remember it for `seconds` at least, if there is room: how often so far."""

    async def aclose(self) -> None:
        """Free what this holds."""


class MemoryCounters:
    """Counts of this process. Beyond `CAPACITY` the key that was not counted for the longest time is forgotten."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    async def increment(self, key: str, seconds: int) -> int:  # noqa: ARG002 - others need it; this one forgets by room
        """See `Counters`."""
        count = self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > CAPACITY:
            self._counts.popitem(last=False)
        return count

    async def aclose(self) -> None:
        """See `Counters`."""
        self._counts.clear()
