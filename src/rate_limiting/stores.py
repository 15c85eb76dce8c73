"""Counter stores for rate limits, and the one in the memory of this process, whose size is bounded."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

CAPACITY = 50_000
"""In keys; a full store takes some 13 MB."""

# With each new key more than one, so that the past ends, but never so many that the process pauses.
_EVICTIONS = 2


class CounterStore(Protocol):
    """Counts for each key; a store may evict a key that was not counted recently."""

    async def increment(self, key: str, seconds: int) -> int:
        """Increment the count of `key`, which expires after `seconds` at the earliest unless evicted; return it."""

    async def aclose(self) -> None:
        """Free memory and connections."""


class InMemoryCounterStore:
    """Counts in memory; evicts keys that have expired and, beyond `CAPACITY`, the least recently counted ones (LRU)."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    async def increment(self, key: str, seconds: int) -> int:
        """See `CounterStore`."""
        now = self._clock()
        count = self._counts.pop(key, (0, now))[0] + 1
        self._counts[key] = count, now + seconds
        if count == 1:
            for _ in range(_EVICTIONS):
                self._evict_oldest(now)
        return count

    def _evict_oldest(self, now: float) -> None:
        if len(self._counts) > CAPACITY or next(iter(self._counts.values()))[1] <= now:
            self._counts.popitem(last=False)

    async def aclose(self) -> None:
        """See `CounterStore`."""
        self._counts.clear()
