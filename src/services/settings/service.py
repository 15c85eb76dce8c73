"""Read and store the settings of one owner."""

from collections.abc import Callable
from typing import NamedTuple

from src.db.database import Database
from src.db.transaction import Transaction
from src.schemas.settings import UserSettings
from src.services.owner import OwnerId
from src.services.settings.statements import CLEAR_TIME_ZONE, READ_SETTINGS, STORE_TIME_ZONE

type NamedZone = Callable[[], str | None]
"""Reads the time zone that a request names, None if it names none; it is called only if the result depends on it."""


class StoredZone(NamedTuple):
    """The time zone that an owner has stored, and the owner's revision at the time of the read."""

    name: str | None
    revision: int


class SettingsService:
    """The settings of one owner. The owner is fixed at construction, so no method can reach another.

    Every method raises `ServiceUnavailable` if the database is unavailable.
    """

    def __init__(self, database: Database | Transaction, owner: OwnerId) -> None:
        self._database = database
        self._owner = owner

    async def settings(self) -> UserSettings:
        """Return the settings; an unknown owner has none."""
        return UserSettings.model_construct(time_zone=(await self.stored_zone()).name)

    async def stored_zone(self) -> StoredZone:
        """Return the stored time zone. This is one read by primary key."""
        row = await self._database.fetch_row(READ_SETTINGS, owner=self._owner)
        return StoredZone(None, 0) if row is None else StoredZone(row["time_zone"], row["revision"])

    async def replace(self, settings: UserSettings) -> None:
        """Store the settings. If they differ from the stored ones, this takes a revision."""
        if settings.time_zone is None:
            await self._database.fetch(CLEAR_TIME_ZONE, owner=self._owner)
        else:
            await self._database.fetch(STORE_TIME_ZONE, owner=self._owner, time_zone=settings.time_zone)
