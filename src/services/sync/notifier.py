"""Outgoing notifications: the owners whose tasks this process has changed."""

import asyncio
import logging
from typing import Never

from src.db.database import Database
from src.services.owner import OwnerId
from src.services.sync.intervals import Intervals
from src.services.sync.statements import NOTIFY_OWNERS

logger = logging.getLogger(__name__)


class Notifier:
    """Notifies the other processes of changed owners, in batches and after the commit.

    A NOTIFY inside each write would be simpler, but would serialize all writes, because PostgreSQL lets only one
    transaction of the whole server commit at a time that has a NOTIFY (`PreCommit_Notify` in its `async.c`).
    """

    def __init__(self, database: Database, process_id: str, intervals: Intervals) -> None:
        self._database = database
        self._process_id = process_id
        self._intervals = intervals
        self._unnotified_owners: set[str] = set()
        self._has_owners = asyncio.Event()

    def publish(self, owner: OwnerId) -> None:
        """Queue the owner for the next batch."""
        self._unnotified_owners.add(owner)
        self._has_owners.set()

    async def run(self) -> Never:
        """Send a batch whenever there are owners, until cancelled."""
        while True:
            await self._has_owners.wait()
            self._has_owners.clear()
            await self._send_batch()
            await asyncio.sleep(self._intervals.notify)

    async def _send_batch(self) -> None:
        owners, self._unnotified_owners = self._unnotified_owners, set()
        try:
            await self._database.fetch(NOTIFY_OWNERS, sender=self._process_id, owners=list(owners))
        except Exception as error:  # noqa: BLE001 - the polls of the other processes find the owners of a lost batch
            logger.warning("cannot notify other processes of changes: %s", type(error).__name__)
