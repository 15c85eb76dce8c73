"""The readiness check: whether the database can serve requests."""

from src.db.database import Database
from src.db.schema_version import is_behind, schema_version
from src.db.transaction import Transaction
from src.errors.server import ServiceUnavailable


async def check_readiness(database: Database | Transaction) -> None:
    """Check that the database responds and that its schema is not older than this code needs.

    Nothing is cached, because a result is outdated a moment later.

    Raises:
        ServiceUnavailable: One of the two checks failed; `detail` says which.
    """
    if is_behind(await schema_version(database)):
        raise ServiceUnavailable("The database schema is older than this version needs; run 'python -m src migrate'.")
