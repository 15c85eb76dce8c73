"""What has changed in an owner's tasks, without gaps: a revision that can be seen has all earlier ones beside it."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from src.db.database import Database
from src.db.pool import Row
from src.errors import AppError, ServiceUnavailable
from src.schemas.changes import Since
from src.services.change_statements import CHANGES, POSITION
from src.services.owner import OwnerId
from src.services.subscription import Subscription

# What a reader that is slow keeps in memory: at most so many tasks.
_FOLLOWED_AT_ONCE = 25

_NOTHING = Since(0)


class SyncExpired(AppError):
    """What was deleted since then has been purged, or the database does not know of it."""

    status = 410
    slug = "sync-expired"
    title = "Gone"
    detail = "What has changed since then is not known any more; forget what you have and load everything again."


class Change(NamedTuple):
    """The last thing that happened to a task; `json` is the `schemas.task.Task` that it has become."""

    since: Since
    event: str
    json: str


class ChangePage(NamedTuple):
    """Changes in the order in which they were committed, and the owner's revision at that moment."""

    changes: list[Change]
    next_since: Since
    more: bool
    revision: int


class ChangeService:
    """The changes of one owner. It is built with the owner, and no method can leave it."""

    def __init__(self, database: Database, owner: OwnerId) -> None:
        self._database = database
        self._owner = owner

    async def now(self, since: Since | None = None) -> Since:
        """How far the owner is: one read by primary key.

        Raises:
            SyncExpired: What came after `since` is not known any more.
        """
        row = await self._database.fetch_row(POSITION, owner=self._owner)
        now = _NOTHING if row is None else Since(*row)
        if since is not None:
            _require_known(since, now)
        return now

    async def page(self, since: Since, limit: int) -> ChangePage:
        """The first tasks that have changed after `since`, each as it is now: one statement.

        Raises:
            SyncExpired: What came after `since` is not known any more.
        """
        rows = await self._database.fetch(CHANGES, owner=self._owner, since=since.revision, rows=limit + 1)
        now = Since(rows[0]["revision"], rows[0]["purged_revision"]) if rows else _NOTHING
        _require_known(since, now)
        return _page(rows, now, limit)

    async def follow(self, since: Since, news: Subscription, heartbeat: float) -> AsyncIterator[list[Change]]:
        """What changes after `since`, as it happens, in pages; an empty one every `heartbeat` seconds of silence.

        Ends with the subscription. A database that is out of reach is waited for.

        Raises:
            SyncExpired: The reader has been so slow that what comes next is not known any more.
        """
        while not news.ended:
            page = await self._page_if_reachable(since, news)
            since = page.next_since
            news.revision = since.revision
            if page.changes:
                yield page.changes
            while not page.more and not await news.arrive(heartbeat):
                yield []

    async def _page_if_reachable(self, since: Since, news: Subscription) -> ChangePage:
        try:
            async with news.turn():
                return await self.page(since, _FOLLOWED_AT_ONCE)
        except (ServiceUnavailable, TimeoutError):
            return ChangePage([], since, more=False, revision=0)


def _require_known(since: Since, now: Since) -> None:
    """Nothing has been purged that the client may have. A database that was restored may even be behind it."""
    known = since.revision == 0 or since.revision >= now.purged or since.purged == now.purged
    if not known or since.revision > now.revision:
        raise SyncExpired


def _page(rows: list[Row], now: Since, limit: int) -> ChangePage:
    changes = [Change(Since(row["at"], now.purged), row["event"], row["json"]) for row in rows if row["at"] is not None]
    page, more = changes[:limit], len(changes) > limit
    return ChangePage(page, page[-1].since if more else now, more, now.revision)
