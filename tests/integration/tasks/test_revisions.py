"""Revisions, ETags, and durability of acknowledged writes."""

import asyncio

import asyncpg
import pytest

from tests.conftest import NewDatabase, StartApp, User, listed


@pytest.mark.req("TASK-FR-050", "TASK-FR-051", "TASK-FR-052")
@pytest.mark.usefixtures("accounts")
async def test_each_write_takes_the_owners_next_revision(user: User, stranger: User) -> None:
    await stranger.create()
    assert (await user.get()).headers["ETag"] == '"0"'
    created = await user.post(json={"title": "Buy milk"})
    path = f"/{created.json()['id']}"
    writes = [
        created,
        await user.put(path, json={"title": "Buy tea"}),
        await user.patch(path, json={"title": "Buy tea"}),
        await user.patch(f"{path}/complete"),
    ]
    assert [write.json()["revision"] for write in writes] == [1, 2, 3, 4]
    assert [write.headers["ETag"] for write in writes] == ['"1"', '"2"', '"3"', '"4"']
    assert (await user.get(path)).headers["ETag"] == '"4"'
    assert (await user.get()).headers["ETag"] == '"4"'
    await user.delete(path)
    assert (await user.get()).headers["ETag"] == '"5"'
    assert await stranger.revision() == 1


@pytest.mark.req("TASK-FR-052")
@pytest.mark.usefixtures("accounts")
async def test_an_empty_page_has_the_owners_revision_too(user: User) -> None:
    await user.create()
    assert (await user.get(params={"status": "done"})).headers["ETag"] == '"1"'


@pytest.mark.req("TASK-FR-053")
async def test_writes_at_the_same_time_take_one_revision_each(user: User) -> None:
    responses = await asyncio.gather(*(user.post(json={"title": f"task {n}"}) for n in range(40)))
    tasks = sorted((response.json() for response in responses), key=lambda task: task["revision"])
    first = tasks[0]["revision"]
    assert [task["revision"] for task in tasks] == list(range(first, first + 40))
    assert [task["id"] for task in tasks] == sorted(task["id"] for task in tasks)
    assert [task["created_at"] for task in tasks] == sorted(task["created_at"] for task in tasks)


@pytest.mark.req("TASK-FR-053")
async def test_changes_of_different_members_all_survive(user: User) -> None:
    task = await user.create()
    changes = ({"title": "Buy tea"}, {"description": "Green"}, {"completed": True})
    await asyncio.gather(*(user.patch(task["id"], json=change) for change in changes))
    after = (await user.get(task["id"])).json()
    assert (after["title"], after["description"], after["completed"]) == ("Buy tea", "Green", True)
    assert after["revision"] == task["revision"] + 3


@pytest.mark.req("TASK-FR-053")
async def test_a_task_is_deleted_once(user: User) -> None:
    task = await user.create()
    responses = await asyncio.gather(*(user.delete(task["id"]) for _ in range(10)))
    assert sorted(response.status_code for response in responses) == [204] + [404] * 9


@pytest.mark.req("TASK-FR-054")
async def test_a_write_that_is_not_committed_is_not_acknowledged(
    start_app: StartApp, new_database: NewDatabase
) -> None:
    url = await new_database()
    connection = await asyncpg.connect(url)
    await connection.execute("""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;
        CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT OR UPDATE ON tasks
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.title = 'doomed') EXECUTE FUNCTION refuse();
    """)
    user = User(await start_app(database_url=url))
    task = await user.create("fine")
    assert (await user.post(json={"title": "doomed"})).status_code == 500
    assert (await user.patch(task["id"], json={"title": "doomed"})).status_code == 500
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]
    await connection.close()
