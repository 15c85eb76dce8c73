"""Locks in PostgreSQL, and sessions that wait for them, to make concurrency deterministic."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from tests.support.programs import eventually, sql

_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def uncommitted(url: str, statement: str) -> AsyncIterator[None]:
    """Hold the locks of a statement until the end of the block, where it is rolled back."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"BEGIN; {statement}")
        yield
    finally:
        await connection.close()


def connected(url: str) -> int:
    """Return the number of other sessions of this database."""
    count: int = sql(url, _CONNECTED)
    return count


def waiting(url: str) -> int:
    """Return the number of sessions of this database that wait for a lock."""
    count: int = sql(url, _WAITING)
    return count


async def reached(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition as `eventually` does, but longer and in a thread."""
    await asyncio.to_thread(eventually, condition, seconds)
