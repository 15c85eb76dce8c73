"""`python -m src purge`: tasks whose retention in the trash has ended are removed."""

import asyncio
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from fastapi import FastAPI

from src.db.database import Database
from src.db.url import DatabaseUrl
from src.services.purge import purge_trash
from tests.conftest import NewDatabase, StartApp, User, listed
from tests.support.commands import assert_one_sentence, invoke
from tests.support.programs import sql
from tests.support.tokens import SECRET

AGED = "UPDATE tasks SET deleted_at = deleted_at - interval '31 days' WHERE title LIKE 'old%' OR last_event = 'erased'"


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    """Create a database of its own, because purging is for all users."""
    return await new_database()


@pytest.fixture
async def app(start_app: StartApp, url: str) -> FastAPI:
    return await start_app(database_url=url)


def purged(folder: Path, url: str, **settings: str) -> str:
    ended = invoke(folder, "purge", DATABASE_URL=url, BETTER_AUTH_SECRET=SECRET, **settings)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


async def state(url: str, user: User) -> tuple[int, ...]:
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow("SELECT revision, purged_revision FROM users WHERE id = $1", user.id)
    await connection.close()
    return tuple(row or ())


@pytest.mark.req("TASK-FR-117", "TASK-FR-118", "RUN-FR-034")
async def test_purge_deletes_old_trash_and_nothing_else(user: User, stranger: User, url: str, tmp_path: Path) -> None:
    for owner in (user, stranger):
        for title in ("old", "older", "young", "erased"):
            task = await owner.create(title)
            await owner.delete(task["id"], params={"permanent": title == "erased"})
    live = await user.create("old but live")
    sql(url, AGED)
    assert await asyncio.to_thread(purged, tmp_path, url) == "Purged 6 tasks.\n"
    for owner in (user, stranger):
        assert [task["title"] for task in await owner.tasks(trashed=True)] == ["young"]
    assert await user.tasks() == listed(live)
    assert sql(url, "SELECT count(*) FROM tasks") == 3
    assert await asyncio.to_thread(purged, tmp_path, url) == "Purged 0 tasks.\n"


@pytest.mark.req("TASK-FR-118")
async def test_purge_takes_a_revision_and_stores_the_last_purged_one(user: User, stranger: User, url: str) -> None:
    task = await user.create("old")
    await stranger.create()
    await user.delete(task["id"])
    await user.create()
    etag = (await user.get(params={"trashed": True})).headers["ETag"]
    sql(url, AGED)
    async with Database(DatabaseUrl.parse(url)) as database:
        assert [await purge_trash(database, timedelta(days=30)) for _ in range(2)] == [1, 0]
    assert (await state(url, user), await state(url, stranger)) == ((4, 2), (1, 0))
    trash = await user.get(params={"trashed": True}, headers={"If-None-Match": etag})
    assert (trash.status_code, trash.json()["tasks"]) == (200, [])
    assert (await user.post(f"/{task['id']}/restore")).status_code == 404


@pytest.mark.req("TASK-FR-117", "RUN-FR-034")
async def test_the_retention_can_be_chosen(user: User, url: str, tmp_path: Path) -> None:
    task = await user.create("old")
    await user.delete(task["id"])
    sql(url, AGED)
    assert await asyncio.to_thread(purged, tmp_path, url, TRASH_RETENTION_DAYS="32") == "Purged 0 tasks.\n"
    assert await asyncio.to_thread(purged, tmp_path, url, TRASH_RETENTION_DAYS="0") == "Purged 1 task.\n"


@pytest.mark.req("TASK-FR-117")
async def test_a_task_that_is_restored_during_purges_is_complete_or_gone(user: User, url: str) -> None:
    tasks = [await user.create(f"old {n}") for n in range(30)]
    await asyncio.gather(*(user.delete(task["id"]) for task in tasks))
    sql(url, AGED)
    async with Database(DatabaseUrl.parse(url)) as database:
        restorations = asyncio.gather(*(user.post(f"/{task['id']}/restore") for task in tasks))
        counts = await asyncio.gather(*(purge_trash(database, timedelta(days=30)) for _ in range(2)))
    responses = await restorations
    restored = {response.json()["id"] for response in responses if response.status_code == 200}
    assert {response.status_code for response in responses} <= {200, 404}
    assert {task["id"] for task in await user.tasks()} == restored
    assert sum(counts) + len(restored) == 30


@pytest.mark.req("RUN-FR-034")
async def test_purge_says_in_one_sentence_why_it_failed(tmp_path: Path, new_database: NewDatabase) -> None:
    unreachable = {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:9/x", "BETTER_AUTH_SECRET": SECRET}
    assert_one_sentence(await asyncio.to_thread(invoke, tmp_path, "purge", **unreachable), "The trash was not purged: ")
    empty = unreachable | {"DATABASE_URL": await new_database(migrated=False)}
    assert_one_sentence(
        await asyncio.to_thread(invoke, tmp_path, "purge", **empty), "purged: The database schema is older"
    )
