"""Completing a recurring task creates the next one exactly once, by every route."""

import asyncio
from typing import Any

import pytest

from tests.conftest import User, listed
from tests.support.task_values import FILLED

RECURRING: dict[str, Any] = FILLED | {
    "title": "Water the plants",
    "completed": False,
    "recurrence": "FREQ=DAILY;INTERVAL=2",
    "recurrence_from": "due_date",
    "due_date": "2999-01-01",
}
WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "/complete", {}),
    ("PATCH", "/complete", {"json": {"completed": True}}),
    ("PATCH", "", {"json": {"completed": True}}),
    ("PUT", "", {"json": {"completed": True, "recurrence": "FREQ=DAILY;INTERVAL=2"}}),
]


async def completed(user: User, task: dict[str, Any], **options: Any) -> dict[str, Any]:
    response = await user.patch(f"/{task['id']}/complete", json={"completed": True}, **options)
    assert response.status_code == 200, response.text
    completion: dict[str, Any] = response.json()
    return completion


@pytest.mark.req("TASK-FR-105", "TASK-FR-106", "TASK-FR-050")
@pytest.mark.parametrize(("method", "suffix", "body"), WAYS)
async def test_completing_a_recurring_task_creates_the_next_one(
    user: User, method: str, suffix: str, body: dict[str, Any]
) -> None:
    task = await user.create(**RECURRING)
    response = await user.request(method, f"/{task['id']}{suffix}", **body)
    done = response.json()
    following = done["next_task"]
    assert (response.status_code, response.headers["ETag"]) == (200, f'"{task["revision"] + 1}"')
    assert (done["completed"], done["completed_at"]) == (True, done["updated_at"])
    assert {name: following[name] for name in RECURRING} == RECURRING | {"due_date": "2999-01-03"}
    assert (following["completed"], following["completed_at"], following["deleted_at"]) == (False, None, None)
    assert following["created_at"] == following["updated_at"] == done["updated_at"]
    assert following["id"] > task["id"]
    assert (done["revision"], following["revision"]) == (task["revision"] + 1, task["revision"] + 2)
    assert await user.revision() == task["revision"] + 2
    assert await user.tasks() == [following, *listed(done)]
    assert (await user.get(task["id"])).json() == done


@pytest.mark.req("TASK-FR-105")
async def test_the_next_task_recurs_too(user: User) -> None:
    task = await user.create(**RECURRING)
    days = []
    for _ in range(4):
        task = (await completed(user, task))["next_task"]
        days.append(task["due_date"])
    assert days == ["2999-01-03", "2999-01-05", "2999-01-07", "2999-01-09"]


@pytest.mark.req("TASK-FR-105")
async def test_members_that_are_set_with_the_completion_apply_to_the_next_task(user: User) -> None:
    task = await user.create("Buy milk")
    changes = {"completed": True, "recurrence": "FREQ=DAILY", "due_date": "2999-01-01", "title": "Buy tea"}
    following = (await user.patch(task["id"], json=changes)).json()["next_task"]
    assert (following["title"], following["due_date"]) == ("Buy tea", "2999-01-02")
    ended = await user.patch(following["id"], json={"completed": True, "recurrence": None})
    assert (ended.json()["completed"], ended.json()["next_task"]) == (True, None)


@pytest.mark.req("TASK-FR-104", "TASK-FR-106")
async def test_nothing_follows_the_last_occurrence(user: User) -> None:
    task = await user.create("Buy milk", due_date="2999-01-01", recurrence="FREQ=DAILY;COUNT=2")
    last = (await completed(user, task))["next_task"]
    done = await completed(user, last)
    assert (last["recurrence"], done["completed"], done["next_task"]) == ("FREQ=DAILY;COUNT=1", True, None)
    assert done["revision"] == last["revision"] + 1 == await user.revision()


@pytest.mark.req("TASK-FR-107")
async def test_a_task_gets_one_next_task_however_often_it_is_completed(user: User) -> None:
    task = await user.create(**RECURRING)
    following = (await completed(user, task))["next_task"]
    assert (await completed(user, task))["next_task"] == following
    following = (await user.patch(following["id"], json={"title": "Just the cactus"})).json()
    for body in ({}, {}, {"json": {"completed": False}}, {"json": {"completed": True}}):
        repeated = (await user.patch(f"/{task['id']}/complete", **body)).json()
        assert [repeated["next_task"]] == listed(following)
    assert [(await user.patch(task["id"], json={"completed": False})).json()["next_task"]] == listed(following)
    changes = {"completed": True, "recurrence": "FREQ=WEEKLY"}
    assert [(await user.put(task["id"], json=changes)).json()["next_task"]] == listed(following)
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-107", "TASK-FR-053")
@pytest.mark.parametrize(("method", "suffix", "body"), WAYS[1:])
async def test_twenty_concurrent_completions_create_one_next_task(
    user: User, method: str, suffix: str, body: dict[str, Any]
) -> None:
    task = await user.create(**RECURRING)
    responses = await asyncio.gather(*(user.request(method, f"/{task['id']}{suffix}", **body) for _ in range(20)))
    assert {response.status_code for response in responses} == {200}
    assert len({response.json()["next_task"]["id"] for response in responses}) == 1
    assert len({response.json()["revision"] for response in responses}) == 20
    assert len(await user.tasks()) == 2
    assert await user.revision() == task["revision"] + 21


@pytest.mark.req("TASK-FR-107", "TASK-FR-019")
async def test_concurrent_toggles_create_one_next_task(user: User) -> None:
    task = await user.create(**RECURRING)
    await asyncio.gather(*(user.patch(f"/{task['id']}/complete") for _ in range(21)))
    assert (await user.get(task["id"])).json()["completed"] is True
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-067", "TASK-FR-107")
async def test_of_twenty_completions_of_one_revision_one_wins(user: User) -> None:
    task = await user.create(**RECURRING)
    if_match = {"If-Match": f'"{task["revision"]}"'}
    responses = await asyncio.gather(*(user.patch(f"/{task['id']}/complete", headers=if_match) for _ in range(20)))
    assert sorted(response.status_code for response in responses) == [200] + [412] * 19
    [won] = [response.json() for response in responses if response.status_code == 200]
    assert all(response.json()["current"] == won for response in responses if response.status_code == 412)
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-108")
async def test_a_task_that_is_created_completed_does_not_recur(user: User) -> None:
    task = await user.create(**RECURRING | {"completed": True})
    assert (task["completed"], task["next_task"]) == (True, None)
    assert await user.tasks() == listed(task)
    await user.patch(f"/{task['id']}/complete", json={"completed": False})
    assert (await completed(user, task))["next_task"]["due_date"] == "2999-01-03"


@pytest.mark.req("TASK-FR-109")
async def test_the_next_task_is_shown_in_its_current_state_unless_it_is_deleted(user: User) -> None:
    task = await user.create(**RECURRING)
    following = (await completed(user, task))["next_task"]
    following = (await user.patch(following["id"], json={"title": "Just the cactus"})).json()
    assert [(await user.get(task["id"])).json()["next_task"]] == listed(following)
    await user.delete(following["id"])
    assert (await user.get(task["id"])).json()["next_task"] is None
    assert (await completed(user, task))["next_task"] is None
    restored = (await user.post(f"/{following['id']}/restore")).json()
    assert [(await user.get(task["id"])).json()["next_task"]] == listed(restored)
    await user.delete(following["id"], params={"permanent": True})
    assert (await completed(user, task))["next_task"] is None
    assert len(await user.tasks()) == 1


@pytest.mark.req("TASK-FR-107")
async def test_a_restored_task_still_has_its_next_task(user: User) -> None:
    task = await user.create(**RECURRING)
    following = (await completed(user, task))["next_task"]
    await user.delete(task["id"])
    restored = (await user.post(f"/{task['id']}/restore")).json()
    assert (restored["completed"], restored["next_task"]) == (True, following)
    assert (await completed(user, task))["next_task"] == following


@pytest.mark.req("TASK-FR-034", "TASK-FR-105")
async def test_completing_another_users_recurring_task_is_refused(user: User, stranger: User) -> None:
    theirs = await stranger.create(**RECURRING)
    for method, suffix, body in WAYS:
        assert (await user.request(method, f"/{theirs['id']}{suffix}", **body)).status_code == 404
    assert (await stranger.tasks(), await user.tasks()) == (listed(theirs), [])
