"""Whether a pooler is in between, and whether prepared statements work there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from src.config import Settings
from src.db.url import DatabaseUrl
from src.doctor.connection import CONNECTION_ERRORS, SECONDS, Connection, connect
from src.doctor.findings import Finding, failed, ok, warning

_PID = "SELECT pg_backend_pid()"
_ATTEMPTS = 10  # a pooler need not take the session that was used last
_DIRECT = "live updates come a second late: set DATABASE_URL_UNPOOLED to the address past it"


async def pooler(settings: Settings) -> AsyncIterator[Finding]:
    """Both are tried: in transaction mode, a second connection gets the session of the first when that does nothing."""
    try:
        async with _pair(settings.database_url) as (first, second):
            shared, kept = await _shared(first, second), await _kept(first, second)
    except CONNECTION_ERRORS as error:
        said = f"whether there is one cannot be told ({type(error).__name__}): are two more connections too many?"
        yield warning("pooler", said)
        return
    yield _mode(settings, shared=shared)
    yield _prepared(settings, kept=kept)


async def is_shared(url: DatabaseUrl) -> bool:
    """Whether its connections share sessions, as those of a pooler in transaction mode do.

    Raises:
        Exception: Two connections at once cannot be had; one of `CONNECTION_ERRORS`.
    """
    async with _pair(url) as (first, second):
        return await _shared(first, second)


@asynccontextmanager
async def _pair(url: DatabaseUrl) -> AsyncIterator[tuple[Connection, Connection]]:
    """For `SECONDS` at most."""
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


async def _kept(first: Connection, second: Connection) -> bool:
    """Whether a prepared statement is there while another connection has the session in which it was made."""
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
        return ok("pooler", "none in transaction mode: each connection has a session of its own")
    if settings.database_url_unpooled is None:
        return warning("pooler", f"in transaction mode; {_DIRECT}")
    return ok("pooler", "in transaction mode; DATABASE_URL_UNPOOLED is there for migrations and live updates")


def _prepared(settings: Settings, *, kept: bool) -> Finding:
    wanted = settings.prepared_statements
    if wanted and not kept:
        remedy = "set DATABASE_PREPARED_STATEMENTS=false, or PgBouncer's max_prepared_statements"
        return failed("prepared statements", f"they are used, and the pooler loses them: {remedy}")
    if wanted:
        return ok("prepared statements", "they are used, and last")
    could = "; they would last: DATABASE_PREPARED_STATEMENTS=true is faster" if kept else ""
    return ok("prepared statements", f"not used{could}")
