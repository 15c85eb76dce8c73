"""Count the tasks and tags of one owner."""

from datetime import UTC, datetime
from typing import NamedTuple

from src.db.database import Database
from src.services.lists.filters import Clock
from src.services.lists.parameters import due_today
from src.services.overview.statements import COUNT_TAGS, COUNT_TASKS
from src.services.owner import OwnerId
from src.services.settings.service import NamedZone, SettingsService


class TagCounts(NamedTuple):
    """Tags by descending count; `json` is an array of `schemas.overview.TagCount`."""

    json: str
    number: int


class OverviewService:
    """Counts of one owner's tasks. The owner is fixed at construction, so no method can reach another.

    Each call is one statement, or two where the stored time zone is needed. Every method raises `ServiceUnavailable` if
    the database is unavailable.
    """

    def __init__(self, database: Database, owner: OwnerId, zone: NamedZone) -> None:
        self._database = database
        self._owner = owner
        self._zone = zone

    async def stats(self) -> str:
        """Return a `schemas.overview.TaskStats` as JSON; days begin and end in the time zone of the request."""
        zone = self._zone() or (await SettingsService(self._database, self._owner).stored_zone()).name
        values = due_today(Clock(datetime.now(UTC), zone))
        [row] = await self._database.fetch(COUNT_TASKS, owner=self._owner, **values)
        return str(row["json"])

    async def tags(self) -> TagCounts:
        """Count the tags of all tasks that are not in the trash."""
        [row] = await self._database.fetch(COUNT_TAGS, owner=self._owner)
        return TagCounts(*row)
