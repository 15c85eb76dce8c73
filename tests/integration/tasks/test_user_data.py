"""`python -m src user`: all data of a user is exported, erased or moved to another user."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import Connection, NewDatabase, User
from tests.support.commands import assert_one_sentence, invoke
from tests.support.programs import sql as query
from tests.support.sse_client import Stream, served
from tests.support.sync_client import SyncClient
from tests.support.tokens import SECRET

USAGE = "task_count, task_bytes FROM users WHERE id = $1"


async def command(folder: Path, url: str, *arguments: str, **settings: str) -> str:
    environment = {"DATABASE_URL": url} | settings  # these commands verify no tokens
    ended = await asyncio.to_thread(invoke, folder, "user", *arguments, **environment)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    return ended.stdout


async def synced(user: User) -> SyncClient:
    client = SyncClient(user)
    await client.pull()
    return client


def assert_expired(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["type"]) == (410, "urn:problem-type:sync-expired")


async def rows(sql: Connection, table: str, user: User) -> int:
    count: int = await sql.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = $1", user.id)  # noqa: S608 - a table
    return count


@pytest.mark.req("RUN-FR-080", "RUN-FR-090")
async def test_export_writes_the_settings_and_all_tasks_as_the_api_does(
    user: User, stranger: User, database_url: str, tmp_path: Path
) -> None:
    await stranger.create()
    tasks = [await user.create(f"Übung {number}", tags=["a"]) for number in range(250)]
    await user.delete(tasks[0]["id"])
    await user.delete(tasks[1]["id"], params={"permanent": True})
    await user.http.put(f"/api/{user.id}/settings", json={"time_zone": "Europe/Paris"})
    exported = json.loads(await command(tmp_path, database_url, "export", user.id))
    assert (exported["user_id"], exported["settings"]) == (user.id, {"time_zone": "Europe/Paris"})
    stored = [*await user.tasks(limit=1000), *await user.tasks(trashed=True)]
    assert exported["tasks"] == sorted(stored, key=lambda task: task["id"])
    unknown = json.loads(await command(tmp_path, database_url, "export", "nobody"))
    assert unknown == {"user_id": "nobody", "settings": {"time_zone": None}, "tasks": []}


@pytest.mark.req("RUN-FR-081", "RUN-FR-082")
@pytest.mark.parametrize("is_account", [False, True])
async def test_erase_leaves_nothing_but_the_account_and_expires_all_copies(
    user: User, stranger: User, sql: Connection, database_url: str, tmp_path: Path, *, is_account: bool
) -> None:
    kept = await stranger.create()
    await user.post(json={"title": "a"}, headers={"Idempotency-Key": "key"})
    await user.delete((await user.create())["id"], params={"permanent": True})
    await user.http.put(f"/api/{user.id}/settings", json={"time_zone": "Europe/Paris"})
    copy, etag = await synced(user), (await user.get()).headers["ETag"]
    if is_account:
        await sql.execute("UPDATE users SET email = id || '@example.com' WHERE id = $1", user.id)
    assert await command(tmp_path, database_url, "erase", user.id, "--yes") == "Erased 1 task.\n"
    assert [await rows(sql, table, user) for table in ("tasks", "idempotency_records")] == [0, 0]
    left = await sql.fetchrow(f"SELECT email IS NULL, time_zone, {USAGE}", user.id)
    assert tuple(left or ()) == ((False, None, 0, 0) if is_account else ())
    assert_expired(await user.get("/changes", params={"since": copy.since}))
    assert (await user.get(headers={"If-None-Match": etag})).json()["tasks"] == []
    assert await command(tmp_path, database_url, "erase", user.id, "--yes") == "Erased 0 tasks.\n"
    assert (await user.create())["title"] == "Buy milk"
    assert_expired(await user.get("/changes", params={"since": copy.since}))
    assert [task["id"] for task in await stranger.tasks()] == [kept["id"]]


@pytest.mark.req("RUN-FR-083")
async def test_erase_asks_for_confirmation(user: User, database_url: str, tmp_path: Path) -> None:
    await user.create()
    environment = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET}
    for arguments in (["erase", user.id], ["move", user.id, "other"]):
        ended = await asyncio.to_thread(invoke, tmp_path, "user", *arguments, **environment)
        assert (ended.returncode, ended.stderr) == (1, "Aborted.\n")
    assert len(await user.tasks()) == 1


@pytest.mark.req("RUN-FR-084", "RUN-FR-085", "TASK-FR-322")
@pytest.mark.parametrize("reverse", [False, True])
async def test_move_gives_all_tasks_to_another_user_whose_clients_get_them_as_changes(
    user: User, stranger: User, sql: Connection, database_url: str, tmp_path: Path, *, reverse: bool
) -> None:
    sender, receiver = sorted((user, stranger), key=lambda each: each.id, reverse=reverse)
    await receiver.create("own")
    first = await sender.create("first", due_date="2999-01-01", recurrence="FREQ=DAILY")
    following = (await sender.patch(f"/{first['id']}/complete", json={})).json()["next_task"]
    await sender.delete((await sender.create("trashed"))["id"])
    await sender.delete((await sender.create("erased"))["id"], params={"permanent": True})
    await sender.http.put(f"/api/{sender.id}/settings", json={"time_zone": "Europe/Paris"})
    copies = [await synced(each) for each in (sender, receiver)]
    arguments = ("move", sender.id, receiver.id, "--yes")
    assert await command(tmp_path, database_url, *arguments) == "Moved 3 tasks.\n"
    await copies[1].pull()
    assert {task["title"] for task in copies[1].tasks.values()} == {"own", "first"}
    assert copies[1].tasks == {task["id"]: task for task in await receiver.tasks()}
    assert {first["id"], following["id"]} < copies[1].tasks.keys()
    assert {task["user_id"] for task in await receiver.tasks()} == {receiver.id}
    assert_expired(await sender.get("/changes", params={"since": copies[0].since}))
    assert (await sender.tasks(), await receiver.revision()) == ([], 4)
    assert tuple(await sql.fetchrow(f"SELECT {USAGE}", sender.id) or ()) == (0, 0)
    stored = await sql.fetchrow(f"SELECT time_zone, {USAGE}", receiver.id)
    assert tuple(stored or ()) == ("Europe/Paris", 4, 3 + 5 + 5 + 7)
    assert await command(tmp_path, database_url, *arguments) == "Moved 0 tasks.\n"
    assert await receiver.revision() == 4
    reopened = await receiver.patch(f"/{first['id']}/complete", json={"completed": False})
    assert (reopened.json()["next_task"], len(await receiver.tasks())) == (None, 2)


@pytest.mark.req("RUN-FR-086")
async def test_move_refuses_what_exceeds_the_quota_and_one_user_for_both(
    user: User, stranger: User, database_url: str, tmp_path: Path
) -> None:
    for _ in range(2):
        await user.create()
        await stranger.create()
    environment = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "TASKS_PER_USER": "3"}
    for receiver, sentence in (
        (stranger.id, "Nothing was moved: This would exceed the quota of 3 tasks"),
        (user.id, "the same"),
    ):
        ended = await asyncio.to_thread(invoke, tmp_path, "user", "move", user.id, receiver, "--yes", **environment)
        assert_one_sentence(ended, sentence)
    assert [len(await each.tasks()) for each in (user, stranger)] == [2, 2]
    assert await command(tmp_path, database_url, "move", "nobody", "none", "--yes") == "Moved 0 tasks.\n"
    assert await asyncio.to_thread(query, database_url, "SELECT count(*) FROM users WHERE id = 'none'") == 0


@pytest.mark.req("RUN-FR-087")
async def test_moves_while_both_users_write_lose_and_double_nothing(
    user: User, stranger: User, sql: Connection, database_url: str, tmp_path: Path
) -> None:
    created: set[int] = set()

    async def write(owner: User) -> None:
        for number in range(40):
            created.add((task := await owner.create(f"{number}"))["id"])
            response = await owner.patch(task["id"], json={"title": "changed"})
            assert response.status_code in {200, 404}

    async def move(*users: User) -> None:
        for _ in range(6):
            await command(tmp_path, database_url, "move", *(each.id for each in users), "--yes")

    copies = [await synced(each) for each in (user, stranger)]
    await asyncio.gather(write(user), write(stranger), move(user, stranger))
    await asyncio.gather(move(stranger, user), write(stranger))
    tasks = [task for each in (user, stranger) for task in await each.tasks(limit=1000)]
    assert sorted(task["id"] for task in tasks) == sorted(created)
    for copy, owner in zip(copies, (user, stranger), strict=True):
        await copy.pull()
        assert copy.tasks == {task["id"]: task for task in await owner.tasks(limit=1000)}
        counted = await sql.fetchrow(f"SELECT {USAGE}", owner.id)
        assert tuple(counted or ()) == (len(copy.tasks), sum(len(task["title"]) for task in copy.tasks.values()))


@pytest.mark.req("RUN-FR-082", "RUN-FR-085")
async def test_streams_of_an_erased_user_end_and_those_of_a_receiver_continue(
    user: User, stranger: User, app: FastAPI, database_url: str, tmp_path: Path
) -> None:
    await user.create("moved")
    await stranger.create("own")
    async with served(app) as url, Stream(url, user) as of_sender, Stream(url, stranger) as of_receiver:
        await command(tmp_path, database_url, "move", user.id, stranger.id, "--yes")
        event = await of_receiver.next()
        assert (event.task["title"], event.task["user_id"]) == ("moved", stranger.id)
        assert await of_sender.block() == {}
        await command(tmp_path, database_url, "erase", stranger.id, "--yes")
        assert await of_receiver.block() == {}
        async with Stream(url, stranger, {"Last-Event-ID": of_receiver.id}) as resumed:
            status = resumed.response.status_code
    assert status == 410


@pytest.mark.req("RUN-FR-088")
async def test_user_commands_say_in_one_sentence_why_they_failed(tmp_path: Path, new_database: NewDatabase) -> None:
    unreachable = {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:9/x", "BETTER_AUTH_SECRET": SECRET}
    empty = unreachable | {"DATABASE_URL": await new_database(migrated=False)}
    for arguments, failure in (
        (["export", "a"], "The export is incomplete: "),
        (["erase", "a", "--yes"], "Nothing was erased: "),
        (["move", "a", "b", "--yes"], "Nothing was moved: "),
    ):
        ended = await asyncio.to_thread(invoke, tmp_path, "user", *arguments, **empty)
        assert_one_sentence(ended, failure + "The database schema is older")
    assert_one_sentence(await asyncio.to_thread(invoke, tmp_path, "user", "export", "a", **unreachable), "The")
