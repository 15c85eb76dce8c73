"""Deleting moves a task to the trash, where it can be restored or deleted permanently."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Connection, User, listed
from tests.support.task_values import FILLED

DATED = ("updated_at", "deleted_at", "revision")


def undated(task: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in task.items() if name not in DATED}


async def trashed(user: User, **members: Any) -> dict[str, Any]:
    """Create a task, move it to the trash, and return it as the trash lists it."""
    task = await user.create(**members)
    assert (await user.delete(task["id"])).status_code == 204
    [found] = [each for each in await user.tasks(trashed=True) if each["id"] == task["id"]]
    return found


@pytest.mark.req("TASK-FR-110", "TASK-FR-111")
async def test_a_deleted_task_is_in_the_trash_unchanged(user: User) -> None:
    task = await user.create(**FILLED)
    other = await user.create()
    await user.delete(task["id"])
    assert await user.tasks() == listed(other)
    [found] = await user.tasks(trashed=True)
    assert undated(found) == undated(*listed(task))
    assert found["deleted_at"] == found["updated_at"] > task["updated_at"]
    assert found["revision"] == other["revision"] + 1


@pytest.mark.req("TASK-FR-111")
async def test_the_trash_is_a_list_like_any_other(user: User) -> None:
    milk, tea, _ = [await trashed(user, title=title, tags=["home"]) for title in ("milk", "tea", "beer")]
    await user.create("milk", tags=["home"])
    assert await user.tasks(trashed="true", search="milk") == [milk]
    assert [each["title"] for each in await user.tasks(trashed="yes", tag="HOME", sort="title")] == [
        "beer",
        "milk",
        "tea",
    ]
    first = (await user.get(params={"trashed": True, "sort": "title", "limit": 2, "total": True})).json()
    assert (first["count"], first["total"]) == (2, 3)
    assert await user.tasks(trashed=True, sort="title", cursor=first["next_cursor"]) == [tea]
    assert (await user.get(params={"total": True})).json()["total"] == 1
    assert len(await user.tasks(trashed=False)) == 1


@pytest.mark.req("TASK-FR-112")
async def test_a_trashed_task_can_only_be_restored_or_deleted_permanently(user: User) -> None:
    task = await trashed(user)
    revision = await user.revision()
    for method, suffix in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("PATCH", "/complete"), ("DELETE", "")):
        for body in ({}, {"title": "Again", "completed": False}, {"completed": True, "recurrence": "FREQ=DAILY"}):
            sent: dict[str, Any] = {} if method in {"GET", "DELETE"} else {"json": body}
            assert (await user.request(method, f"/{task['id']}{suffix}", **sent)).status_code == 404
    assert (await user.tasks(trashed=True), await user.revision()) == ([task], revision)


@pytest.mark.req("TASK-FR-113")
async def test_a_restored_task_is_unchanged(user: User) -> None:
    task = await user.create(**FILLED)
    await user.delete(task["id"])
    response = await user.post(f"/{task['id']}/restore")
    restored = response.json()
    assert (response.status_code, response.headers["ETag"]) == (200, f'"{task["revision"] + 2}"')
    assert undated(restored) == undated(task)
    assert (restored["deleted_at"], restored["revision"]) == (None, task["revision"] + 2)
    assert await user.tasks() == listed(restored)
    assert await user.tasks(trashed=True) == []
    assert (await user.get(task["id"])).json() == restored


@pytest.mark.req("TASK-FR-114")
async def test_restoring_a_task_that_is_not_in_the_trash_changes_nothing(user: User) -> None:
    task = await user.create()
    for _ in range(2):
        response = await user.post(f"/{task['id']}/restore", headers={"If-Match": f'"{task["revision"]}"'})
        assert (response.status_code, response.json()) == (200, task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-113", "TASK-FR-053")
async def test_ten_concurrent_requests_restore_a_task_once(user: User) -> None:
    task = await trashed(user)
    responses = await asyncio.gather(*(user.post(f"/{task['id']}/restore") for _ in range(10)))
    assert {(response.status_code, response.json()["deleted_at"]) for response in responses} == {(200, None)}
    assert len({response.json()["revision"] for response in responses}) == 1


@pytest.mark.req("TASK-FR-065", "TASK-FR-066", "TASK-FR-113", "TASK-FR-115")
@pytest.mark.parametrize(
    ("method", "suffix", "status"), [("POST", "/restore", 200), ("DELETE", "?permanent=true", 204)]
)
async def test_the_etag_of_a_trashed_task_is_checked(user: User, method: str, suffix: str, status: int) -> None:
    task = await trashed(user)
    path = f"/{task['id']}{suffix}"
    refused = await user.request(method, path, headers={"If-Match": f'"{task["revision"] - 1}"'})
    assert (refused.status_code, listed(refused.json()["current"])) == (412, [task])
    assert await user.tasks(trashed=True) == [task]
    done = await user.request(method, path, headers={"If-Match": f'"{task["revision"]}"'})
    assert done.status_code == status
    assert await user.tasks(trashed=True) == []


@pytest.mark.req("TASK-FR-115", "TASK-FR-116")
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.usefixtures("accounts")
async def test_a_permanently_deleted_task_is_gone_from_the_list_and_the_trash(
    user: User, sql: Connection, *, first: bool
) -> None:
    task = await user.create(**FILLED)
    if first:
        await user.delete(task["id"])
    response = await user.delete(task["id"], params={"permanent": "true"})
    assert (response.status_code, response.content) == (204, b"")
    assert await user.tasks() == await user.tasks(trashed=True) == []
    for method, suffix in (("GET", ""), ("DELETE", "?permanent=true"), ("POST", "/restore")):
        assert (await user.request(method, f"/{task['id']}{suffix}")).status_code == 404
    row = dict(await sql.fetchrow("SELECT * FROM tasks WHERE user_id = $1", user.id) or {})
    tombstone_columns = {"user_id", "id", "uid", "created_at", "updated_at", "deleted_at", "revision", "last_event"}
    left = {
        "title": "",
        "priority": 2,
        "tags": [],
        "tag_keys": [],
        **dict.fromkeys(("folded_title", "folded_description", "folded_tags", "title_sort_key"), ""),
        "completed": False,
        "recurrence_from": "due_date",
    }
    assert {name: value for name, value in row.items() if name not in tombstone_columns and value is not None} == left
    assert (row["last_event"], row["revision"]) == ("erased", await user.revision())


@pytest.mark.req("TASK-FR-115")
@pytest.mark.parametrize("value", ["", "perhaps", "2", "null", "\0", "9" * 400])
async def test_an_invalid_value_of_permanent_is_refused(user: User, value: str) -> None:
    task = await user.create()
    assert (await user.delete(task["id"], params={"permanent": value})).status_code == 422
    assert await user.tasks() == listed(task)


@pytest.mark.req("TASK-FR-050", "TASK-FR-110", "TASK-FR-113", "TASK-FR-115")
@pytest.mark.usefixtures("accounts")
async def test_each_step_to_the_end_of_a_task_takes_one_revision(user: User) -> None:
    task = await user.create()
    path = f"/{task['id']}"
    revisions = []
    for method, suffix in (("DELETE", ""), ("POST", "/restore"), ("DELETE", ""), ("DELETE", "?permanent=1")):
        await user.request(method, path + suffix)
        revisions.append(await user.revision())
    assert revisions == [2, 3, 4, 5]
    assert [(await user.request("DELETE", path)).status_code, await user.revision()] == [404, 5]


@pytest.mark.req("TASK-FR-110", "TASK-FR-113")
async def test_concurrent_deletions_and_restorations_leave_a_consistent_task(user: User) -> None:
    task = await user.create(**FILLED)
    path = f"/{task['id']}"
    responses = await asyncio.gather(
        *(user.request(*(("DELETE", path), ("POST", f"{path}/restore"))[n % 2]) for n in range(40))
    )
    assert {response.status_code for response in responses} <= {200, 204, 404}
    [left] = await user.tasks() + await user.tasks(trashed=True)
    assert undated(left) == undated(*listed(task))
