"""Statements that stand or fall together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import asyncpg

from src.db.statement import Statement

type Row = asyncpg.Record
type Connection = asyncpg.pool.PoolConnectionProxy[Row]


class Transaction:
    """Statements that stand or fall together, see `Database.transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run it and return all rows."""
        return await self._connection.fetch(statement.sql, *statement.arguments(values))

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run it and return the first row, if there is one."""
        return first(await self.fetch(statement, **values))

    @asynccontextmanager
    async def transaction(self, owner: str) -> AsyncIterator[Self]:  # noqa: ARG002 - `Database.transaction` needs it
        """Statements within these that can be taken back by themselves: a savepoint."""
        await self._connection.execute("SAVEPOINT before")
        try:
            yield self
        except Exception:  # who is cancelled takes all back, and waits for nothing
            await self._connection.execute("ROLLBACK TO before")
            raise
        await self._connection.execute("RELEASE before")


async def commit(connection: Connection) -> None:
    """COMMIT succeeds after a statement that failed, too, and then it is a rollback."""
    if await connection.execute("COMMIT") != "COMMIT":
        raise RuntimeError("a statement of the transaction failed, and the block went on")


def first(rows: list[Row]) -> Row | None:
    """The first row, if there is one."""
    return rows[0] if rows else None
