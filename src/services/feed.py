"""Who waits for the changes of which owner. Nothing is lost: what nobody tells is found by looking.

A process tells the others whose tasks it has changed after the fact, many owners at once. A NOTIFY inside each write
would be simpler, but PostgreSQL lets only one transaction of the whole server commit at a time that has one
(`PreCommit_Notify` in its `async.c`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass
from secrets import token_hex
from typing import Self

from src.db.database import Database
from src.db.listener import Listener
from src.db.url import DatabaseUrl
from src.errors import NoRoomForStreams, TooManyStreams
from src.services.change_statements import CHANNEL, REVISIONS_OF_OWNERS, TELL
from src.services.owner import OwnerId
from src.services.subscription import Subscription, happens

logger = logging.getLogger(__name__)

MAX_SUBSCRIPTIONS = 20
"""Of one owner in one process."""

# A thousand streams that hear of news must not take the places of a thousand requests.
_READING_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Pace:
    """How often something happens, in seconds."""

    tell: float = 0.02
    look: float = 15.0
    """While others can be heard, too."""
    look_alone: float = 1.0
    heartbeat: float = 15.0


class Feed:
    """The subscriptions of this process. It needs the database only while there are some, or something to tell.

    `listen_url` is a way to the database past any pooler, on which others can be heard; without it, or where it leads
    through one all the same, changes of other processes are found within `Pace.look_alone`. All subscriptions end when
    `shutdown` returns.
    """

    def __init__(
        self, database: Database, listen_url: DatabaseUrl | None, shutdown: Callable[[], Awaitable[object]]
    ) -> None:
        self.pace = Pace()
        self._database = database
        self._shutdown = shutdown
        self._name = token_hex(8)
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._turns = asyncio.Semaphore(_READING_AT_ONCE)
        self._untold: set[str] = set()
        self._hears = False
        self._something_to_tell = asyncio.Event()
        self._must_look = asyncio.Event()
        self._listener = None if listen_url is None else Listener(listen_url, CHANNEL, self._hear, self._must_look.set)
        self._ended = False
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to tell."""
        self._tasks = [asyncio.create_task(each) for each in (self._tell_again_and_again(), self._end())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        tasks = [*self._tasks, *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def announce(self, owner: OwnerId) -> None:
        """Something of the owner's has been committed by this process."""
        self._wake(owner)
        self._untold.add(owner)
        self._something_to_tell.set()

    def require_room(self, owner: OwnerId, connections: int) -> None:
        """Return if the owner may have one more subscription, in a process with so many connections.

        Raises:
            TooManyStreams: The owner has too many already.
            NoRoomForStreams: All owners together have half of the connections.
        """
        if len(self._subscriptions.get(owner, ())) >= MAX_SUBSCRIPTIONS:
            raise TooManyStreams
        if sum(map(len, self._subscriptions.values())) >= connections // 2:
            raise NoRoomForStreams

    @contextmanager
    def subscribe(self, owner: OwnerId, seconds: float) -> Iterator[Subscription]:
        """Wait for the owner's changes for so long. Whatever is committed from now on is news."""
        subscription = Subscription(self._turns)
        self._add(owner, subscription)
        timer = asyncio.get_running_loop().call_later(seconds, subscription.end)
        try:
            yield subscription
        finally:
            timer.cancel()
            self._remove(owner, subscription)

    def _add(self, owner: OwnerId, subscription: Subscription) -> None:
        self._subscriptions.setdefault(owner, set()).add(subscription)
        if self._ended:
            subscription.end()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), context=Context())  # of no request

    def _remove(self, owner: OwnerId, subscription: Subscription) -> None:
        self._subscriptions[owner].remove(subscription)
        if not self._subscriptions[owner]:
            del self._subscriptions[owner]
        if self._watching and not self._subscriptions:
            self._watching.cancel()
            self._watching = None

    def _wake(self, owner: str) -> None:
        for subscription in self._subscriptions.get(owner, ()):
            subscription.wake()

    def _hear(self, message: str) -> None:
        self._hears = True
        name, _, owner = message.partition(" ")
        if name != self._name:
            self._wake(owner)

    async def _tell_again_and_again(self) -> None:
        while await self._something_to_tell.wait():
            self._something_to_tell.clear()
            owners, self._untold = self._untold, set()
            with _survived():
                await self._database.fetch(TELL, sender=self._name, owners=list(owners))
            await asyncio.sleep(self.pace.tell)

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look_again_and_again())
            if self._listener:
                tasks.create_task(self._listener.run())

    async def _look_again_and_again(self) -> None:
        while True:
            heard, self._hears = self._hears, False
            with _survived():
                await self._look()
                await self._call()
            await happens(self._must_look, self.pace.look if heard else self.pace.look_alone)

    async def _look(self) -> None:
        rows = await self._database.fetch(REVISIONS_OF_OWNERS, owners=list(self._subscriptions))
        revisions = {row["id"]: row["revision"] for row in rows}
        for owner, subscriptions in self._subscriptions.items():
            for subscription in subscriptions:
                if subscription.revision != revisions.get(owner, 0):
                    subscription.wake()

    async def _call(self) -> None:
        """Tell of nobody: this process hears itself, until it looks again, where it can hear others."""
        if self._listener:
            await self._database.fetch(TELL, sender=self._name, owners=[""])

    async def _end(self) -> None:
        await self._shutdown()
        self._ended = True
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.end()


@contextmanager
def _survived() -> Iterator[None]:
    """Whatever fails is made good for by looking later; a task that ended here would leave streams without news."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - see above
        logger.warning("cannot tell or look for changes: %s", type(error).__name__)
