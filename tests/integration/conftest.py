"""A pooler in front of the database."""

import shutil
from collections.abc import Iterator

import pytest

from tests.pgbouncer import pgbouncer, through


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """The way to the database through PgBouncer."""
    if not shutil.which("pgbouncer"):
        pytest.skip("PgBouncer is not installed")
    with pgbouncer(database_url) as folder:
        yield through(folder, database_url)
