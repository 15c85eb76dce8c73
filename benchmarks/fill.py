"""Fill the tables by COPY, without indexes, which are built afterwards."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import batched

import asyncpg

from src.services.tasks.columns import to_columns

type Owners = Mapping[str, int]
"""The number of tasks of each owner."""

type Connection = asyncpg.Connection[asyncpg.Record]

_BLOCK = 1000
"""The number of owners that are written in turns, so that an owner's tasks are not adjacent on disk."""
_COPIES = 2
"""The number of connections that copy at once."""
_START = datetime(2026, 1, 1, 0, 0, 0, 123_450, tzinfo=UTC)
_COLUMNS = (
    "user_id", "title", "description", "completed_at", "priority", "tags", "due_date", "due_day",
    "created_at", "updated_at", "revision", "folded_title", "title_sort_key", "folded_description",
    "folded_tags", "tag_keys",
)  # fmt: skip
_TAGS = ("home", "work", "garden", "errands", "someday")
_DEFINITIONS = """
    SELECT format('ALTER TABLE tasks DROP CONSTRAINT %I', conname) AS dropping,
        format('ALTER TABLE tasks ADD CONSTRAINT %I %s', conname, pg_get_constraintdef(oid)) AS adding
    FROM pg_constraint WHERE conrelid = 'tasks'::regclass AND contype IN ('p', 'u', 'f')
    UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
    FROM pg_index
    WHERE indrelid = 'tasks'::regclass
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
"""


def fill(url: str, owners: Owners) -> None:
    """Copy owners and their tasks into the tables, plain or partitioned."""
    asyncio.run(_fill(url, owners))


async def _fill(url: str, owners: Owners) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("users", records=owners.items(), columns=("id", "revision"))
        async with _without_indexes(connection):
            blocks = batched(owners.items(), _BLOCK, strict=False)
            await asyncio.gather(*(_copy(url, blocks) for _ in range(_COPIES)))
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            await connection.execute(statement, timeout=None)
    finally:
        await connection.close()


async def _copy(url: str, blocks: Iterator[tuple[tuple[str, int], ...]]) -> None:
    """Copy one block after the other, each of which no other connection copies."""
    connection = await asyncpg.connect(url)
    try:
        for block in blocks:
            await connection.copy_records_to_table("tasks", records=_tasks(dict(block)), columns=_COLUMNS)
    finally:
        await connection.close()


@asynccontextmanager
async def _without_indexes(connection: Connection) -> AsyncIterator[None]:
    """Drop what would be updated for each row, and build it from all rows afterwards."""
    definitions = await connection.fetch(_DEFINITIONS)
    for definition in reversed(definitions):
        await connection.execute(definition["dropping"])
    yield
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for definition in definitions:
        await connection.execute(definition["adding"], timeout=None)


def _tasks(owners: Owners) -> Iterator[tuple[object, ...]]:
    """One third is completed, and one half has a due date and tags."""
    for number in range(max(owners.values())):
        owners = {owner: count for owner, count in owners.items() if number < count}
        members = _members(number)
        for owner in owners:
            yield owner, *members


def _members(number: int) -> tuple[object, ...]:
    now = _START + timedelta(seconds=number)
    day = date(2026, 1, 1) + timedelta(days=number % 730) if number % 2 else None
    tags = [_TAGS[number % 5], _TAGS[number % 3]] if number % 2 and number % 5 != number % 3 else []
    title = f"Task number {number}"
    description = "What it takes, in about fifty characters of text."
    completed_at = now if number % 3 == 0 else None
    due_date = None if day is None else str(day)
    columns = to_columns({"title": title, "description": description, "tags": tags})
    computed = [columns[name] for name in _COLUMNS[-5:]]
    return title, description, completed_at, number % 5, tags, due_date, day, now, now, number + 1, *computed
