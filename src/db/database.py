"""How SQL runs: a pool of asyncpg connections, and one round trip for an ordinary request.

For readers who know SQLModel: tables and statements are SQLModel as usual. What is missing is the session. A
`Statement` is compiled once and run on a connection from the pool; PostgreSQL commits each one by itself, so that a
call which returned is durable. There are no objects to refresh and nothing is loaded lazily. `transaction()` is for
the few cases in which several statements must stand or fall together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg

from src.db.errors import translated
from src.db.statement import Statement
from src.db.url import DatabaseUrl

type Row = asyncpg.Record

_CONNECT_SECONDS = 5.0
_ACQUIRE_SECONDS = 5.0
_COMMAND_SECONDS = 10.0


class Transaction:
    """Statements that stand or fall together, see `Database.transaction`."""

    def __init__(self, connection: "asyncpg.pool.PoolConnectionProxy[Row]") -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run it and return all rows."""
        return await self._connection.fetch(statement.sql, *statement.arguments(values))

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run it and return the first row, if there is one."""
        return await self._connection.fetchrow(statement.sql, *statement.arguments(values))

    @asynccontextmanager
    async def transaction(self) -> "AsyncIterator[Transaction]":
        """Statements within these that can be taken back by themselves: a savepoint."""
        async with self._connection.transaction():
            yield self


class Database:
    """A bounded pool of connections that are made when they are needed, so that it heals by itself.

    Every method raises `ServiceUnavailable` when the database cannot be reached, has no room, or takes too long.
    """

    def __init__(self, url: DatabaseUrl, *, pool_size: int = 10, prepared_statements: bool = True) -> None:
        self._options = {
            **url.connect_arguments,
            "min_size": 0,
            "max_size": pool_size,
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "statement_cache_size": 100 if prepared_statements else 0,
            "reset": _keep,
        }
        self._pool: asyncpg.Pool[Row]

    async def __aenter__(self) -> Self:
        """Make the pool ready; this does not connect yet."""
        self._pool = await asyncpg.create_pool(**self._options)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections, after those in use have been given back or have had the time to be."""
        try:
            async with asyncio.timeout(_COMMAND_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run it, commit, and return all rows."""
        with translated():
            async with self._acquire() as connection:
                return await connection.fetch(statement.sql, *statement.arguments(values))

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run it, commit, and return the first row, if there is one."""
        with translated():
            async with self._acquire() as connection:
                return await connection.fetchrow(statement.sql, *statement.arguments(values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Several statements that stand or fall together; committed when the block ends without an exception."""
        with translated():
            async with self._acquire() as connection, connection.transaction():
                yield Transaction(connection)

    def _acquire(self) -> "asyncpg.pool.PoolAcquireContext[Row]":
        return self._pool.acquire(timeout=_ACQUIRE_SECONDS)


async def _keep(_: object) -> None:
    """Give a connection back as it is: statements leave no state behind, and a reset would cost a round trip."""
