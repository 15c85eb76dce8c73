"""Delta sync.

All writes of one owner serialize on the owner's row, so revisions commit in order: a reader that sees revision N has
every earlier one.
"""

from collections.abc import AsyncIterator
from typing import NamedTuple

from src.db.database import Database
from src.db.pool import Row
from src.errors.client import SyncExpired
from src.errors.server import ServiceUnavailable
from src.schemas.changes import SyncToken
from src.services.owner import OwnerId
from src.services.sync.statements import CHANGES, CURRENT_TOKEN
from src.services.sync.subscription import Subscription
from src.services.tasks.json import task_json

# The maximum number of tasks that a stream with a slow client holds in memory.
_STREAM_PAGE_SIZE = 25
_READ_RETRY_SECONDS = 1

_START = SyncToken(0)


class Change(NamedTuple):
    """The last event of a task; `json` is the `schemas.task.Task` after it, and a tombstone for `erased`."""

    token: SyncToken
    event: str
    json: bytes


class ChangePage(NamedTuple):
    """Changes in the order in which they were committed, and the owner's revision at that time."""

    changes: list[Change]
    next_since: SyncToken
    more: bool
    revision: int


class ChangeService:
    """The changes of one owner. The owner is fixed at construction, so no method can reach another."""

    def __init__(self, database: Database, owner: OwnerId) -> None:
        self._database = database
        self._owner = owner

    async def current_token(self, since: SyncToken | None = None) -> SyncToken:
        """Read the owner's newest sync token by primary key, and check `since` against it.

        Raises:
            SyncExpired: Changes after `since` have been purged.
        """
        row = await self._database.fetch_row(CURRENT_TOKEN, owner=self._owner)
        current = _START if row is None else SyncToken(*row)
        if since is not None:
            _require_not_expired(since, current)
        return current

    async def page(self, since: SyncToken, limit: int) -> ChangePage:
        """Read the first tasks that have changed after `since`, each as it is now, in one statement.

        Raises:
            SyncExpired: Changes after `since` have been purged.
        """
        rows = await self._database.fetch(CHANGES, owner=self._owner, since=since.revision, limit=limit + 1)
        current = SyncToken(rows[0]["owner_revision"], rows[0]["purged_revision"]) if rows else _START
        _require_not_expired(since, current)
        return _page(rows, current, limit)

    async def follow(
        self, since: SyncToken, subscription: Subscription, heartbeat: float
    ) -> AsyncIterator[list[Change]]:
        """Yield pages of changes after `since` as they are committed; an empty one after each `heartbeat` of silence.

        It ends with the subscription. A read that fails because the database is unavailable or busy is repeated after a
        second and an empty page. No change is lost, because the subscription is older than the first read, and a
        wake-up during a read makes the next wait return at once.

        Raises:
            SyncExpired: The reader has been so slow that changes were purged before they were read.
        """
        while not subscription.ended:
            page = await self._page_if_available(since, subscription)
            if page is None:
                await subscription.wait(_READ_RETRY_SECONDS)
                yield []
                continue
            since = page.next_since
            subscription.revision = since.revision
            if page.changes:
                yield page.changes
            while not page.more and not await subscription.wait(heartbeat):
                yield []

    async def _page_if_available(self, since: SyncToken, subscription: Subscription) -> ChangePage | None:
        try:
            async with subscription.read_slot():
                return await self.page(since, _STREAM_PAGE_SIZE)
        except (ServiceUnavailable, TimeoutError):
            return None


def _require_not_expired(since: SyncToken, current: SyncToken) -> None:
    """Raise if a deletion after `since` was purged, or if `since` is ahead of a database that was restored."""
    is_complete = since.revision == 0 or since.revision >= current.purged or since.purged == current.purged
    if not is_complete or since.revision > current.revision:
        raise SyncExpired


def _page(rows: list[Row], current: SyncToken, limit: int) -> ChangePage:
    changes = [
        Change(SyncToken(row["revision"], current.purged), row["last_event"], task_json(row))
        for row in rows
        if row["revision"] is not None
    ]
    page, more = changes[:limit], len(changes) > limit
    return ChangePage(page, page[-1].token if more else current, more, current.revision)
