"""Find the changes of other processes: listen for their notifications, and poll for changes without one."""

import asyncio
import logging
from typing import Never

from src.db.database import Database
from src.db.listener import Listener
from src.db.url import DatabaseUrl
from src.services.sync.intervals import Intervals
from src.services.sync.registry import SubscriptionRegistry
from src.services.sync.statements import CHANNEL, NOTIFY_OWNERS, REVISIONS_OF_OWNERS
from src.services.sync.subscription import wait_and_clear

logger = logging.getLogger(__name__)


class Poller:
    """Wakes the subscribers of owners whose tasks another process has changed.

    It polls every `Intervals.poll` seconds while the listener works, else every `poll_without_listener` seconds, and at
    once when the listener has connected.
    """

    def __init__(
        self,
        database: Database,
        listen_url: DatabaseUrl | None,
        process_id: str,
        subscriptions: SubscriptionRegistry,
        intervals: Intervals,
    ) -> None:
        self._database = database
        self._process_id = process_id
        self._subscriptions = subscriptions
        self._intervals = intervals
        self._listener_works = False
        self._poll_now = asyncio.Event()
        self._listener = None
        if listen_url is not None:
            self._listener = Listener(listen_url, CHANNEL, self._on_notification, self._poll_now.set)

    async def run(self) -> None:
        """Listen and poll until cancelled."""
        self._listener_works = False
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._poll_periodically())
            if self._listener:
                tasks.create_task(self._listener.run())

    async def _poll_periodically(self) -> Never:
        while True:
            listener_works, self._listener_works = self._listener_works, False
            await self._poll_and_probe()
            seconds = self._intervals.poll if listener_works else self._intervals.poll_without_listener
            await wait_and_clear(self._poll_now, seconds)

    async def _poll_and_probe(self) -> None:
        try:
            await self._poll()
            await self._probe_listener()
        except Exception as error:  # noqa: BLE001 - the next poll finds the same; without polls streams would miss changes
            logger.warning("cannot poll for changes: %s", type(error).__name__)

    async def _poll(self) -> None:
        rows = await self._database.fetch(REVISIONS_OF_OWNERS, owners=self._subscriptions.owners)
        self._subscriptions.wake_outdated({row["id"]: row["revision"] for row in rows})

    async def _probe_listener(self) -> None:
        """Send this process an empty notification, which a working listener receives before the next poll."""
        if self._listener:
            await self._database.fetch(NOTIFY_OWNERS, sender=self._process_id, owners=[""])

    def _on_notification(self, payload: str) -> None:
        self._listener_works = True
        sender, _, owner = payload.partition(" ")
        if sender != self._process_id:
            self._subscriptions.wake(owner)
