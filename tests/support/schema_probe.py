"""A database of one test: its migrations, and its tables in PostgreSQL's catalog."""

import asyncio

from src.db import migrations
from src.db.url import DatabaseUrl
from tests.conftest import Connection

type Schema = set[tuple[str, str, str]]

_SCHEMA = """
    WITH ours AS (
        SELECT oid, relname, relkind FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i'
           AND CASE WHEN $1::text[] = '{}' THEN relname NOT LIKE 'alembic%' ELSE relname = ANY($1) END
    )
    SELECT relname::text, '', relkind::text FROM ours
    UNION ALL
    SELECT relname, attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
           pg_get_expr(adbin, adrelid))
      FROM ours JOIN pg_attribute ON attrelid = oid LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
     WHERE attnum > 0 AND NOT attisdropped AND relkind = 'r'
    UNION ALL
    SELECT relname, conname, pg_get_constraintdef(c.oid) FROM ours JOIN pg_constraint AS c ON conrelid = ours.oid
    UNION ALL
    SELECT relname, indexrelid::regclass::text,
           concat_ws(' ', pg_get_indexdef(indexrelid), CASE WHEN NOT indisvalid THEN 'INVALID' END)
      FROM ours JOIN pg_index ON indrelid = oid
"""


class Migrated:
    """A database to upgrade and downgrade."""

    def __init__(self, url: str, connection: Connection) -> None:
        self.url = url
        self.connection = connection

    async def up(self, revision: str = "head") -> None:
        await asyncio.to_thread(migrations.upgrade, DatabaseUrl.parse(self.url), revision)

    async def down(self, revision: str = "base") -> None:
        await asyncio.to_thread(migrations.downgrade, DatabaseUrl.parse(self.url), revision)

    async def difference(self) -> str | None:
        try:
            await asyncio.to_thread(migrations.check, DatabaseUrl.parse(self.url))
        except migrations.MigrationError as error:
            return str(error)
        return None

    async def schema(self, *tables: str) -> Schema:
        """Return relations, columns, constraints and indexes of these tables, or of all but Alembic's."""
        return {tuple(row) for row in await self.connection.fetch(_SCHEMA, list(tables))}

    async def rows(self, table: str) -> list[dict[str, object]]:
        return [dict(row) for row in await self.connection.fetch(f'SELECT * FROM "{table}" ORDER BY id')]  # noqa: S608 - a table of the test's own
