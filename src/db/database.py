"""Run SQL on a pool of asyncpg connections, with one round trip for an ordinary request.

For readers who know SQLModel: tables and statements are SQLModel as usual, but there is no session. A `Statement` is
compiled once and run on a connection from the pool. PostgreSQL commits each statement by itself, so that a call which
returned is durable. There are no objects to refresh and no lazy loading. `transaction()` is for the few cases in which
several statements must be atomic.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple, Self

from asyncpg.connection import LoggedQuery

from src.db.admission import AdmissionControl
from src.db.connect import connect
from src.db.errors import describe, is_connection_lost, is_rolled_back, is_statement_lost, translate_errors
from src.db.pool import Connection, ConnectionPool, Row
from src.db.statement import Statement
from src.db.transaction import Transaction, commit, first_or_none
from src.db.url import DatabaseUrl
from src.errors.base import AppError

logger = logging.getLogger(__name__)

type OnQuery = Callable[[LoggedQuery], None]

_CALL_TIMEOUT_SECONDS = 4.0
_CONNECT_TIMEOUT_SECONDS = 2.0
_CANCEL_TIMEOUT_SECONDS = 1.0
_WARM_CONNECTIONS = 4


class PoolStats(NamedTuple):
    """The numbers of idle and used connections of a pool, and of calls that wait for one."""

    idle: int
    used: int
    max_size: int
    waiting: int


class Database:
    """Runs statements and transactions on a bounded pool of connections, which recovers from outages by itself.

    Every method raises `ServiceUnavailable` when the database is unreachable, the queue is full, or the call takes
    longer than four seconds in total. A statement that may have been committed is never retried.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        pool_size: int = 10,
        prepared_statements: bool = True,
        on_query: OnQuery | None = None,
    ) -> None:
        self._options = url.connect_arguments | {
            "timeout": _CONNECT_TIMEOUT_SECONDS,
            "statement_cache_size": 100 if prepared_statements else 0,
            "max_cached_statement_lifetime": 0,  # a new statement is planned five times before its plan is kept
        }
        self._on_query = on_query
        self._pool = ConnectionPool(self._open_connection, pool_size)
        self._admission = AdmissionControl(pool_size)
        self._cleanup_tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Open no connection yet; the first call does, or `warm_up`."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections gracefully; terminate those that are still in use after the timeout."""
        try:
            async with asyncio.timeout(_CALL_TIMEOUT_SECONDS + _CANCEL_TIMEOUT_SECONDS):
                await self._pool.aclose()
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run the statement, commit, and return all rows; `owner`, if it is a bind value, selects the queue."""
        arguments = statement.arguments(values)
        with translate_errors:
            async with asyncio.timeout(_CALL_TIMEOUT_SECONDS), self._admission.queue(values.get("owner")):
                return await _retry_once(self._fetch, statement.sql, arguments, is_read_only=statement.is_read_only)

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run the statement, commit, and return the first row, if there is one."""
        return first_or_none(await self.fetch(statement, **values))

    @asynccontextmanager
    async def transaction(self, owner: str) -> AsyncIterator[Transaction]:
        """Open a transaction; commit when the block ends without an exception, else roll back.

        It waits in the owner's queue. The block's own work counts toward the four seconds, too.
        """
        with translate_errors:
            async with (
                asyncio.timeout(_CALL_TIMEOUT_SECONDS),
                self._admission.queue(owner),
                self._admission.transaction_permits,
            ):
                connection = await _retry_once(self._begin, is_read_only=True)
                try:
                    yield Transaction(connection)
                    await commit(connection)
                except BaseException as error:
                    await self._discard(connection, error)
                    raise
                self._pool.release(connection)

    @property
    def pool_stats(self) -> PoolStats:
        """The current load of the pool."""
        pool = self._pool
        return PoolStats(pool.idle, pool.used, pool.max_size, max(0, self._admission.in_flight - pool.used))

    async def warm_up(self) -> None:
        """Open a few connections, so that the first requests do not wait for them; give up after four seconds.

        Whether it succeeds or not, requests connect when they need to. `connect` has logged what it retries.
        """
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CALL_TIMEOUT_SECONDS):
                    await self._pool.warm_up(min(_WARM_CONNECTIONS, self._pool.max_size))
        except Exception as error:  # noqa: BLE001 - whatever it is, requests meet it again and are refused
            logger.warning("cannot connect to the database: %s", describe(error))

    async def _open_connection(self, alternative: Callable[[], Connection | None]) -> Connection:
        connection = await connect(alternative, **self._options)
        if self._on_query is not None:
            connection.add_query_logger(self._on_query)
        return connection

    async def _fetch(self, sql: str, arguments: list[Any]) -> list[Row]:
        connection = await self._pool.acquire()
        try:
            rows = await connection.fetch(sql, *arguments)
        except BaseException as error:
            await self._discard(connection, error)
            raise
        self._pool.release(connection)
        return rows

    async def _begin(self) -> Connection:
        connection = await self._pool.acquire()
        try:
            await connection.execute("BEGIN")
        except BaseException as error:
            await self._discard(connection, error)
            raise
        return connection

    async def _discard(self, connection: Connection, error: BaseException) -> None:
        """Roll back and release the connection in a background task.

        For an `AppError` wait for it, so that locks are released before the client gets its 4xx.
        """
        if is_connection_lost(error):
            self._pool.expire(connection)  # connections of the same age are probably lost as well
        if is_statement_lost(error):
            self._stop_preparing(connection, error)
        task = asyncio.create_task(self._rollback_and_release(connection))
        self._cleanup_tasks.add(task)
        task.add_done_callback(self._cleanup_tasks.discard)
        if isinstance(error, AppError):
            await asyncio.wait([task])

    def _stop_preparing(self, connection: Connection, error: BaseException) -> None:
        """Use no prepared statements from now on, because a pooler in transaction mode loses them (ADR 0055)."""
        if self._options["statement_cache_size"]:
            self._options["statement_cache_size"] = 0
            logger.warning(
                "disabled prepared statements, because the server has lost one: is DATABASE_URL a pooler? (%s)",
                describe(error),
            )
        self._pool.expire(connection)

    async def _rollback_and_release(self, connection: Connection) -> None:
        """Wait until the server has rolled back; terminate the connection if it does not respond in time."""
        try:
            if not connection.is_closed():
                async with asyncio.timeout(_CANCEL_TIMEOUT_SECONDS):
                    if not connection.is_in_transaction():
                        await connection.execute("SELECT")  # waits until a cancelled statement has ended
                    if connection.is_in_transaction():
                        await connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001 - whatever it is, the connection may be in a transaction
            self._pool.expire(connection)
            connection.terminate()
        finally:
            self._pool.release(connection)


async def _retry_once[*A, T](attempt: Callable[[*A], Awaitable[T]], *arguments: *A, is_read_only: bool) -> T:
    """Retry once after a deadlock or another rollback, and after a lost connection if the attempt writes nothing."""
    try:
        return await attempt(*arguments)
    except Exception as error:
        if not (is_rolled_back(error) or (is_read_only and is_connection_lost(error))):
            raise
    return await attempt(*arguments)
