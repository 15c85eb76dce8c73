"""How SQL runs: a pool of asyncpg connections, and one round trip for an ordinary request.

For readers who know SQLModel: tables and statements are SQLModel as usual. What is missing is the session. A
`Statement` is compiled once and run on a connection from the pool; PostgreSQL commits each one by itself, so that a
call which returned is durable. There are no objects to refresh and nothing is loaded lazily. `transaction()` is for
the few cases in which several statements must stand or fall together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Self

import asyncpg
from asyncpg.connection import LoggedQuery

from src.db.errors import translated
from src.db.statement import Statement
from src.db.url import DatabaseUrl

type Row = asyncpg.Record

_CONNECT_SECONDS = 5.0
_ACQUIRE_SECONDS = 5.0
_COMMAND_SECONDS = 10.0


class Connections(NamedTuple):
    """What a pool's connections do, and how many calls wait for one."""

    idle: int
    used: int
    most: int
    waiting: int


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


class _Queue:
    """How many calls wait for a connection."""

    waiting = 0


class _Turn:
    """A connection of the pool as long as the context lasts, counted while it is waited for."""

    def __init__(self, context: "asyncpg.pool.PoolAcquireContext[Row]", queue: _Queue) -> None:
        self._context, self._queue = context, queue

    async def __aenter__(self) -> "asyncpg.pool.PoolConnectionProxy[Row]":
        self._queue.waiting += 1
        try:
            return await self._context.__aenter__()
        finally:
            self._queue.waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        await self._context.__aexit__()


class Database:
    """A bounded pool of connections that are made when they are needed, so that it heals by itself.

    Every method raises `ServiceUnavailable` when the database cannot be reached, has no room, or takes too long.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        pool_size: int = 10,
        prepared_statements: bool = True,
        on_query: Callable[[LoggedQuery], None] | None = None,
    ) -> None:
        self._options = {
            **url.connect_arguments,
            "min_size": 0,
            "max_size": pool_size,
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _COMMAND_SECONDS,
            "statement_cache_size": 100 if prepared_statements else 0,
            "reset": _keep,
            "init": None if on_query is None else _telling(on_query),
        }
        self._queue = None if on_query is None else _Queue()  # counting costs, so only for who looks
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

    @property
    def connections(self) -> Connections:
        """How busy the pool is at this moment; who waits is counted with `on_query` only."""
        size, idle = self._pool.get_size(), self._pool.get_idle_size()
        return Connections(
            idle, size - idle, self._pool.get_max_size(), 0 if self._queue is None else self._queue.waiting
        )

    def _acquire(self) -> "asyncpg.pool.PoolAcquireContext[Row] | _Turn":
        context = self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        return context if self._queue is None else _Turn(context, self._queue)


async def _keep(_: object) -> None:
    """Give a connection back as it is: statements leave no state behind, and a reset would cost a round trip."""


def _telling(on_query: Callable[[LoggedQuery], None]) -> "Callable[[asyncpg.Connection[Row]], Awaitable[None]]":
    async def init(connection: "asyncpg.Connection[Row]") -> None:
        connection.add_query_logger(on_query)

    return init
