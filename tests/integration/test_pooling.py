"""Behind a pooler in transaction mode nothing is expected to last from one transaction to the next."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, table

from src.db.statement import Statement
from tests.conftest import StartApp, User
from tests.integration.embedded.programs import eventually, sql

_LEFT_BEHIND = Statement(select(func.count().label("count")).select_from(table("pg_prepared_statements")))

_PGBOUNCER = """
[databases]
* = host={sockets} user=postgres pool_size=2
[pgbouncer]
pool_mode = transaction
server_reset_query_always = 1
listen_addr =
unix_socket_dir = {folder}
auth_type = any
"""


# PgBouncer refuses root, and only root and its owner reach the server's socket.
_AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=65534", "--clear-groups"]
_BUT_EVERYWHERE = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
_UNPRIVILEGED = [*_AS_NOBODY, *_BUT_EVERYWHERE] if os.geteuid() == 0 else []


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


@pytest.fixture
def pooled_url(database_url: str) -> Iterator[str]:
    """The way to the database through PgBouncer, which gives each transaction the next connection that it has."""
    if not shutil.which("pgbouncer"):
        pytest.skip("PgBouncer is not installed")
    name = urlsplit(database_url).path
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        configuration = Path(folder, "pgbouncer.ini")
        configuration.write_text(
            _PGBOUNCER.format(sockets=parse_qs(urlsplit(database_url).query)["host"][0], folder=folder)
        )
        with subprocess.Popen([*_UNPRIVILEGED, "pgbouncer", "--quiet", str(configuration)]) as pooler:
            try:
                url = f"postgresql://postgres@{name}?host={quote(folder, safe='')}&port=6432"
                eventually(lambda: sql(url, "SELECT 1"))
                yield url
            finally:
                pooler.kill()


@pytest.mark.req("RUN-FR-010")
async def test_it_works_through_a_pooler_in_transaction_mode(pooled_url: str, start_app: StartApp) -> None:
    await use_everything(await start_app(database_url=pooled_url, database_prepared_statements="false"))
