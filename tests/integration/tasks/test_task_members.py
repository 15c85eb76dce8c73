"""Every member of a task is stored, returned, inherited and deleted, whichever request it comes with."""

from typing import Any

import pytest

from tests.conftest import Connection, User
from tests.support.task_values import FILLED, SET_BY_SERVER, VALUES

NEW = {name: values[0] for name, values in VALUES.items()}
BOOKKEEPING = {"id", "uid", "created_at", "updated_at", "deleted_at", "revision"}


def members(task: dict[str, Any]) -> dict[str, Any]:
    return {name: task.get(name) for name in VALUES}


async def bulk(user: User, **operation: Any) -> dict[str, Any]:
    [result] = (await user.post("/bulk", json={"operations": [operation]})).json()["results"]
    assert result["problem"] is None, result
    return members(result["task"] or {})


async def tombstone(user: User, sql: Connection) -> dict[str, Any]:
    """Return the only row of a user, without its identifying columns."""
    [row] = await sql.fetch("SELECT * FROM tasks WHERE user_id = $1", user.id)
    return {name: value for name, value in row.items() if name not in BOOKKEEPING | {"user_id"}}


@pytest.mark.req("TASK-FR-002", "TASK-FR-011", "TASK-FR-140")
async def test_a_created_task_has_every_member_wherever_it_is_read(user: User) -> None:
    created = await user.create(**FILLED)
    assert members(created) == FILLED
    assert created.keys() == VALUES.keys() | SET_BY_SERVER | {"next_task"}
    assert members((await user.get(created["id"])).json()) == FILLED
    assert [members(task) for task in await user.tasks()] == [FILLED]
    assert [members(task) for task in (await user.get("/changes")).json()["tasks"]] == [FILLED]


@pytest.mark.req("TASK-FR-005", "TASK-FR-006")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("name", VALUES)
async def test_each_member_can_be_set_and_no_other_changes(user: User, method: str, name: str) -> None:
    task = await user.create(**NEW)
    response = await user.request(method, task["id"], json={name: FILLED[name]})
    assert members(response.json()) == NEW | {name: FILLED[name]}


@pytest.mark.req("TASK-FR-131")
async def test_a_bulk_writes_every_member(user: User) -> None:
    assert await bulk(user, op="create", task=FILLED) == FILLED
    task = await user.create(**NEW)
    changes = {name: value for name, value in FILLED.items() if name != "completed"}
    assert await bulk(user, op="update", id=task["id"], changes=changes) == FILLED | {"completed": False}
    assert members((await user.get(task["id"])).json()) == FILLED | {"completed": False}


@pytest.mark.req("TASK-FR-131")
async def test_a_bulk_leaves_every_member_that_it_does_not_name(user: User) -> None:
    task = await user.create(**FILLED)
    assert await bulk(user, op="complete", id=task["id"], completed=False) == FILLED | {"completed": False}


@pytest.mark.req("TASK-FR-105")
async def test_the_next_task_inherits_every_member(user: User) -> None:
    task = await user.create(**FILLED | {"completed": False})
    next_task = (await user.patch(f"/{task['id']}/complete")).json()["next_task"]
    changed = {"completed": False, "recurrence": "FREQ=DAILY;COUNT=1", "due_date": next_task["due_date"]}
    assert members(next_task) == FILLED | changed


@pytest.mark.req("TASK-FR-116")
@pytest.mark.parametrize("in_bulk", [False, True])
async def test_permanent_deletion_leaves_no_member(user: User, stranger: User, sql: Connection, in_bulk: bool) -> None:  # noqa: FBT001 - a parameter
    for each, content in ((user, FILLED), (stranger, NEW)):
        task = await each.create(**content)
        if in_bulk:
            await bulk(each, op="delete", id=task["id"], permanent=True)
        else:
            await each.delete(task["id"], params={"permanent": True})
    assert await tombstone(user, sql) == await tombstone(stranger, sql)
