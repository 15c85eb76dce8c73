"""Detect a pooler in transaction mode, and check whether prepared statements work through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from src.config import Settings
from src.db.url import DatabaseUrl
from src.doctor.connection import CONNECTION_ERRORS, SECONDS, Connection, connect
from src.doctor.findings import Finding, ok, warning

_PID = "SELECT pg_backend_pid()"
_ATTEMPTS = 10  # a pooler may choose another session than the last one
_DIRECT = "live updates are a second late: set DATABASE_URL_UNPOOLED to the database without the pooler"


async def pooler(settings: Settings) -> AsyncIterator[Finding]:
    """Check both with two connections: in transaction mode, the second gets the idle session of the first."""
    try:
        async with _pair(settings.database_url) as (first, second):
            shared, persistent = await _shared(first, second), await _persists(first, second)
    except CONNECTION_ERRORS as error:
        text = f"cannot be detected ({type(error).__name__}): does the server allow two more connections?"
        yield warning("pooler", text)
        return
    yield _mode(settings, shared=shared)
    yield _prepared(settings, persistent=persistent)


async def is_shared(url: DatabaseUrl) -> bool:
    """Return whether connections share sessions, as through a pooler in transaction mode.

    Raises:
        Exception: Two simultaneous connections fail; one of `CONNECTION_ERRORS`.
    """
    async with _pair(url) as (first, second):
        return await _shared(first, second)


@asynccontextmanager
async def _pair(url: DatabaseUrl) -> AsyncIterator[tuple[Connection, Connection]]:
    """Open two connections, for at most `SECONDS`."""
    async with asyncio.timeout(SECONDS), _open(url) as first, _open(url) as second:
        yield first, second


@asynccontextmanager
async def _open(url: DatabaseUrl) -> AsyncIterator[Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        with suppress(*CONNECTION_ERRORS):
            await connection.close(timeout=1)


async def _shared(first: Connection, second: Connection) -> bool:
    for _ in range(_ATTEMPTS):
        before = await first.fetchval(_PID)
        async with second.transaction():
            if await second.fetchval(_PID) == before:
                return True
    return False


async def _persists(first: Connection, second: Connection) -> bool:
    """Return whether a prepared statement still works while another connection uses the session that prepared it."""
    try:
        statement = await first.prepare(_PID, name="task_api_doctor")
        for _ in range(_ATTEMPTS):
            before = await statement.fetchval()
            async with second.transaction():
                if await second.fetchval(_PID) == before:
                    return await statement.fetchval() is not None
    except asyncpg.PostgresError:
        return False
    return True


def _mode(settings: Settings, *, shared: bool) -> Finding:
    if not shared:
        return ok("pooler", "none in transaction mode: each connection has its own session")
    if settings.database_url_unpooled is None:
        return warning("pooler", f"in transaction mode; {_DIRECT}")
    return ok("pooler", "in transaction mode; migrations and live updates use DATABASE_URL_UNPOOLED")


def _prepared(settings: Settings, *, persistent: bool) -> Finding:
    wanted = settings.prepared_statements
    if wanted and not persistent:
        remedy = "set DATABASE_PREPARED_STATEMENTS=false, or set PgBouncer's max_prepared_statements"
        text = f"enabled, but the pooler loses them, and requests may fail until the service finds out: {remedy}"
        return warning("prepared statements", text)
    if wanted:
        return ok("prepared statements", "enabled, and they work")
    hint = "; they would work: DATABASE_PREPARED_STATEMENTS=true is faster" if persistent else ""
    return ok("prepared statements", f"disabled{hint}")
