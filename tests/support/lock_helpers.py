"""Others who wait for a lock, so that what happens at once happens at once in every run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from tests.integration.development.embedded.programs import eventually, sql

_CONNECTED = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@asynccontextmanager
async def uncommitted(url: str, statement: str) -> AsyncIterator[None]:
    """Whoever needs what the statement has locked waits until the end of the block, where it is taken back."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(f"BEGIN; {statement}")
        yield
    finally:
        await connection.close()


def connected(url: str) -> int:
    """How many other sessions this database has."""
    count: int = sql(url, _CONNECTED)
    return count


def waiting(url: str) -> int:
    """How many sessions of this database wait for a lock."""
    count: int = sql(url, _WAITING)
    return count


async def reached(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for it, as `eventually` does, with more patience and in a thread of its own."""
    await asyncio.to_thread(eventually, condition, seconds)
