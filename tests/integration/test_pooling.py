"""Behind a pooler in transaction mode nothing is expected to last from one transaction to the next."""

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, table

from src.db.statement import Statement
from tests.conftest import StartApp, User

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
