"""Transactions and savepoints on one connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from src.db.pool import Connection, Row
from src.db.statement import Statement


class Transaction:
    """An open transaction, made by `Database.transaction`: its statements are committed or rolled back together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement, /, **values: Any) -> list[Row]:  # noqa: ANN401 - bind values
        """Run the statement and return all rows."""
        return await self._connection.fetch(statement.sql, *statement.arguments(values))

    async def fetch_row(self, statement: Statement, /, **values: Any) -> Row | None:  # noqa: ANN401 - bind values
        """Run the statement and return the first row, if there is one."""
        return first_or_none(await self.fetch(statement, **values))

    @asynccontextmanager
    async def transaction(self, owner: str) -> AsyncIterator[Self]:  # noqa: ARG002 - `Database.transaction` needs it
        """Open a savepoint; release it when the block ends without an exception, else roll back to it."""
        await self._connection.execute("SAVEPOINT bulk")
        try:
            yield self
        except Exception:  # not on cancellation, because that rolls back the whole transaction
            await self._connection.execute("ROLLBACK TO bulk")
            raise
        await self._connection.execute("RELEASE bulk")


async def commit(connection: Connection) -> None:
    """Commit, and raise if PostgreSQL rolled back, as COMMIT silently does after a failed statement."""
    if await connection.execute("COMMIT") != "COMMIT":
        raise RuntimeError("a statement of the transaction failed, but the block did not raise")


def first_or_none(rows: list[Row]) -> Row | None:
    """Return the first row, if there is one."""
    return rows[0] if rows else None
