"""Start the database that all peers share, and fill it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import asyncpg

from src.db.migrations import upgrade
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres
from src.services.tasks.columns import to_columns

type Owners = Mapping[str, int]
"""The number of tasks of each owner."""

_BLOCK = 1000
"""The number of owners that are written in turns, so that an owner's tasks are not adjacent on disk."""
_START = datetime(2026, 1, 1, 0, 0, 0, 123_450, tzinfo=UTC)
_COLUMNS = (
    "user_id", "title", "description", "completed_at", "priority", "tags", "due_date", "due_day",
    "created_at", "updated_at", "revision", "folded_title", "title_sort_key", "folded_description",
    "folded_tags", "tag_keys",
)  # fmt: skip
_TAGS = ("home", "work", "garden", "errands", "someday")


class Database(NamedTuple):
    """A running PostgreSQL server."""

    url: str
    pid: int
    folder: Path
    """An empty folder that is removed together with the server's files."""


@contextmanager
def database() -> Iterator[Database]:
    """Start an embedded PostgreSQL that syncs every commit to disk, with the project's tables."""
    with TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as server:
        upgrade(DatabaseUrl.parse(server.url))
        pid = (Path(name) / "postgres" / "data" / "postmaster.pid").read_text().split()[0]
        yield Database(server.url, int(pid), Path(name))


def fill(url: str, owners: Owners) -> None:
    """Copy owners and their tasks into the tables."""
    asyncio.run(_fill(url, owners))


def sql(url: str, *statements: str) -> list[asyncpg.Record]:
    """Execute statements in turn; return the rows of the last one."""
    return asyncio.run(_sql(url, statements))


async def _sql(url: str, statements: Iterable[str]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(url)
    try:
        rows = []
        for statement in statements:
            rows = await connection.fetch(statement, timeout=None)
        return rows
    finally:
        await connection.close()


async def _fill(url: str, owners: Owners) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table("users", records=owners.items(), columns=("id", "revision"))
        for block in batched(owners.items(), _BLOCK, strict=False):
            await connection.copy_records_to_table("tasks", records=_tasks(dict(block)), columns=_COLUMNS)
        await connection.execute("VACUUM ANALYZE", timeout=None)
        await connection.execute("CHECKPOINT", timeout=None)
    finally:
        await connection.close()


def _tasks(owners: Owners) -> Iterator[tuple[object, ...]]:
    """One third is completed, and one half has a due date and tags."""
    for number in range(max(owners.values())):
        for owner, count in owners.items():
            if number < count:
                yield owner, *_members(number)


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
