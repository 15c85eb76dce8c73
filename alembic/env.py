"""Runs migrations on asyncpg, in one transaction that only one process can have and that waits for nobody for long."""

import asyncio

import asyncpg
from alembic import context
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from src.config import load_settings
from src.models import Table

# Any number will do, as long as it is always the same one.
_LOCK = 7_227_435_184

# Whoever waits for a lock on a table makes all wait who come after, readers too.
_LOCK_TIMEOUT = "3s"


def include_object(*subject: object) -> bool:
    """Leave alone what the database has and we have not: it is Better Auth's, or the operator's."""
    _object, _name, _type, reflected, ours = subject
    return not (reflected and ours is None)


def run(connection: Connection | None = None) -> None:
    """Migrate while holding the lock; both end with the transaction. Without a connection, print the SQL."""
    context.configure(
        connection=connection,
        dialect_name="postgresql",
        target_metadata=Table.metadata,
        include_object=include_object,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
        context.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        context.run_migrations()


async def main() -> None:
    """Connect once, as the application does."""
    url = context.config.attributes.get("url") or load_settings().migration_url

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(**url.connect_arguments, statement_cache_size=0)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    run()
else:
    asyncio.run(main())
