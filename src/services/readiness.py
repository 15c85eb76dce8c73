"""Whether requests can be served."""

from sqlalchemy import column, select, table

from src.db.database import Database
from src.db.migrations import head
from src.db.statement import Statement
from src.errors import ServiceUnavailable

SCHEMA_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))


class Readiness:
    """Asks the database each time: what was true a moment ago says nothing about now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Return when the database answers and its schema is the one this code needs.

        Raises:
            ServiceUnavailable: One of them is not so; `detail` says which.
        """
        row = await self._database.fetch_row(SCHEMA_VERSION)
        if row is None or row["version_num"] != head():
            raise ServiceUnavailable("The database schema is not the one this version needs; run the migrations.")
