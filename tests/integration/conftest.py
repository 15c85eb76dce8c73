"""A pooler in front of the database."""

from collections.abc import Iterator

import pytest

from tests.pgbouncer import POOLERS, pgbouncer, through

type Pooled = dict[str, str]


@pytest.fixture(params=POOLERS)
def pooled(request: pytest.FixtureRequest, database_url: str) -> Iterator[Pooled]:
    """Settings for the way through PgBouncer, once without prepared statements and once with them."""
    with pgbouncer(database_url, prepared=request.param) as folder:
        yield {
            "database_url": through(folder, database_url),
            "database_prepared_statements": str(request.param).lower(),
        }
