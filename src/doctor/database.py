"""Whether the service can work with its database."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial

import asyncpg

from src.auth.claims import LEEWAY
from src.config import Settings
from src.db.migrations import head, is_behind
from src.db.url import DatabaseUrl
from src.doctor.connection import CONNECTION_ERRORS, SECONDS, Connection, connect, unreachable
from src.doctor.findings import Finding, failed, ok, warning
from src.doctor.pooler import is_shared, pooler
from src.doctor.tls import tls

type Check = Callable[[Connection], Awaitable[Finding]]

_OLDEST = 15
_NOTICEABLE = 2  # seconds of skew
_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_IDENTITY = """
    SELECT datname, oid, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()
"""


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """The findings about DATABASE_URL, and then about DATABASE_URL_UNPOOLED."""
    url = settings.database_url
    try:
        connection = await connect(url)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        yield failed("database", unreachable("DATABASE_URL", error))
        return
    yield ok("database", "DATABASE_URL leads to a PostgreSQL that lets us in")
    deadline = asyncio.get_running_loop().time() + SECONDS  # of all together
    checks: dict[str, Check] = CHECKS | {"TLS": partial(tls, url=url)}
    for name, check in checks.items():
        yield await _checked(name, check(connection), deadline)
    async for finding in pooler(settings):
        yield finding
    if settings.database_url_unpooled is not None:
        yield await _direct(connection, settings.database_url_unpooled)
    with suppress(Exception):
        await connection.close(timeout=1)


async def _checked(name: str, finding: Awaitable[Finding], deadline: float) -> Finding:
    try:
        async with asyncio.timeout_at(deadline):
            return await finding
    except CONNECTION_ERRORS as error:
        return failed(name, f"the database does not tell ({type(error).__name__}): is it overloaded? try again")


async def _version(connection: Connection) -> Finding:
    version = connection.get_server_version()
    if version.major < _OLDEST:
        return failed("version", f"PostgreSQL {version.major} is too old: upgrade to {_OLDEST} or later")
    return ok("version", f"PostgreSQL {version.major}.{version.minor}")


async def _encoding(connection: Connection) -> Finding:
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        remedy = "create it anew with ENCODING 'UTF8' TEMPLATE template0"
        return failed("encoding", f"the database stores {encoding}, which cannot hold all texts: {remedy}")
    return ok("encoding", "UTF8")


async def _clock(connection: Connection) -> Finding:
    before = time.time()
    theirs = (await connection.fetchval("SELECT clock_timestamp()")).timestamp()
    ahead = (before + time.time()) / 2 - theirs
    said = f"this machine is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the database"
    if abs(ahead) > LEEWAY:
        return failed("clock", f"{said}, and tokens tolerate {LEEWAY} s: synchronise both (NTP)")
    return warning("clock", f"{said}: synchronise both (NTP)") if abs(ahead) > _NOTICEABLE else ok("clock", said)


async def _migrations(connection: Connection) -> Finding:
    version = None
    with suppress(asyncpg.UndefinedTableError):
        version = await connection.fetchval("SELECT version_num FROM alembic_version")
    if is_behind(version):
        return failed(
            "migrations", f"the schema is {f'at {version}' if version else 'not there'}: run 'python -m src migrate'"
        )
    later = "" if version == head() else ", of a later version of this service"
    return ok("migrations", f"the schema is at {version}{later}")


async def _rights(connection: Connection) -> Finding:
    if await connection.fetchval("SHOW transaction_read_only") == "on":
        return failed("rights", "the database is read-only: is this a replica, or is its disk full?")
    try:
        missing = [each for each in _RIGHTS if not await _has_privilege(connection, each)]
    except asyncpg.UndefinedTableError:
        return warning("rights", "they cannot be told before the migrations")
    if missing:
        return failed("rights", f"the user may not {', '.join(missing)} in the table tasks: grant it")
    return ok("rights", "the user may read and write tasks")


async def _has_privilege(connection: Connection, right: str) -> bool:
    return bool(await connection.fetchval("SELECT has_table_privilege('tasks', $1)", right))


async def _direct(connection: Connection, url: DatabaseUrl) -> Finding:
    name = "DATABASE_URL_UNPOOLED"
    try:
        async with asyncio.timeout(SECONDS):
            other = await connect(url)
            same = await other.fetchrow(_IDENTITY) == await connection.fetchrow(_IDENTITY)
        await other.close(timeout=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return failed("direct way", unreachable(name, error))
    if not same:
        return failed(
            "direct way", f"{name} leads to another database than DATABASE_URL, which would not be migrated: mend one"
        )
    with suppress(*CONNECTION_ERRORS):
        if await is_shared(url):
            said = f"{name} leads through a pooler in transaction mode, too: set it to the address past it"
            return warning("direct way", said)
    return ok("direct way", f"{name} leads to the same database")


CHECKS: dict[str, Check] = {
    "version": _version,
    "encoding": _encoding,
    "clock": _clock,
    "migrations": _migrations,
    "rights": _rights,
}
"""What is asked of each database, by name."""
