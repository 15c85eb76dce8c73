"""What an owner has, counted."""

from datetime import UTC, datetime
from typing import NamedTuple

from src.db.database import Database
from src.services.list_parameters import due_today
from src.services.overview_statements import COUNT_TAGS, COUNT_TASKS
from src.services.owner import OwnerId


class TagCounts(NamedTuple):
    """The tags, the most used first: `json` is an array of `schemas.overview.TagCount`."""

    json: str
    number: int


class OverviewService:
    """What one owner has, counted. It is built with the owner, and no method can leave it.

    Each call is one statement. `ServiceUnavailable` where the database is out of reach.
    """

    def __init__(self, database: Database, owner: OwnerId) -> None:
        self._database = database
        self._owner = owner

    async def stats(self, zone: str) -> str:
        """A `schemas.overview.TaskStats` as JSON; days begin and end as they do in the time zone."""
        values = due_today(datetime.now(UTC), zone)
        [row] = await self._database.fetch(COUNT_TASKS, owner=self._owner, **values)
        return str(row["json"])

    async def tags(self) -> TagCounts:
        """The tags of all tasks that are not in the trash."""
        [row] = await self._database.fetch(COUNT_TAGS, owner=self._owner)
        return TagCounts(*row)
