"""Creating, reading, changing and deleting tasks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from fastapi import FastAPI

from tests.conftest import User, listed
from tests.support.task_values import SET_BY_SERVER, VALUES

MEMBERS = VALUES.keys() | SET_BY_SERVER


@pytest.mark.req("TASK-FR-001")
async def test_a_list_is_an_object_with_tasks_and_count(user: User) -> None:
    task = await user.create()
    response = await user.get()
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"tasks": listed(task), "count": 1, "total": 1, "next_cursor": None}


@pytest.mark.req("TASK-FR-001")
async def test_the_list_of_a_new_user_is_empty(user: User) -> None:
    assert (await user.get()).json() == {"tasks": [], "count": 0, "total": 0, "next_cursor": None}


@pytest.mark.req("TASK-FR-002", "TASK-FR-011")
async def test_a_task_is_created_from_a_title_alone(user: User) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    task = await user.create("Buy milk")
    assert set(task) == MEMBERS | {"next_task"}
    assert set((await user.tasks())[0]) == MEMBERS
    assert task["user_id"] == user.id
    assert (task["title"], task["description"], task["completed"], task["completed_at"]) == (
        "Buy milk",
        None,
        False,
        None,
    )
    assert task["created_at"].endswith("Z")
    assert before < datetime.fromisoformat(task["created_at"]) < before + timedelta(minutes=1)
    assert task["updated_at"] == task["created_at"]


@pytest.mark.req("TASK-FR-002", "TASK-FR-018")
async def test_a_task_can_be_created_completed(user: User) -> None:
    task = await user.create("Done already", description="yesterday", completed=True)
    assert (task["completed"], task["description"]) == (True, "yesterday")
    assert task["completed_at"] == task["created_at"]


@pytest.mark.req("TASK-FR-003", "TASK-FR-035")
@pytest.mark.parametrize("user_id", ["plain", "ünï-😀", "a%2Fb", "a+b@example.com", "q?x#y", "'\"<>"])
async def test_the_location_of_a_new_task_leads_to_it(app: FastAPI, user_id: str) -> None:
    user = User(app, f"{user_id}-{datetime.now(UTC).timestamp()}")
    response = await user.post(json={"title": "Buy milk"})
    assert response.status_code == 201, response.text
    location = response.headers["Location"]
    assert unquote(location) == f"/api/{user.id}/tasks/{response.json()['id']}"
    found = await user.http.get(location)
    assert (found.status_code, found.json()) == (200, response.json())


@pytest.mark.req("TASK-FR-004")
async def test_a_task_is_read_as_it_was_created(user: User) -> None:
    task = await user.create()
    response = await user.get(task["id"])
    assert (response.status_code, response.json()) == (200, task)


@pytest.mark.req("TASK-FR-005", "TASK-FR-006")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Buy oat milk"},
        {"description": "Two bottles"},
        {"completed": True},
        {"title": "Buy tea", "description": "Green", "completed": True},
    ],
)
async def test_a_change_sets_the_sent_members_and_no_others(user: User, method: str, changes: dict[str, Any]) -> None:
    before = await user.create("Buy milk", description="One bottle")
    response = await user.request(method, before["id"], json=changes)
    assert response.status_code == 200
    after = response.json()
    assert after == before | changes | {name: after[name] for name in ("updated_at", "completed_at", "revision")}
    assert (await user.get(before["id"])).json() == after


@pytest.mark.req("TASK-FR-007")
async def test_null_clears_the_description(user: User) -> None:
    task = await user.create(description="Two bottles")
    assert (await user.patch(task["id"], json={"description": None})).json()["description"] is None


@pytest.mark.req("TASK-FR-008")
@pytest.mark.parametrize("member", ["title", "completed"])
async def test_null_is_refused_for_members_that_are_not_nullable(user: User, member: str) -> None:
    task = await user.create()
    assert (await user.patch(task["id"], json={member: None})).status_code == 422
    assert (await user.post(json={"title": "Buy milk", member: None})).status_code == 422
    assert await user.tasks() == listed(task)


@pytest.mark.req("TASK-FR-009")
async def test_a_change_of_nothing_changes_nothing(user: User) -> None:
    task = await user.create()
    response = await user.patch(task["id"], json={})
    assert (response.status_code, response.json()) == (200, task)
    assert await user.revision() == task["revision"]
    assert (await user.patch(task["id"] + 1, json={})).status_code == 404


@pytest.mark.req("TASK-FR-010")
async def test_a_deleted_task_is_gone(user: User) -> None:
    task, other = await user.create(), await user.create()
    response = await user.delete(task["id"])
    assert (response.status_code, response.content) == (204, b"")
    assert await user.tasks() == listed(other)
    for method, suffix in (("GET", ""), ("PUT", ""), ("PATCH", ""), ("PATCH", "/complete"), ("DELETE", "")):
        body = {"json": {"title": "Again"}} if method in {"PUT", "PATCH"} and not suffix else {}
        assert (await user.request(method, f"/{task['id']}{suffix}", **body)).status_code == 404


@pytest.mark.req("TASK-FR-012")
async def test_members_that_clients_cannot_set_are_ignored(user: User, stranger: User) -> None:
    forged: dict[str, Any] = {
        "id": 1,
        "user_id": stranger.id,
        "revision": 99,
        "updated_at": "1999-01-01T00:00:00Z",
        "deleted_at": "1999-01-01T00:00:00Z",
        "color": "red",
    }
    task = await user.create(**forged)
    changed = (await user.patch(task["id"], json=forged | {"title": "Buy tea"})).json()
    for response in (task, changed):
        assert set(response) == MEMBERS | {"next_task"}
        assert response["user_id"] == user.id
        assert not any(response[name] == value for name, value in forged.items() if name in MEMBERS)
    assert await stranger.tasks() == []


@pytest.mark.req("TASK-FR-013")
async def test_a_change_sets_updated_at(user: User) -> None:
    before = await user.create()
    after = (await user.patch(before["id"], json={"title": "Buy tea"})).json()
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]


@pytest.mark.req("TASK-FR-014")
async def test_a_trailing_slash_makes_no_difference(user: User) -> None:
    response = await user.post("/", json={"title": "Buy milk"})
    task = response.json()
    assert response.status_code == 201
    assert response.headers["Location"] == f"{user.path}/{task['id']}"
    assert (await user.get("/")).json()["tasks"] == listed(task)
    assert (await user.get(f"/{task['id']}/")).json() == task
    assert (await user.patch(f"/{task['id']}/complete/")).status_code == 200
    assert (await user.delete(f"/{task['id']}/")).status_code == 204
    assert (await user.http.get("/health/")).status_code == 200


@pytest.mark.req("TASK-FR-015")
async def test_unknown_paths_are_404_and_unknown_methods_405(user: User) -> None:
    assert (await user.http.get("/api/nowhere")).status_code == 404
    assert (await user.get("//")).status_code == 404
    assert (await user.http.post("/docs")).headers["Allow"]
    response = await user.delete()
    assert response.status_code == 405
    assert {method.strip() for method in response.headers["Allow"].split(",")} == {"GET", "HEAD", "POST"}
    assert (await user.get("/1/restore")).headers["Allow"] == "POST"
