"""Start the database that all peers share."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import asyncpg

from src.db.migrations import upgrade
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres

_FEWER_CHECKPOINTS = "ALTER SYSTEM SET max_wal_size = '4GB'"


class Database(NamedTuple):
    """A running PostgreSQL server."""

    url: str
    pid: int
    folder: Path
    """An empty folder that is removed together with the server's files."""

    @property
    def version(self) -> str:
        """Return the version of PostgreSQL."""
        [row] = sql(self.url, "SHOW server_version")
        return str(row[0])


@contextmanager
def database() -> Iterator[Database]:
    """Start an embedded PostgreSQL that syncs every commit to disk, with the project's tables."""
    with TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as server:
        upgrade(DatabaseUrl.parse(server.url))
        sql(server.url, _FEWER_CHECKPOINTS, "SELECT pg_reload_conf()")
        pid = (Path(name) / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
        yield Database(server.url, int(pid), Path(name))


def sql(url: str, *statements: str) -> list[asyncpg.Record]:
    """Execute statements in turn; return the rows of the last one."""
    return asyncio.run(_sql(url, statements))


async def _sql(url: str, statements: Iterable[str]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        rows = []
        for statement in statements:
            rows = await connection.fetch(statement, timeout=None)
        return rows
    finally:
        await connection.close()
