"""After a restore of the database, all clients load everything."""

import pytest

from tests.conftest import User
from tests.support.documents import blocks
from tests.support.programs import sql


@pytest.mark.req("TASK-FR-341")
async def test_the_statement_for_a_restored_database_expires_all_sync_tokens(user: User, database_url: str) -> None:
    await user.create()
    since = await user.revision()
    assert (await user.get("/changes", params={"since": since})).status_code == 200
    (statement,) = blocks("sql")
    sql(database_url, statement.code)
    assert (await user.get("/changes", params={"since": since})).status_code == 410
    loaded = (await user.get("/changes")).json()
    assert len(loaded["tasks"]) == 1
    assert (await user.get("/changes", params={"since": loaded["next_since"]})).status_code == 200
    await user.create()
    assert await user.revision() > int(loaded["next_since"])
