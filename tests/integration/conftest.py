"""Fixtures: a pooler in front of the database, and databases without tables."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.conftest import NewDatabase
from tests.support.pgbouncer import POOLERS, pgbouncer, through
from tests.support.schema_probe import Migrated

type Pooled = dict[str, str]


@pytest.fixture(params=POOLERS)
def pooled(request: pytest.FixtureRequest, database_url: str) -> Iterator[Pooled]:
    """Return settings to connect through PgBouncer, once without prepared statements and once with them."""
    with pgbouncer(database_url, prepared=request.param) as folder:
        yield {
            "database_url": through(folder, database_url),
            "database_prepared_statements": str(request.param).lower(),
        }


@pytest.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Migrated]:
    """Create a database without tables, and return its URL."""
    url = await new_database(migrated=False)
    connection = await asyncpg.connect(url)
    yield Migrated(url, connection)
    await connection.close()


another_database = database
