"""Parity of bulk operations and single requests: both leave the same tasks."""

import asyncio
import operator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import User
from tests.support.task_values import SET_BY_SERVER, VALUES

type Placed = tuple[int, dict[str, Any]]
"""An operation on one of the first tasks or, below zero, on a task that does not exist."""

TASKS = 3
every = {name: st.sampled_from(values) for name, values in VALUES.items()}
zone = st.sampled_from([{}, {"tz": "America/New_York"}])
members = st.fixed_dictionaries({}, optional=every)
changes = st.builds(lambda changes, zone: changes | zone if changes else changes, members, zone)
beginning = st.fixed_dictionaries(every)
new = changes.map(lambda task: {"op": "create", "task": {"title": "new"} | task})
toggle = st.just({"op": "complete", "completed": None})
completion = toggle | st.builds(lambda done, zone: {"op": "complete", "completed": done} | zone, st.booleans(), zone)
change = st.one_of(
    completion,
    completion,
    changes.map(lambda changes: {"op": "update", "changes": changes}),
    st.sampled_from([{"op": "delete", "permanent": permanent} for permanent in (False, False, True)]),
    st.just({"op": "restore"}),
    st.builds(operator.or_, st.just({"op": "skip"}), zone),
)
operation = st.tuples(st.integers(0, TASKS - 1), change) | st.tuples(st.just(-1), new)


class Actor:
    """A user with some tasks, and the two ways to apply operations: in bulks, or one by one."""

    def __init__(self, user: User) -> None:
        self.user = user

    async def begin(self, tasks: list[dict[str, Any]]) -> None:
        self.ids = [(await self.user.create(**task))["id"] for task in tasks]

    async def via_bulk(self, operations: list[Placed]) -> list[object]:
        """Apply the operations in bulks with each task once, and return the results without ids and times."""
        responses: list[object] = []
        for part in parts(operations):
            named = [each if index < 0 else each | {"id": self.ids[index]} for index, each in part]
            response = await self.user.post("/bulk", json={"operations": named, "atomic": False})
            responses += [(each["status"], comparable(each["task"])) for each in response.json()["results"]]
        return responses

    async def one_by_one(self, operations: list[Placed]) -> list[object]:
        return [await self._alone(0 if index < 0 else self.ids[index], each) for index, each in operations]

    async def everything(self) -> object:
        lists = [await self.user.tasks(sort="updated_at", trashed=trashed) for trashed in (False, True)]
        return [comparable(task) for tasks in lists for task in tasks], await self.user.revision()

    async def _alone(self, task_id: int, operation: dict[str, Any]) -> object:
        response = await send(self.user, task_id, operation)
        return response.status_code, comparable(response.json() if response.status_code in {200, 201} else None)


async def send(user: User, task_id: int, operation: dict[str, Any]) -> httpx.Response:
    """Apply the operation as a request of its own."""
    path, zone = f"/{task_id}", {name: value for name, value in operation.items() if name == "tz"}
    match operation:
        case {"op": "create", "task": task}:
            return await user.post(json=task)
        case {"op": "update", "changes": changes}:
            return await user.patch(path, json=changes)
        case {"op": "complete", "completed": completed}:
            return await user.patch(
                f"{path}/complete", json=({} if completed is None else {"completed": completed}) | zone
            )
        case {"op": "delete", "permanent": permanent}:
            return await user.delete(path, params={"permanent": permanent})
    return await user.post(f"{path}/{operation['op']}", json=zone or None)


def parts(operations: list[Placed]) -> list[list[Placed]]:
    """Split the operations, in their order, before a task would occur again."""
    cut: list[list[Placed]] = [[]]
    for index, each in operations:
        if index >= 0 and any(index == earlier for earlier, _ in cut[-1]):
            cut.append([])
        cut[-1].append((index, each))
    return [part for part in cut if part]


def comparable(task: dict[str, Any] | None) -> dict[str, Any] | None:
    if task is None:
        return None
    dates = {name: task[name] and task[name] == task["updated_at"] for name in ("completed_at", "deleted_at")}
    stored = {name: value for name, value in task.items() if name not in SET_BY_SERVER}
    return stored | dates | {"next_task": comparable(task.get("next_task"))}


@pytest.mark.req("TASK-FR-131")
@settings(max_examples=40, deadline=None)
@given(
    tasks=st.lists(beginning, min_size=TASKS, max_size=TASKS), operations=st.lists(operation, min_size=6, max_size=20)
)
async def test_a_bulk_operation_has_the_same_effect_as_a_request(
    app: FastAPI, tasks: list[dict[str, Any]], operations: list[Placed]
) -> None:
    alone, in_bulk = Actor(User(app)), Actor(User(app))
    for side in (alone, in_bulk):
        await side.begin(tasks)
    one_by_one, via_bulk = await asyncio.gather(alone.one_by_one(operations), in_bulk.via_bulk(operations))
    assert one_by_one == via_bulk
    assert await alone.everything() == await in_bulk.everything()
