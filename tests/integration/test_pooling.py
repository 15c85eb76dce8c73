"""Behind a pooler in transaction mode nothing is expected to last from one transaction to the next."""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, table

from src.db import migrations
from src.db.embedded import EmbeddedPostgres
from src.db.statement import Statement
from src.db.url import DatabaseUrl
from src.errors import ServiceUnavailable
from tests.conftest import Connection, StartApp, User
from tests.integration.embedded.programs import server_pid
from tests.pgbouncer import pgbouncer, through

_LOGIN_RETRY_SECONDS = 15  # PgBouncer's server_login_retry: it asks the server that often
_SLEEP = Statement(select(func.pg_sleep(29)))
_SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND wait_event = 'PgSleep'"
_LEFT_BEHIND = Statement(select(func.count().label("count")).select_from(table("pg_prepared_statements")))


async def use_everything(app: FastAPI) -> None:
    user = User(app)
    for _ in range(3):
        task = await user.create()
        assert (await user.patch(task["id"], json={"title": "Buy tea"})).status_code == 200
        assert (await user.patch(f"/{task['id']}/complete")).status_code == 200
        assert (await user.get(task["id"])).json()["completed"]
        assert (await user.delete(task["id"])).status_code == 204
        assert await user.tasks() == []


@pytest.mark.req("RUN-FR-010")
@pytest.mark.parametrize("setting", ["true", "false"])
async def test_no_prepared_statement_is_left_where_they_are_not_wanted(start_app: StartApp, setting: str) -> None:
    app = await start_app(database_prepared_statements=setting, database_pool_size=1)
    await use_everything(app)
    row = await app.state.database.fetch_row(_LEFT_BEHIND)
    assert (row["count"] > 0) is (setting == "true")


@pytest.mark.req("RUN-FR-010")
async def test_it_works_through_a_pooler_in_transaction_mode(pooled_url: str, start_app: StartApp) -> None:
    await use_everything(await start_app(database_url=pooled_url, database_prepared_statements="false"))


@pytest.mark.req("OPS-FR-027")
async def test_a_statement_that_takes_too_long_is_ended_behind_a_pooler_too(
    pooled_url: str, start_app: StartApp, sql: Connection
) -> None:
    app = await start_app(database_url=pooled_url, database_prepared_statements="false")
    with pytest.raises(ServiceUnavailable):
        await app.state.database.fetch(_SLEEP)
    await asyncio.sleep(1)
    assert await sql.fetchval(_SLEEPING) == 0


@pytest.mark.req("OPS-FR-031")
@pytest.mark.skipif(not shutil.which("pgbouncer"), reason="PgBouncer is not installed")
async def test_a_server_that_was_killed_behind_a_pooler_is_found_again(tmp_path: Path, start_app: StartApp) -> None:
    with EmbeddedPostgres(tmp_path / "postgres") as server, pgbouncer(server.url) as folder:
        await asyncio.to_thread(migrations.upgrade, DatabaseUrl.parse(server.url))
        url = through(folder, server.url)
        user = User(await start_app(database_url=url, database_prepared_statements="false"))
        await user.create()
        os.kill(server_pid(tmp_path / "postgres"), signal.SIGKILL)
        began = time.monotonic()
        statuses = {(await user.get()).status_code}
        while (answer := (await user.post(json={"title": "Buy milk"})).status_code) != 201:
            statuses.add(answer)
            assert time.monotonic() - began < _LOGIN_RETRY_SECONDS + 5
            await asyncio.sleep(0.1)
        assert statuses <= {200, 503}
