"""Behind a pooler in transaction mode that nothing in the URL shows, the API goes on without prepared statements."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import cycle, islice

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import column, func, select, table

from src.db.database import Database
from src.db.statement import Statement
from src.db.url import DatabaseUrl
from src.errors.server import ServiceUnavailable
from tests.conftest import NewDatabase, StartApp, User
from tests.support.pgbouncer import PROGRAMS, pgbouncer, through

_PID = Statement(select(func.pg_backend_pid()))
_NAMES = Statement(select(column("name")).select_from(table("pg_prepared_statements")))
_PORT = 5432  # PostgreSQL's
_USERS = 30
_ROUNDS = 2
_WARNING = "disabled prepared statements"


@pytest.fixture(params=PROGRAMS)
def hidden_pooler(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    """Return the URL of a pooler without support for prepared statements, which looks like that of a database."""
    with pgbouncer(database_url, program=request.param, forgets=False, pool_size=4, port=_PORT) as folder:
        yield through(folder, database_url, _PORT)


@pytest.fixture
async def hidden_apps(start_app: StartApp, hidden_pooler: str) -> list[FastAPI]:
    assert not DatabaseUrl.parse(hidden_pooler).pooled
    return [await start_app(database_url=hidden_pooler) for _ in range(2)]


async def use(user: User) -> list[int]:
    """Send six requests, and return their statuses."""
    created = await user.post(json={"title": "Buy milk"})
    path = f"/{created.json().get('id', 1)}"
    bulk = {"operations": [{"op": "create", "task": {"title": "Buy tea"}}]}
    responses = [
        created,
        await user.get(params={"limit": "20"}),
        await user.get(path),
        await user.patch(path, json={"title": "Buy bread"}),
        await user.post("/bulk", json=bulk),
        await user.delete(path),
    ]
    return [response.status_code for response in responses]


@pytest.mark.req("DB-FR-024")
async def test_no_request_fails_behind_a_pooler_that_loses_prepared_statements(
    hidden_apps: list[FastAPI], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    users = [User(app) for app in islice(cycle(hidden_apps), _USERS)]
    for _ in range(_ROUNDS):
        statuses = await asyncio.gather(*(use(user) for user in users))
        assert {status for each in statuses for status in each} <= {200, 201, 204, 503}
        assert max(status for each in statuses for status in each[:4]) < 500
    warnings = [record for record in caplog.records if _WARNING in record.getMessage()]
    assert 1 <= len(warnings) <= len(hidden_apps)
    assert {tuple(each) for each in await asyncio.gather(*(use(user) for user in users))} == {
        (201, 200, 200, 200, 200, 204)
    }


@asynccontextmanager
async def occupied(url: str, session: int) -> AsyncIterator[None]:
    """Occupy a session of the pooler with a transaction of another client."""
    other = await asyncpg.connect(url, statement_cache_size=0)
    async with other.transaction():
        assert await other.fetchval("SELECT pg_backend_pid()") == session
        yield
    await other.close()


@pytest.mark.req("DB-FR-024")
async def test_a_statement_that_the_pooler_lost_is_retried(hidden_pooler: str) -> None:
    async with Database(DatabaseUrl.parse(hidden_pooler)) as database:
        [(before,)] = await database.fetch(_PID)
        async with occupied(hidden_pooler, before):
            [(after,)] = await database.fetch(_PID)
        assert after != before


@pytest.mark.req("DB-FR-025")
async def test_a_transaction_whose_statement_the_pooler_lost_is_refused_once(hidden_pooler: str) -> None:
    async with Database(DatabaseUrl.parse(hidden_pooler)) as database:
        [(before,)] = await database.fetch(_PID)
        async with occupied(hidden_pooler, before):
            with pytest.raises(ServiceUnavailable):
                async with database.transaction("somebody") as transaction:
                    await transaction.fetch(_PID)
            async with database.transaction("somebody") as transaction:
                [(after,)] = await transaction.fetch(_PID)
        assert after != before


@pytest.mark.req("DB-FR-027")
async def test_no_process_executes_a_prepared_statement_of_another(start_app: StartApp) -> None:
    """asyncpg would number them from one in each process, and a pooler lends a session to several processes."""
    app = await start_app(database_prepared_statements="true", database_pool_size=1)
    await User(app).tasks()
    names = {row["name"] for row in await app.state.components.database.fetch(_NAMES)}
    assert names
    assert all(re.fullmatch("stmt_[0-9a-f]{16}", name) for name in names)


@pytest.mark.req("DB-FR-024")
async def test_a_migration_that_changes_a_type_does_not_stop_prepared_statements(new_database: NewDatabase) -> None:
    url = await new_database(migrated=False)
    migration = await asyncpg.connect(url)
    await migration.execute("CREATE TABLE changed AS SELECT 1 AS name")
    changed = Statement(select(column("name")).select_from(table("changed")))
    async with Database(DatabaseUrl.parse(url), pool_size=1) as database:
        await database.fetch(changed)
        await migration.execute("ALTER TABLE changed ALTER name TYPE text")
        with pytest.raises(ServiceUnavailable):
            async with database.transaction("somebody") as transaction:
                await transaction.fetch(changed)
        assert [tuple(row) for row in await database.fetch(changed)] == [("1",)]
        assert await database.fetch(_NAMES)
    await migration.close()
