"""Behind a pooler in transaction mode, the API relies on no session state."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from sqlalchemy import func, select, table

from src.db import migrations
from src.db.statement import Statement
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres
from src.errors.server import ServiceUnavailable
from tests.conftest import Connection, NewDatabase, StartApp, User
from tests.integration.conftest import Pooled
from tests.support.pgbouncer import POOLERS, pgbouncer, through
from tests.support.programs import assert_dead, eventually, processes
from tests.support.stopwatch import Stopwatch

_SLEEP = Statement(select(func.pg_sleep(29)))
_SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND wait_event = 'PgSleep'"
_LEFT_BEHIND = Statement(select(func.count().label("count")).select_from(table("pg_prepared_statements")))

_TIMES = ("completed_at", "created_at", "updated_at")


async def use_everything(user: User) -> None:
    tasks = await user.tasks()
    for _ in range(3):
        task = await user.create()
        assert (await user.patch(task["id"], json={"title": "Buy tea"})).status_code == 200
        assert (await user.patch(f"/{task['id']}/complete")).status_code == 200
        assert (await user.get(task["id"])).json()["completed"]
        assert (await user.delete(task["id"])).status_code == 204
        assert await user.tasks() == tasks


@pytest.mark.req("RUN-FR-010")
@pytest.mark.parametrize("setting", ["true", "false"])
async def test_no_prepared_statement_is_created_where_they_are_disabled(start_app: StartApp, setting: str) -> None:
    app = await start_app(database_prepared_statements=setting, database_pool_size=1)
    await use_everything(User(app))
    row = await app.state.components.database.fetch_row(_LEFT_BEHIND)
    assert (row["count"] > 0) is (setting == "true")


@pytest.mark.req("RUN-FR-010", "RUN-FR-038")
async def test_it_works_through_a_pooler_in_transaction_mode(pooled: Pooled, start_app: StartApp) -> None:
    app = await start_app(**pooled)
    await use_everything(User(app))
    row = await app.state.components.database.fetch_row(_LEFT_BEHIND)
    assert (row["count"] > 0) is (pooled["database_prepared_statements"] == "true")


@pytest.fixture
async def paris(new_database: NewDatabase) -> str:
    """Create a database whose time zone is not UTC."""
    url = await new_database()
    connection = await asyncpg.connect(url)
    await connection.execute(f"ALTER DATABASE {urlsplit(url).path[1:]} SET timezone = 'Europe/Paris'")
    await connection.close()
    return url


async def assert_times_are_utc(user: User) -> None:
    task = await user.create(completed=True)
    [listed] = await user.tasks(limit=1)
    assert {task[time][-1] for time in _TIMES} == {listed[time][-1] for time in _TIMES} == {"Z"}


@pytest.mark.req("TASK-FR-011")
async def test_times_are_utc_in_a_database_with_another_time_zone(paris: str, start_app: StartApp) -> None:
    await assert_times_are_utc(User(await start_app(database_url=paris)))


@pytest.mark.req("TASK-FR-011")
@pytest.mark.parametrize("prepared", POOLERS)
async def test_times_are_utc_on_a_server_connection_that_a_client_with_another_time_zone_has_used(
    paris: str, start_app: StartApp, *, prepared: bool
) -> None:
    with pgbouncer(paris, prepared=prepared, forgets=False, pool_size=1) as folder:
        url = through(folder, paris)
        user = User(await start_app(database_url=url, database_prepared_statements=prepared))
        other = await asyncpg.connect(url, server_settings={"timezone": "Asia/Tokyo"}, statement_cache_size=0)
        for zone in ("Asia/Tokyo", "America/New_York", "Asia/Kolkata"):
            await other.execute(f"SET timezone = '{zone}'")
            assert await other.fetchval("SHOW timezone") == zone
            await assert_times_are_utc(user)
            assert await other.fetchval("SHOW timezone") == zone
        await other.close()


@pytest.mark.req("DB-FR-010")
@pytest.mark.usefixtures("patience")
async def test_a_statement_that_takes_too_long_is_ended_behind_a_pooler_too(
    pooled: Pooled, start_app: StartApp, sql: Connection
) -> None:
    app = await start_app(**pooled)
    with pytest.raises(ServiceUnavailable):
        await app.state.components.database.fetch(_SLEEP)
    await asyncio.sleep(1)
    assert await sql.fetchval(_SLEEPING) == 0


@pytest.mark.req("DB-FR-009")
@pytest.mark.parametrize("prepared", POOLERS)
async def test_a_server_that_was_killed_behind_a_pooler_is_found_again(
    tmp_path: Path, start_app: StartApp, *, prepared: bool, record_property: Callable[[str, object], None]
) -> None:
    login_retry, most = 1, 8  # as the README advises; the server itself needs up to 5
    with EmbeddedPostgres(tmp_path / "postgres") as server:
        await asyncio.to_thread(migrations.upgrade, DatabaseUrl.parse(server.url))
        with pgbouncer(server.url, prepared=prepared, login_retry=login_retry) as folder:
            url = through(folder, server.url)
            user = User(await start_app(database_url=url, database_prepared_statements=prepared))
            await use_everything(user)
            seconds = await until_created(user, kill(tmp_path / "postgres"))
            await use_everything(user)
    record_property("seconds", round(seconds, 1))
    assert seconds < most


def kill(folder: Path) -> Stopwatch:
    """Kill every process of the server, and return a stopwatch."""
    took = Stopwatch()
    killed = processes(folder)
    for process in killed:
        process.kill()
    for process in killed:
        eventually(partial(assert_dead, process))
    return took


async def until_created(user: User, took: Stopwatch) -> float:
    """Return after how many seconds a task can be created."""
    assert (await user.get()).status_code in {200, 503}
    async with asyncio.timeout(60):
        while (response := await user.post(json={"title": "Buy milk"})).status_code != 201:
            assert (response.status_code, int(response.headers["Retry-After"]) > 0) == (503, True)
            await asyncio.sleep(0.1)
    return took.seconds
