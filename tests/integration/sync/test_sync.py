"""Delta sync: a client that follows `next_since` has what the server has, or gets 410 and loads everything again."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from src.services.purge import purge_trash
from tests.conftest import Connection, User
from tests.support.sync_client import SyncClient

pytestmark = pytest.mark.usefixtures("accounts")  # revisions are small numbers here


async def changes(user: User, since: str | None = None, **query: Any) -> dict[str, Any]:
    response = await user.get("/changes", params=query | ({} if since is None else {"since": since}))
    assert response.status_code == 200, response.text
    page: dict[str, Any] = response.json()
    return page


def titles(page: dict[str, Any]) -> list[str]:
    return [task["title"] for task in page["tasks"]]


async def age_and_purge(app: FastAPI, sql: Connection, user: User) -> None:
    """Make the user's trash a year old, and purge it."""
    await sql.execute(
        "UPDATE tasks SET deleted_at = deleted_at - interval '1 year' WHERE user_id = $1 AND deleted_at IS NOT NULL",
        user.id,
    )
    await purge_trash(app.state.components.database, timedelta(days=300))


async def listed(user: User) -> dict[int, dict[str, Any]]:
    """Read the tasks that a copy should have, by id."""
    return {task["id"]: task for task in await user.tasks()}


def assert_expired(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["type"]) == (410, "urn:problem-type:sync-expired")


@pytest.mark.req("TASK-FR-140")
@pytest.mark.parametrize("since", [None, "0"])
async def test_the_first_load_has_all_tasks_and_marks_the_deleted_ones(user: User, since: str | None) -> None:
    kept, trashed, erased = [await user.create(title) for title in ("Kept", "Trashed", "Erased")]
    await user.delete(trashed["id"])
    await user.delete(erased["id"], params={"permanent": True})
    page = await changes(user, since)
    assert [task["id"] for task in page["tasks"]] == [kept["id"], trashed["id"], erased["id"]]
    assert [task["deleted_at"] is None for task in page["tasks"]] == [True, False, False]
    assert page["tasks"][:1] == await user.tasks()
    assert (page["next_since"], page["more"]) == ("5", False)


@pytest.mark.req("TASK-FR-141")
async def test_each_changed_task_comes_once_as_it_is_now_in_the_order_of_the_changes(user: User) -> None:
    first, second, _ = [await user.create(title) for title in ("First", "Second", "Third")]
    since = (await changes(user))["next_since"]
    assert await changes(user, since) == {"tasks": [], "next_since": since, "more": False}
    for title in ("Second again", "Second at last"):
        await user.patch(second["id"], json={"title": title})
    await user.patch(first["id"], json={"title": "First at last"})
    page = await changes(user, since)
    assert titles(page) == ["Second at last", "First at last"]
    assert await changes(user, page["next_since"]) == {"tasks": [], "next_since": "6", "more": False}


@pytest.mark.req("TASK-FR-142")
async def test_pages_hold_up_to_the_limit_and_say_whether_there_is_more(user: User) -> None:
    for number in range(5):
        await user.create(f"{number}")
    page = await changes(user, limit=2)
    assert (titles(page), page["next_since"], page["more"]) == (["0", "1"], "2", True)
    page = await changes(user, page["next_since"], limit=2)
    assert (titles(page), page["more"]) == (["2", "3"], True)
    page = await changes(user, page["next_since"], limit=1)
    assert (titles(page), page["next_since"], page["more"]) == (["4"], "5", False)


@pytest.mark.req("TASK-FR-142")
async def test_a_page_holds_a_thousand_tasks_by_default(user: User, sql: Connection) -> None:
    await user.create()
    await sql.execute(
        "INSERT INTO tasks (user_id, title, created_at, updated_at, revision)"
        " SELECT $1, 'Buy milk', now(), now(), generate_series(2, 1001)",
        user.id,
    )
    await sql.execute("UPDATE users SET revision = 1001 WHERE id = $1", user.id)
    page = await changes(user)
    assert (len(page["tasks"]), page["next_since"], page["more"]) == (1000, "1000", True)
    assert [task["revision"] for task in page["tasks"]] == list(range(1, 1001))


@pytest.mark.req("TASK-FR-142")
@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", ""])
async def test_an_invalid_limit_is_refused(user: User, limit: str) -> None:
    assert (await user.get("/changes", params={"limit": limit})).status_code == 422


@pytest.mark.req("TASK-FR-143")
@pytest.mark.parametrize("limit", [1, 3])
async def test_a_reader_misses_no_change_of_concurrent_writers(user: User, limit: int) -> None:
    tasks = [await user.create(f"{number}") for number in range(6)]

    async def write(number: int) -> None:
        for step in range(20):
            match step % 4:
                case 0:
                    await user.create(f"{number} {step}")
                case 1:
                    await user.patch(f"/{tasks[number]['id']}/complete")
                case 2:
                    await user.patch(tasks[step % 6]["id"], json={"title": f"{number} {step}"})
                case 3:
                    await user.delete(tasks[number]["id"] if step == 19 else 0)

    reader, seen = SyncClient(user, limit=limit), 0
    writers = [asyncio.create_task(write(number)) for number in range(6)]
    while not all(writer.done() for writer in writers):
        await reader.pull_page()
        revision = int(reader.since)
        assert revision >= seen
        seen = revision
    await asyncio.gather(*writers)
    await reader.pull()
    assert reader.tasks == await listed(user)
    assert reader.loads == 1


@pytest.mark.req("TASK-FR-144")
async def test_a_client_that_is_up_to_date_stays_so_when_the_trash_is_purged(
    app: FastAPI, sql: Connection, user: User
) -> None:
    task = await user.create()
    await user.delete(task["id"])
    client = SyncClient(user)
    await client.pull()
    await age_and_purge(app, sql, user)
    page = await changes(user, client.since)
    assert page == {"tasks": [], "next_since": "3", "more": False}
    assert await changes(user) == page


@pytest.mark.req("TASK-FR-145")
async def test_a_client_that_missed_a_purged_deletion_must_start_over(
    app: FastAPI, sql: Connection, user: User
) -> None:
    task, _ = await user.create(), await user.create("Kept")
    client = SyncClient(user)
    await client.pull()
    await user.delete(task["id"])
    await age_and_purge(app, sql, user)
    refusal = await user.get("/changes", params={"since": client.since})
    assert_expired(refusal)
    assert "load everything again" in refusal.json()["detail"]
    assert_expired(await user.get("/changes", params={"since": client.since}, headers={"If-None-Match": '"4"'}))
    await client.pull()
    assert (client.tasks, client.loads) == (await listed(user), 2)


@pytest.mark.req("TASK-FR-145", "TASK-FR-146")
async def test_a_purge_during_a_first_load_makes_the_client_start_over(
    app: FastAPI, sql: Connection, user: User
) -> None:
    loaded, _, last = [await user.create(title) for title in ("Loaded", "Second", "Last")]
    client = SyncClient(user, limit=1)
    await client.pull_page()
    assert client.tasks == {loaded["id"]: (await user.tasks())[-1]}
    await user.delete(loaded["id"])
    await user.patch(last["id"], json={"title": "Last of all"})
    await age_and_purge(app, sql, user)
    assert_expired(await user.get("/changes", params={"since": client.since}))
    await client.pull()
    assert client.tasks == await listed(user)


@pytest.mark.req("TASK-FR-146")
async def test_a_first_load_may_stop_at_revisions_before_the_last_purge(
    app: FastAPI, sql: Connection, user: User
) -> None:
    for number in range(4):
        await user.create(f"{number}")
    gone = await user.create("Gone")
    await user.delete(gone["id"])
    await age_and_purge(app, sql, user)
    page = await changes(user, limit=2)
    assert (page["next_since"], page["more"]) == ("2-6", True)
    assert titles(await changes(user, "2-6")) == ["2", "3"]
    assert_expired(await user.get("/changes", params={"since": "2"}))
    assert_expired(await user.get("/changes", params={"since": "2-5"}))
    client = SyncClient(user, limit=1)
    await client.pull()
    assert (client.tasks, client.loads, client.since) == (await listed(user), 1, "7")


@pytest.mark.req("TASK-FR-147")
async def test_a_user_without_writes_has_no_changes(user: User) -> None:
    assert await changes(user) == {"tasks": [], "next_since": "0", "more": False}


@pytest.mark.req("TASK-FR-147")
async def test_a_sync_token_ahead_of_the_database_is_expired(user: User) -> None:
    assert_expired(await user.get("/changes", params={"since": "1"}))
    await user.create()
    assert (await user.get("/changes", params={"since": "1"})).status_code == 200
    for since in ("2", "9" * 18):
        assert_expired(await user.get("/changes", params={"since": since}))


@pytest.mark.req("TASK-FR-148")
@pytest.mark.parametrize(
    "since", ["", "x", "-1", "1.5", "+1", " 1", "1-", "-1-2", "1-2-3", "1_0", "٣", "9" * 19, "1-" + "9" * 19, "1\x00"]
)
async def test_an_invalid_sync_token_is_refused(user: User, since: str) -> None:
    await user.create()
    for path in ("/changes", "/events"):
        response = await user.get(path, params={"since": since})
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["since"]
    assert (await user.get("/events", headers={"Last-Event-ID": since.encode()})).status_code == 422


@pytest.mark.req("TASK-FR-149")
async def test_a_client_that_is_up_to_date_gets_304_without_a_body(user: User) -> None:
    task = await user.create()
    response = await user.get("/changes", params={"since": "1"})
    assert response.headers["ETag"] == '"1"'
    if_none_match = {"If-None-Match": response.headers["ETag"]}
    response = await user.get("/changes", params={"since": "1"}, headers=if_none_match)
    assert (response.status_code, response.content, response.headers["ETag"]) == (304, b"", '"1"')
    await user.patch(task["id"], json={"title": "Buy tea"})
    response = await user.get("/changes", params={"since": "1"}, headers=if_none_match)
    assert (response.status_code, response.headers["ETag"], titles(response.json())) == (200, '"2"', ["Buy tea"])


@pytest.mark.req("TASK-FR-149")
async def test_only_the_last_page_has_an_etag_as_304_would_hide_the_next_page(user: User) -> None:
    for _ in range(3):
        await user.create()
    response = await user.get("/changes", params={"limit": 2})
    assert (response.json()["more"], "ETag" in response.headers) == (True, False)
    response = await user.get("/changes", params={"limit": 2, "since": response.json()["next_since"]})
    assert (titles(response.json()), response.headers["ETag"]) == (["Buy milk"], '"3"')


@pytest.mark.req("TASK-FR-033", "TASK-FR-140")
async def test_changes_of_other_users_are_not_visible(user: User, stranger: User) -> None:
    await stranger.create()
    assert titles(await changes(user)) == []
    for path in ("/changes", "/events"):
        assert (await user.http.get(f"{stranger.path}{path}")).status_code == 403


@pytest.mark.req("TASK-FR-066", "TASK-FR-141")
async def test_offline_edits_are_pushed_later_and_conflicts_are_detected(user: User) -> None:
    mine, theirs, gone = [await user.create(title) for title in ("Mine", "Theirs", "Gone")]
    client = SyncClient(user)
    await client.pull()
    client.edit(mine["id"], title="Mine, edited")
    client.edit(mine["id"], completed=True)
    client.edit(theirs["id"], title="Mine, too late")
    client.edit(gone["id"], title="Mine, far too late")
    await user.patch(theirs["id"], json={"title": "Theirs, edited"})
    await user.delete(gone["id"])
    current = (await listed(user))[theirs["id"]]
    conflicts = await client.push()
    assert [(each.edit.task_id, each.current) for each in conflicts] == [(theirs["id"], current), (gone["id"], None)]
    await client.pull()
    assert client.tasks == await listed(user)
    assert client.tasks[mine["id"]]["title"] == "Mine, edited"
    assert client.tasks[mine["id"]]["completed"]
    client.delete(theirs["id"])
    assert await client.push() == []
    assert (await user.get(theirs["id"])).status_code == 404
