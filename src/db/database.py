"""How SQL runs: a pool of asyncpg connections, and one round trip for an ordinary request.

For readers who know SQLModel: tables and statements are SQLModel as usual. What is missing is the session. A
`Statement` is compiled once and run on a connection from the pool; PostgreSQL commits each one by itself, so that a
call which returned is durable. There are no objects to refresh and nothing is loaded lazily. `transaction()` is for
the few cases in which several statements must stand or fall together.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, Self

import asyncpg
from asyncpg.connection import LoggedQuery

from src.db.admission import Admission
from src.db.connecting import Session, connect
from src.db.errors import is_connection_lost, is_rolled_back, translated
from src.db.statement import Statement
from src.db.transaction import Connection, Row, Transaction, commit, first
from src.db.url import DatabaseUrl
from src.errors import AppError

type OnQuery = Callable[[LoggedQuery], None]

_SECONDS = 4.0
_CONNECT_SECONDS = 2.0
_CANCEL_SECONDS = 1.0
_IDLE_SECONDS = 120.0  # load balancers forget connections after four minutes and say nothing


class Connections(NamedTuple):
    """What a pool's connections do, and how many calls wait for one."""

    idle: int
    used: int
    most: int
    waiting: int


class Database:
    """A bounded pool of connections that are made when they are needed, so that it heals by itself.

    Every method raises `ServiceUnavailable` when the database cannot be reached, has no room, or takes longer than
    four seconds in all. Nothing is done a second time that may have been committed.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        pool_size: int = 10,
        prepared_statements: bool = True,
        on_query: OnQuery | None = None,
    ) -> None:
        self._options = {
            **url.connect_arguments,
            "connect": connect,
            "min_size": 0,
            "max_size": pool_size,
            "connection_class": Session,
            "max_inactive_connection_lifetime": _IDLE_SECONDS,
            "timeout": _CONNECT_SECONDS,
            "statement_cache_size": 100 if prepared_statements else 0,
            "reset": _keep,
            "server_settings": {"timezone": "UTC"},  # in which PostgreSQL writes times into JSON
            "init": None if on_query is None else _telling(on_query),
        }
        self._admission = Admission(pool_size)
        self._returns: set[asyncio.Task[None]] = set()
        self._pool: asyncpg.Pool[Row]

    async def __aenter__(self) -> Self:
        """Make the pool ready; this does not connect yet."""
        self._pool = await asyncpg.create_pool(**self._options)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections, after those in use have been given back or have had the time to be."""
        try:
            async with asyncio.timeout(_SECONDS + _CANCEL_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run it, commit, and return all rows. The value of `owner`, if there is one, says whose share it takes."""
        arguments = statement.arguments(values)
        with translated:
            async with asyncio.timeout(_SECONDS), self._admission.line(values.get("owner")):
                return await _twice(self._fetch, statement.sql, arguments, harmless=statement.only_reads)

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run it, commit, and return the first row, if there is one."""
        return first(await self.fetch(statement, **values))

    @asynccontextmanager
    async def transaction(self, owner: str) -> AsyncIterator[Transaction]:
        """Several statements that stand or fall together; committed when the block ends without an exception.

        They take the owner's share. What happens in the block counts for the four seconds, too.
        """
        with translated:
            async with asyncio.timeout(_SECONDS), self._admission.line(owner), self._admission.transactions:
                connection = await _twice(self._begin, harmless=True)
                try:
                    yield Transaction(connection)
                    await commit(connection)
                except BaseException as error:
                    await self._abandon(connection, error)
                    raise
                await self._pool.release(connection)

    @property
    def connections(self) -> Connections:
        """How busy the pool is at this moment."""
        size, idle = self._pool.get_size(), self._pool.get_idle_size()
        waiting = max(0, self._admission.inside - (size - idle))
        return Connections(idle, size - idle, self._pool.get_max_size(), waiting)

    async def _fetch(self, sql: str, arguments: list[Any]) -> list[Row]:
        connection = await self._pool.acquire()
        try:
            rows = await connection.fetch(sql, *arguments)
        except BaseException as error:
            await self._abandon(connection, error)
            raise
        await self._pool.release(connection)
        return rows

    async def _begin(self) -> Connection:
        connection = await self._pool.acquire()
        try:
            await connection.execute("BEGIN")
        except BaseException as error:
            await self._abandon(connection, error)
            raise
        return connection

    async def _abandon(self, connection: Connection, error: BaseException) -> None:
        """Give it back. Only a refusal waits for that: when the client learns of it, what was locked is free."""
        if is_connection_lost(error):
            await self._pool.expire_connections()  # what is as old is likely to be as dead
        task = asyncio.create_task(self._take_back(connection))
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)
        if isinstance(error, AppError):
            await asyncio.wait([task])

    async def _take_back(self, connection: Connection) -> None:
        """See that the server has ended its work; one that does not say so in time cannot be reached any more."""
        try:
            with suppress(asyncpg.InterfaceError):  # it is closed
                if connection.is_in_transaction():
                    await connection.execute("ROLLBACK", timeout=_CANCEL_SECONDS)
            await self._pool.release(connection, timeout=_CANCEL_SECONDS)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._pool.expire_connections()
            with suppress(asyncpg.InterfaceError):  # it is closed
                connection.terminate()


async def _twice[*A, T](attempt: Callable[[*A], Awaitable[T]], *arguments: *A, harmless: bool) -> T:
    """Attempt it again where nothing can have been committed, or nothing was to be."""
    try:
        return await attempt(*arguments)
    except Exception as error:
        if not (is_rolled_back(error) or (harmless and is_connection_lost(error))):
            raise
    return await attempt(*arguments)


async def _keep(_: object) -> None:
    """Give a connection back as it is: statements leave no state behind, and a reset would cost a round trip."""


def _telling(on_query: OnQuery) -> "Callable[[asyncpg.Connection[Row]], Awaitable[None]]":
    async def init(connection: "asyncpg.Connection[Row]") -> None:
        connection.add_query_logger(on_query)

    return init
