"""Check readiness: the database is available and its schema is current."""

from src.db.database import Database
from src.db.migrations import is_behind, schema_version
from src.errors import ServiceUnavailable


class Readiness:
    """Readiness check. It queries the database each time, because an earlier result says nothing about now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Return if the database is available and its schema is at least the version that this code needs.

        Raises:
            ServiceUnavailable: The database is unavailable or its schema is older; `detail` says which.
        """
        if is_behind(await schema_version(self._database)):
            raise ServiceUnavailable(
                "The database schema is older than this version needs; run 'python -m src migrate'."
            )
