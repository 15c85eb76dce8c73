"""The registry of this process's subscriptions, by owner."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from src.errors.client import StreamLimitExceeded
from src.errors.server import StreamCapacityExceeded
from src.services.owner import OwnerId
from src.services.sync.subscription import Subscription

MAX_SUBSCRIPTIONS = 20
"""The maximum number of subscriptions of one owner in one process."""

# A thousand subscribers that a change wakes must not hold the connections that a thousand requests need.
_READ_SLOTS = 4


class SubscriptionRegistry:
    """Holds all subscriptions of this process, wakes those of an owner, and ends all of them at shutdown."""

    def __init__(self) -> None:
        self._by_owner: dict[str, set[Subscription]] = {}
        self._read_slots = asyncio.Semaphore(_READ_SLOTS)
        self._ended = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no subscription."""
        return not self._by_owner

    @property
    def owners(self) -> list[str]:
        """The owners that have a subscription."""
        return list(self._by_owner)

    @contextmanager
    def subscribe(self, owner: OwnerId, seconds: float, connections: int) -> Iterator[Subscription]:
        """Subscribe to the owner's changes for `seconds`, in a process that accepts at most `connections`.

        After shutdown, it returns a subscription that has already ended.

        Raises:
            StreamLimitExceeded: The owner has too many subscriptions already.
            StreamCapacityExceeded: The subscriptions of all owners hold half of the connections.
        """
        self._check_capacity(owner, connections)
        subscription = Subscription(self._read_slots)
        self._by_owner.setdefault(owner, set()).add(subscription)
        if self._ended:
            subscription.end()
        timer = asyncio.get_running_loop().call_later(seconds, subscription.end)
        try:
            yield subscription
        finally:
            timer.cancel()
            self._remove(owner, subscription)

    def wake(self, owner: str) -> None:
        """Wake the owner's subscribers."""
        for subscription in self._by_owner.get(owner, ()):
            subscription.wake()

    def wake_outdated(self, revisions: Mapping[str, int]) -> None:
        """Wake each subscriber whose revision is not its owner's; an owner that is missing has revision 0."""
        for owner, subscriptions in self._by_owner.items():
            for subscription in subscriptions:
                if subscription.revision != revisions.get(owner, 0):
                    subscription.wake()

    def end_all(self) -> None:
        """End all subscriptions, and each later one at once."""
        self._ended = True
        for subscriptions in self._by_owner.values():
            for subscription in subscriptions:
                subscription.end()

    def _check_capacity(self, owner: OwnerId, connections: int) -> None:
        if len(self._by_owner.get(owner, ())) >= MAX_SUBSCRIPTIONS:
            raise StreamLimitExceeded
        if sum(map(len, self._by_owner.values())) >= connections // 2:
            raise StreamCapacityExceeded

    def _remove(self, owner: OwnerId, subscription: Subscription) -> None:
        self._by_owner[owner].remove(subscription)
        if not self._by_owner[owner]:
            del self._by_owner[owner]
