"""The pool of connections to PostgreSQL: lending, queueing, expiry and shutdown."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import literal_column, select

from src.app import create_app
from src.config import load_settings
from src.db import pool as pool_module
from src.db.connect import connect
from src.db.database import Database, PoolStats
from src.db.pool import Connection, ConnectionPool
from src.db.statement import Statement
from src.db.url import DatabaseUrl
from src.errors.client import TaskNotFound
from src.errors.server import ServiceUnavailable
from tests.conftest import Connection as SqlConnection
from tests.conftest import StartApp, client
from tests.support.lock_helpers import reached
from tests.support.tokens import SECRET

_ONE = Statement(select(literal_column("1")))
_SESSION = Statement(
    select(literal_column("pg_backend_pid()"), literal_column("pg_current_xact_id_if_assigned()::text"))
)
_SETTINGS = {"_env_file": None, "environment": "test", "better_auth_secret": SECRET}


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[ConnectionPool]:
    pool = ConnectionPool(partial(connect, dsn=database_url), max_size=2)
    yield pool
    await pool.aclose()


async def _pid(connection: Connection) -> int:
    return int(await connection.fetchval("SELECT pg_backend_pid()"))


async def test_the_connection_used_last_is_lent_next(pool: ConnectionPool) -> None:
    first, second = await pool.acquire(), await pool.acquire()
    pool.release(first)
    pool.release(second)
    assert await pool.acquire() is second
    assert (pool.idle, pool.used) == (1, 1)
    pool.release(second)


async def test_when_all_are_lent_the_first_in_the_queue_gets_the_next(pool: ConnectionPool) -> None:
    lent = [await pool.acquire(), await pool.acquire()]
    order: list[str] = []

    async def borrow(name: str) -> None:
        connection = await pool.acquire()
        order.append(name)
        pool.release(connection)

    waiting = [asyncio.create_task(borrow(name)) for name in ("first", "second", "third")]
    await asyncio.sleep(0)
    assert order == []
    waiting[0].cancel()
    for connection in lent:
        pool.release(connection)
    await asyncio.gather(*waiting, return_exceptions=True)
    assert order == ["second", "third"]
    assert (pool.idle, pool.used) == (2, 0)


async def test_a_connection_that_was_closed_is_replaced(pool: ConnectionPool) -> None:
    idle, used = await pool.acquire(), await pool.acquire()
    pool.release(idle)
    idle.terminate()
    used.terminate()
    pool.release(used)
    connection = await pool.acquire()
    assert connection not in {idle, used}
    assert await connection.fetchval("SELECT 1") == 1
    pool.release(connection)


async def test_expired_connections_are_not_lent_again(pool: ConnectionPool) -> None:
    used, idle = await pool.acquire(), await pool.acquire()
    pool.release(idle)
    pool.expire(used)
    pool.release(used)
    pool.expire(used)  # once
    assert pool.idle == 0
    connection = await pool.acquire()
    assert await _pid(connection) > 0
    assert connection not in {idle, used}
    pool.release(connection)


@pytest.mark.req("DB-FR-017")
async def test_connections_without_use_are_closed(pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(pool_module, "_MAX_IDLE_SECONDS", 0.05)
    connection = await pool.acquire()
    pool.release(connection)
    assert pool.idle == 1
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _: closed.set())
    async with asyncio.timeout(5):
        await closed.wait()
    assert pool.idle == 0


async def test_a_failure_to_connect_gives_the_permit_back() -> None:
    async def refuse(_: object) -> Connection:
        raise ConnectionRefusedError

    pool = ConnectionPool(refuse, max_size=1)
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire()
    assert pool.used == 0
    with pytest.raises(ConnectionRefusedError):
        await pool.warm_up(1)
    assert (pool.idle, pool.used) == (0, 0)


async def test_warming_up_opens_connections_ahead(pool: ConnectionPool) -> None:
    await pool.warm_up(2)
    assert (pool.idle, pool.used) == (2, 0)


async def test_closing_waits_for_lent_connections_and_then_lends_no_more(database_url: str) -> None:
    pool = ConnectionPool(partial(connect, dsn=database_url), max_size=2)
    connection = await pool.acquire()
    closing = asyncio.create_task(pool.aclose())
    await asyncio.sleep(0.01)
    assert not closing.done()
    pool.release(connection)
    await closing
    assert connection.is_closed()
    with pytest.raises(asyncpg.InterfaceError):
        await pool.acquire()


async def test_terminating_drops_lent_and_idle_connections(database_url: str) -> None:
    pool = ConnectionPool(partial(connect, dsn=database_url), max_size=2)
    lent, idle = await pool.acquire(), await pool.acquire()
    pool.release(idle)
    pool.terminate()
    assert lent.is_closed()
    assert idle.is_closed()


@pytest.fixture
async def crowded(sql: SqlConnection, database_url: str) -> AsyncIterator[DatabaseUrl]:
    """The URL of a role that may have three connections."""
    role = f"crowded_{uuid4().hex}"
    await sql.execute(f"CREATE ROLE {role} LOGIN CONNECTION LIMIT 3")
    parts = urlsplit(database_url)
    yield DatabaseUrl.parse(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}").geturl())
    await sql.execute(f"DROP ROLE {role}")


@pytest.mark.req("DB-FR-016")
async def test_a_server_that_accepts_fewer_connections_serves_through_those(crowded: DatabaseUrl) -> None:
    async with Database(crowded, pool_size=40) as database:
        warming = asyncio.create_task(database.warm_up())
        async with asyncio.timeout(3):
            await asyncio.gather(*(database.fetch(_ONE) for _ in range(8)))
        warming.cancel()
        await asyncio.wait([warming])
        assert database.pool_stats.used == 0
        assert 1 <= database.pool_stats.idle <= 3


async def _refuse(database: Database) -> None:
    async with database.transaction("owner"):
        raise TaskNotFound


async def _fail(database: Database) -> None:
    await database.fetch(Statement(select(literal_column("1 / 0"))))


async def _fail_in_a_transaction(database: Database) -> None:
    async with database.transaction("owner") as transaction:
        await transaction.fetch(Statement(select(literal_column("1 / 0"))))


async def _cancel(database: Database) -> None:
    async with asyncio.timeout(0.1):
        await database.fetch(Statement(select(literal_column("pg_sleep(60)"))))


async def _cancel_in_a_transaction(database: Database) -> None:
    async with asyncio.timeout(0.1), database.transaction("owner") as transaction:
        await transaction.fetch(Statement(select(literal_column("pg_sleep(60)"))))


@pytest.mark.parametrize("interrupted", [_refuse, _fail, _fail_in_a_transaction, _cancel, _cancel_in_a_transaction])
async def test_a_connection_survives_an_error(
    database_url: str, interrupted: Callable[[Database], Awaitable[None]]
) -> None:
    async with Database(DatabaseUrl.parse(database_url), pool_size=1) as database:
        [before] = await database.fetch(_SESSION)
        for _ in range(3):
            with pytest.raises((TaskNotFound, asyncpg.DivisionByZeroError, ServiceUnavailable, TimeoutError)):
                await interrupted(database)
            [after] = await database.fetch(_SESSION)
            assert after == before


@pytest.mark.req("DB-FR-016")
async def test_starting_opens_connections_in_the_background(start_app: StartApp) -> None:
    database = (await start_app()).state.components.database
    await reached(lambda: database.pool_stats.idle == 4)
    assert database.pool_stats == PoolStats(idle=4, used=0, max_size=10, waiting=0)


@pytest.mark.req("DB-FR-016")
async def test_starting_and_stopping_do_not_wait_for_a_database_that_is_unavailable() -> None:
    app = create_app(load_settings(**_SETTINGS, database_url="postgresql://user:password@127.0.0.1:1/none"))
    began = time.monotonic()
    async with app.router.lifespan_context(app):
        assert (await client(app).get("/health")).status_code == 200
    assert time.monotonic() - began < 1
