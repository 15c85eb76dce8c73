"""Runs migrations on asyncpg, each in a transaction of its own, in one process at a time."""

import asyncio
from uuid import uuid4

import asyncpg
from alembic import context
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from src.config import load_settings
from src.models import Table

# Any number will do, as long as it is always the same one.
_LOCK = 7_227_435_184
_MAY_BEGIN = """
    SELECT pg_try_advisory_xact_lock(:lock)
       AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE relid::regclass::text = ANY(:tables))
"""
_SECONDS_BETWEEN_TRIES = 0.2

# A pooler hands sessions on with the statements that the run before has prepared.
_PREPARED = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": lambda: f"migration_{uuid4()}"}

# Whoever waits for a lock on a table makes all wait who come after, readers too.
_NO_LONG_WAITS = "lock_timeout = '3s'"


def include_object(*subject: object) -> bool:
    """Leave alone what the database has and we have not: it is Better Auth's, or the operator's."""
    _object, _name, _type, reflected, ours = subject
    return not (reflected and ours is None)


def run(connection: Connection | None = None) -> None:
    """Migrate; each migration stays even if a later one fails. Without a connection, print the SQL."""
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
            context.execute(f"SET {_NO_LONG_WAITS}")
        context.run_migrations()


def begin(connection: Connection) -> None:
    """Let each transaction give up soon, and no more than it: a pooler hands the session on to others.

    What runs outside transactions waits as long as it takes: CONCURRENTLY makes nobody wait.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql(f"SET LOCAL {_NO_LONG_WAITS}")


async def lock(connection: AsyncConnection) -> None:
    """Hold the lock until the connection's transaction ends.

    Who waits for it asks again and again: CREATE INDEX CONCURRENTLY would wait for a statement that waits. The server
    goes on building the index of a run that was killed, and until it has it, that run is not over.
    """
    while not await connection.scalar(text(_MAY_BEGIN), {"lock": _LOCK, "tables": list(Table.metadata.tables)}):
        await connection.rollback()
        await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
    # Idle it may be; and only another statement makes PostgreSQL forget the snapshot of the SELECT.
    await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


async def main() -> None:
    """Connect as the application does; the lock has a connection of its own, as some migrations must commit."""
    url = context.config.attributes.get("url") or load_settings().migration_url

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(**url.connect_arguments, statement_cache_size=0)

    engine = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, connect_args={"async_creator_fn": connect, **_PREPARED}
    )
    event.listen(engine.sync_engine, "begin", begin)
    async with engine.connect() as holder, engine.connect() as connection:
        await lock(holder)
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    run()
else:
    asyncio.run(main())
