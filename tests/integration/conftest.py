"""A pooler in front of the database, and databases without any table."""

import shutil
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.conftest import NewDatabase
from tests.integration.migrated import Migrated
from tests.pgbouncer import pgbouncer, through


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """The way to the database through PgBouncer."""
    if not shutil.which("pgbouncer"):
        pytest.skip("PgBouncer is not installed")
    with pgbouncer(database_url) as folder:
        yield through(folder, database_url)


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Migrated]:
    """A database without any table."""
    url = await new_database(migrated=False)
    connection = await asyncpg.connect(url)
    yield Migrated(url, connection)
    await connection.close()


another_database = database
