"""Completing tasks."""

import asyncio
from typing import Any

import pytest

from tests.conftest import User


@pytest.mark.req("TASK-FR-016", "TASK-FR-018")
@pytest.mark.parametrize(
    "body", [{}, {"json": {}}, {"content": b"null", "headers": {"Content-Type": "application/json"}}]
)
async def test_without_a_value_the_completion_is_toggled(user: User, body: dict[str, Any]) -> None:
    task = await user.create()
    completed = (await user.patch(f"/{task['id']}/complete", **body)).json()
    assert (completed["completed"], completed["completed_at"]) == (True, completed["updated_at"])
    reopened = (await user.patch(f"/{task['id']}/complete", **body)).json()
    assert (reopened["completed"], reopened["completed_at"]) == (False, None)


@pytest.mark.req("TASK-FR-017", "TASK-FR-018")
async def test_a_value_sets_the_completion_and_can_be_repeated(user: User) -> None:
    task = await user.create()
    first = (await user.patch(f"/{task['id']}/complete", json={"completed": True})).json()
    again = (await user.patch(f"/{task['id']}/complete", json={"completed": True})).json()
    assert first["completed"] is again["completed"] is True
    assert first["completed_at"] == again["completed_at"]
    for _ in range(2):
        reopened = await user.patch(f"/{task['id']}/complete", json={"completed": False})
        assert (reopened.json()["completed"], reopened.json()["completed_at"]) == (False, None)


@pytest.mark.req("TASK-FR-018")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_update_sets_completed_at_too(user: User, method: str) -> None:
    task = await user.create()
    first = (await user.request(method, task["id"], json={"completed": True})).json()
    again = (await user.request(method, task["id"], json={"completed": True, "title": "Buy tea"})).json()
    assert first["completed_at"] == first["updated_at"] == again["completed_at"]
    assert (await user.request(method, task["id"], json={"completed": False})).json()["completed_at"] is None


@pytest.mark.req("TASK-FR-019", "TASK-FR-053")
async def test_thirty_concurrent_toggles_all_count(user: User) -> None:
    task = await user.create()
    responses = await asyncio.gather(*(user.patch(f"/{task['id']}/complete") for _ in range(30)))
    assert {response.status_code for response in responses} == {200}
    revisions = sorted(response.json()["revision"] for response in responses)
    assert revisions == list(range(task["revision"] + 1, task["revision"] + 31))
    states = [response.json()["completed"] for response in sorted(responses, key=lambda each: each.json()["revision"])]
    assert states == [True, False] * 15
    assert (await user.get(task["id"])).json()["completed"] is False


@pytest.mark.req("TASK-FR-019")
async def test_thirty_one_toggles_invert_the_completion(user: User) -> None:
    task = await user.create()
    await asyncio.gather(*(user.patch(f"/{task['id']}/complete") for _ in range(31)))
    assert (await user.get(task["id"])).json()["completed"] is True
