"""Run migrations on asyncpg, each in its own transaction, in one process at a time."""

import asyncio
from uuid import uuid4

import asyncpg
from alembic import context
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from src.config import load_migration_url
from src.db.url import DatabaseUrl
from src.development.settings import development_database
from src.models import Table

# The key of the advisory lock: an arbitrary number that must never change.
_ADVISORY_LOCK = 7_227_435_184
_TRY_LOCK = """
    SELECT pg_try_advisory_xact_lock(:lock)
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE relid::regclass::text = ANY(:tables))
"""
_POLL_SECONDS = 0.2

# A pooler reuses server connections, with the statements that an earlier run has prepared on them.
_PREPARED_STATEMENTS = {
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: f"migration_{uuid4()}",
}

# A statement that waits for a table lock blocks every later statement on the table, reads too.
_LOCK_TIMEOUT = "lock_timeout = '3s'"


def include_object(*subject: object) -> bool:
    """Ignore tables and columns that only the database has, because Better Auth or the operator created them."""
    _object, _name, _type, is_reflected, model = subject
    return not (is_reflected and model is None)


def run(connection: Connection | None = None) -> None:
    """Run the migrations, each in its own transaction so that a later failure keeps the earlier ones.

    Without a connection, print the SQL.
    """
    context.configure(
        connection=connection,
        dialect_name="postgresql",
        target_metadata=Table.metadata,
        include_object=include_object,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        if connection is None:
            context.execute(f"SET {_LOCK_TIMEOUT}")
        context.run_migrations()


def set_lock_timeout(connection: Connection) -> None:
    """Set a lock timeout for this transaction only, because a pooler reuses the server connection for other clients.

    Statements outside transactions may wait without a limit: CONCURRENTLY blocks no other statement.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SET LOCAL {_LOCK_TIMEOUT}")


async def lock(connection: AsyncConnection) -> None:
    """Acquire the advisory lock, which is held until the connection's transaction ends.

    Poll for the lock instead of blocking on it: CREATE INDEX CONCURRENTLY waits for all running statements, so a
    blocked one would deadlock with it. A killed run's index build continues on the server; treat it as still running.
    """
    while not await connection.scalar(text(_TRY_LOCK), {"lock": _ADVISORY_LOCK, "tables": list(Table.metadata.tables)}):
        await connection.rollback()
        await asyncio.sleep(_POLL_SECONDS)
    # The lock holder sits idle in transaction, so lift that timeout. Running another statement also drops the SELECT's
    # snapshot, for which CONCURRENTLY would wait.
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


async def main(url: DatabaseUrl) -> None:
    """Connect as the application does; the lock has its own connection, because some migrations must commit."""

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(**url.connect_arguments, statement_cache_size=0)

    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, connect_args={"async_creator_fn": connect, **_PREPARED_STATEMENTS}
    )
    event.listen(engine.sync_engine, "begin", set_lock_timeout)
    async with engine.connect() as lock_holder, engine.connect() as connection:
        await lock(lock_holder)
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    run()
elif "url" in context.config.attributes:
    asyncio.run(main(context.config.attributes["url"]))
else:  # Alembic's own command line, for developers
    with development_database():
        asyncio.run(main(load_migration_url()))
