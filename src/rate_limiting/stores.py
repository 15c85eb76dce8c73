"""Counter stores for rate limits, and the one in the memory of this process, whose size is bounded."""

from collections import OrderedDict
from typing import Protocol

CAPACITY = 50_000
"""In keys; a full store takes some 10 MB."""


class CounterStore(Protocol):
    """Counts for each key; a store may evict a key that was not counted recently."""

    async def increment(self, key: str, seconds: int) -> int:
        """Increment the count of `key`, which expires after `seconds` at the earliest unless evicted; return it."""

    async def aclose(self) -> None:
        """Free memory and connections."""


class InMemoryCounterStore:
    """Counts in memory; beyond `CAPACITY` the least recently counted key is evicted (LRU)."""

    def __init__(self) -> None:
        self._counts: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    async def increment(self, key: str, seconds: int) -> int:  # noqa: ARG002 - this store evicts by capacity
        """See `CounterStore`."""
        count = self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > CAPACITY:
            self._counts.popitem(last=False)
        return count

    async def aclose(self) -> None:
        """See `CounterStore`."""
        self._counts.clear()
