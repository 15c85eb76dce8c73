"""Transactions of commands: on a connection of their own, and without the deadline that requests have."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from src.db.connect import connect
from src.db.errors import translate_errors
from src.db.transaction import Transaction, commit
from src.db.url import DatabaseUrl

_CONNECT_TIMEOUT_SECONDS = 10.0


@asynccontextmanager
async def long_transaction(url: DatabaseUrl, mode: str = "") -> AsyncIterator[Transaction]:
    """Open a transaction; commit when the block ends without an exception, else roll back.

    It prepares no statements by name, so that the URL may lead through a pooler.

    Raises:
        ServiceUnavailable: The database is unavailable.
    """
    with translate_errors:
        async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
            connection = await connect(**url.connect_arguments, statement_cache_size=0)
        try:
            await connection.execute(f"BEGIN {mode}")
            yield Transaction(connection)
            await commit(connection)
        finally:
            connection.terminate()
