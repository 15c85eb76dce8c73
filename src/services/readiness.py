"""Whether requests can be served."""

from src.db.database import Database
from src.db.migrations import is_behind, schema_version
from src.errors import ServiceUnavailable


class Readiness:
    """Asks the database each time: what was true a moment ago says nothing about now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def check(self) -> None:
        """Return when the database answers and its schema has all that this code needs; it may be newer.

        Raises:
            ServiceUnavailable: One of them is not so; `detail` says which.
        """
        if is_behind(await schema_version(self._database)):
            raise ServiceUnavailable(
                "The database schema is older than this version needs; run 'python -m src migrate'."
            )
