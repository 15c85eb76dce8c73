"""The version of the schema: which one the database has, and which ones this code knows.

Alembic is not asked, because importing it takes each process of the API 0.3 s and 7 MB.
"""

from functools import cache
from pathlib import Path

import asyncpg
from sqlalchemy import column, select, table

from src.db.database import Database
from src.db.statement import Statement
from src.db.transaction import Transaction

_FOLDERS = [Path(__file__).parents[2] / "alembic" / "versions"]
_VERSION = Statement(select(column("version_num")).select_from(table("alembic_version")))


def head() -> str:
    """Return the revision that this code needs."""
    return known_revisions()[-1]


async def schema_version(database: Database | Transaction) -> str | None:
    """Read the revision of the database; None before the first migration."""
    try:
        row = await database.fetch_row(_VERSION)
    except asyncpg.UndefinedTableError:
        return None
    return None if row is None else str(row["version_num"])


def is_behind(version: str | None) -> bool:
    """Whether migrations are pending. A revision that this code does not know belongs to a later version."""
    return version is None or version in known_revisions()[:-1]


@cache
def known_revisions() -> list[str]:
    """List the revisions in their order, which are the numbers at the beginning of the files' names."""
    return sorted(file.name.partition("_")[0] for folder in _FOLDERS for file in folder.glob("[0-9]*_*.py"))
