"""The pool of connections to PostgreSQL: lending, queueing, expiry and shutdown."""

import asyncio
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from src.db import pool as pool_module
from src.db.connect import connect
from src.db.database import Database, PoolStats
from src.db.pool import Connection, ConnectionPool
from src.db.url import DatabaseUrl
from tests.support.lock_helpers import reached


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
    pool.expire()
    pool.release(used)
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
    async def refuse() -> Connection:
        raise ConnectionRefusedError

    pool = ConnectionPool(refuse, max_size=1)
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            await pool.acquire()
    assert pool.used == 0
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


@pytest.mark.req("DB-FR-016")
async def test_starting_opens_connections_in_the_background(database_url: str) -> None:
    async with Database(DatabaseUrl.parse(database_url)) as database:
        await reached(lambda: database.pool_stats.idle == 4)
        assert database.pool_stats == PoolStats(idle=4, used=0, max_size=10, waiting=0)


@pytest.mark.req("DB-FR-016")
async def test_starting_does_not_wait_for_a_database_that_is_unavailable() -> None:
    began = time.monotonic()
    async with Database(DatabaseUrl.parse("postgresql://user:password@127.0.0.1:1/none")) as database:
        assert time.monotonic() - began < 1
        assert database.pool_stats.idle == 0
