"""Admission control: limit concurrent database calls, queue the next ones per owner, and shed the rest with a 503."""

import asyncio

from src.errors.server import ServiceUnavailable

_QUEUE_CAPACITY = 400
_QUEUE_CAPACITY_PER_OWNER = 200


class AdmissionControl:
    """Share the connections of a pool among owners, and bound how many calls wait for one.

    The calls of one owner get at most a quarter of the connections, and transactions get at most half of them, so that
    other calls proceed while some transactions wait for a lock.
    """

    def __init__(self, connections: int) -> None:
        self.in_flight = 0
        """The number of calls that use a connection or wait in a queue."""
        self.queues: dict[str | None, OwnerQueue] = {}
        self.transaction_permits = asyncio.Semaphore(max(1, connections // 2))
        """Acquired after the owner's own permit, so that one owner cannot hold all transaction permits."""
        self._capacity = connections + _QUEUE_CAPACITY
        self._permits_per_owner = max(1, connections // 4)

    @property
    def is_full(self) -> bool:
        """Whether the next call must be rejected, whichever owner it is for."""
        return self.in_flight >= self._capacity

    def queue(self, owner: str | None) -> "OwnerQueue":
        """The queue of an owner; None for the calls that belong to no owner."""
        queue = self.queues.get(owner)
        return queue or self.queues.setdefault(owner, OwnerQueue(self, self._permits_per_owner, owner))


class OwnerQueue:
    """The FIFO queue of one owner's database calls, with a concurrency limit.

    Entering raises `ServiceUnavailable` where the queue is full, or all queues together are.
    """

    __slots__ = ("_control", "_in_flight", "_owner", "_permits", "_queue_capacity")

    def __init__(self, control: AdmissionControl, permits: int, owner: str | None) -> None:
        self._control = control
        self._owner = owner
        self._permits = asyncio.Semaphore(permits)
        self._queue_capacity = permits + _QUEUE_CAPACITY_PER_OWNER
        self._in_flight = 0

    async def __aenter__(self) -> None:
        if self._in_flight >= self._queue_capacity or self._control.is_full:
            self._remove_if_empty()
            raise ServiceUnavailable
        self._in_flight += 1
        self._control.in_flight += 1
        try:
            await self._permits.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._permits.release()
        self._leave()

    def _leave(self) -> None:
        self._in_flight -= 1
        self._control.in_flight -= 1
        self._remove_if_empty()

    def _remove_if_empty(self) -> None:
        if not self._in_flight and self._control.queues.get(self._owner) is self:
            del self._control.queues[self._owner]
