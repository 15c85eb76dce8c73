"""In-process publish/subscribe for task changes, bridged between processes with NOTIFY.

Notifications are best effort; a periodic poll of revisions finds whatever they missed, so no subscriber loses a change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from secrets import token_hex
from typing import Self

from src.db.database import Database
from src.db.url import DatabaseUrl
from src.services.owner import OwnerId
from src.services.sync.intervals import Intervals
from src.services.sync.notifier import Notifier
from src.services.sync.poller import Poller
from src.services.sync.registry import SubscriptionRegistry
from src.services.sync.subscription import Subscription


class ChangeBroker:
    """Connects writers (`publish`) with subscribers (`subscribe`), in this and in other processes.

    It uses the database only while there are subscriptions or pending notifications. `listen_url` must bypass any
    pooler, because a pooler in transaction mode delivers no notifications; without it, or if it leads through a pooler
    all the same, a poll each `Intervals.poll_without_listener` finds changes of other processes. All subscriptions end
    when `shutdown` returns.
    """

    def __init__(
        self, database: Database, listen_url: DatabaseUrl | None, shutdown: Callable[[], Awaitable[object]]
    ) -> None:
        process_id = token_hex(8)
        self.intervals = Intervals()
        self._shutdown = shutdown
        self._subscriptions = SubscriptionRegistry()
        self._notifier = Notifier(database, process_id, self.intervals)
        self._poller = Poller(database, listen_url, process_id, self._subscriptions, self.intervals)
        self._polling: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start to notify other processes."""
        self._tasks = [asyncio.create_task(work) for work in (self._notifier.run(), self._end_on_shutdown())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all background tasks."""
        tasks = [*self._tasks, *([self._polling] if self._polling else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def publish(self, owner: OwnerId) -> None:
        """Wake the owner's subscribers, here and in other processes, after this process has committed a change."""
        self._subscriptions.wake(owner)
        self._notifier.publish(owner)

    @contextmanager
    def subscribe(self, owner: OwnerId, seconds: float, connections: int) -> Iterator[Subscription]:
        """Subscribe to the owner's changes for `seconds`, in a process that accepts at most `connections`.

        Every later commit wakes the subscriber: subscribe before the first read, so that no change is missed.

        Raises:
            StreamLimitExceeded: The owner has too many subscriptions already.
            StreamCapacityExceeded: The subscriptions of all owners hold half of the connections.
        """
        try:
            with self._subscriptions.subscribe(owner, seconds, connections) as subscription:
                if self._polling is None:
                    # The task outlives the request that starts it, so it must not log or trace as that request.
                    self._polling = asyncio.create_task(self._poller.run(), context=Context())
                yield subscription
        finally:
            if self._polling is not None and self._subscriptions.is_empty:
                self._polling.cancel()
                self._polling = None

    async def _end_on_shutdown(self) -> None:
        await self._shutdown()
        self._subscriptions.end_all()
