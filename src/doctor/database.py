"""Check the database: version, encoding, clock, migrations, privileges and the direct connection."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import partial

import asyncpg

from src.auth.claims import LEEWAY
from src.config import Settings
from src.db.schema_version import head, is_behind
from src.db.url import DatabaseUrl
from src.doctor.connection import CONNECTION_ERRORS, SECONDS, Connection, connect, unreachable
from src.doctor.findings import Finding, failed, ok, warning
from src.doctor.pooler import is_shared, pooler
from src.doctor.tls import tls

type Check = Callable[[Connection], Awaitable[Finding]]

_MIN_VERSION = 15
_NOTICEABLE_SKEW = 2  # seconds
_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE")
_IDENTITY = """
    SELECT datname, oid, pg_postmaster_start_time() FROM pg_database WHERE datname = current_database()
"""


async def run_checks(settings: Settings) -> AsyncIterator[Finding]:
    """Check DATABASE_URL, and then DATABASE_URL_UNPOOLED."""
    url = settings.database_url
    try:
        connection = await connect(url)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        yield failed("database", unreachable("DATABASE_URL", error))
        return
    yield ok("database", "DATABASE_URL accepts connections")
    deadline = asyncio.get_running_loop().time() + SECONDS  # of all checks together
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
        return failed(name, f"the database does not respond ({type(error).__name__}): is it overloaded? try again")


async def _version(connection: Connection) -> Finding:
    version = connection.get_server_version()
    if version.major < _MIN_VERSION:
        return failed("version", f"PostgreSQL {version.major} is too old: upgrade to {_MIN_VERSION} or later")
    return ok("version", f"PostgreSQL {version.major}.{version.minor}")


async def _encoding(connection: Connection) -> Finding:
    encoding = await connection.fetchval("SHOW server_encoding")
    if encoding != "UTF8":
        remedy = "create it again with ENCODING 'UTF8' TEMPLATE template0"
        return failed("encoding", f"the database stores {encoding}, which cannot store all text: {remedy}")
    return ok("encoding", "UTF8")


async def _clock(connection: Connection) -> Finding:
    before = time.time()
    theirs = (await connection.fetchval("SELECT clock_timestamp()")).timestamp()
    ahead = (before + time.time()) / 2 - theirs
    text = f"this machine is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} the database"
    if abs(ahead) > LEEWAY:
        return failed("clock", f"{text}, and tokens tolerate {LEEWAY} s: synchronize both (NTP)")
    return warning("clock", f"{text}: synchronize both (NTP)") if abs(ahead) > _NOTICEABLE_SKEW else ok("clock", text)


async def _migrations(connection: Connection) -> Finding:
    version = None
    with suppress(asyncpg.UndefinedTableError):
        version = await connection.fetchval("SELECT version_num FROM alembic_version")
    if is_behind(version):
        return failed(
            "migrations", f"the schema is {f'at {version}' if version else 'missing'}: run 'python -m src migrate'"
        )
    later = "" if version == head() else ", of a later version of this service"
    return ok("migrations", f"the schema is at {version}{later}")


async def _privileges(connection: Connection) -> Finding:
    if await connection.fetchval("SHOW transaction_read_only") == "on":
        return failed("privileges", "the database is read-only: is this a replica, or is its disk full?")
    try:
        missing = [privilege for privilege in _PRIVILEGES if not await _has_privilege(connection, privilege)]
    except asyncpg.UndefinedTableError:
        return warning("privileges", "they can only be checked after the migrations")
    if missing:
        return failed("privileges", f"the user lacks {', '.join(missing)} on the table tasks: grant it")
    return ok("privileges", "the user may read and write tasks")


async def _has_privilege(connection: Connection, privilege: str) -> bool:
    return bool(await connection.fetchval("SELECT has_table_privilege('tasks', $1)", privilege))


async def _direct(connection: Connection, url: DatabaseUrl) -> Finding:
    name = "DATABASE_URL_UNPOOLED"
    try:
        async with asyncio.timeout(SECONDS):
            other = await connect(url)
            same = await other.fetchrow(_IDENTITY) == await connection.fetchrow(_IDENTITY)
        await other.close(timeout=1)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return failed("direct connection", unreachable(name, error))
    if not same:
        return failed(
            "direct connection",
            f"{name} is another database than DATABASE_URL, which would not be migrated: correct one",
        )
    with suppress(*CONNECTION_ERRORS):
        if await is_shared(url):
            text = f"{name} is also behind a pooler in transaction mode: set it to the database itself"
            return warning("direct connection", text)
    return ok("direct connection", f"{name} is the same database")


CHECKS: dict[str, Check] = {
    "version": _version,
    "encoding": _encoding,
    "clock": _clock,
    "migrations": _migrations,
    "privileges": _privileges,
}
"""The checks of every database, by name."""
