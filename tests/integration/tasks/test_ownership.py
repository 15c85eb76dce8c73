"""Ownership: users reach their own tasks only."""

from typing import Any

import pytest
from fastapi import FastAPI

from tests.conftest import Connection, User, listed

ROUTES = [
    ("GET", "", {}),
    ("POST", "", {"json": {"title": "Buy milk"}}),
    ("GET", "/{id}", {}),
    ("PUT", "/{id}", {"json": {"title": "Buy tea"}}),
    ("PATCH", "/{id}", {"json": {"title": "Buy tea"}}),
    ("PATCH", "/{id}/complete", {}),
    ("PATCH", "/{id}/complete", {"json": {"completed": True}}),
    ("DELETE", "/{id}", {}),
    ("DELETE", "/{id}?permanent=true", {}),
    ("POST", "/{id}/restore", {}),
    ("POST", "/{id}/skip", {}),
]


COUNTS: list[tuple[str, str, dict[str, Any]]] = [("GET", "/stats", {}), ("GET", "/tags", {})]
BULK = ("POST", "/bulk", {"json": {"operations": [{"op": "create", "task": {"title": "Buy milk"}}]}})


@pytest.mark.req("TASK-FR-033", "TASK-FR-049")
@pytest.mark.parametrize(("method", "path", "body"), [*ROUTES, *COUNTS, BULK])
async def test_another_users_path_is_forbidden(
    user: User, stranger: User, method: str, path: str, body: dict[str, Any]
) -> None:
    task = await stranger.create()
    for owner in (stranger.path, "/api/nobody/tasks"):
        response = await user.http.request(method, owner + path.format(**task), **body)
        assert (response.status_code, response.json()["type"]) == (403, "urn:problem-type:user-mismatch")
    assert await stranger.tasks() == listed(task)
    assert await stranger.revision() == task["revision"]


@pytest.mark.req("TASK-FR-034", "TASK-FR-049")
@pytest.mark.parametrize(("method", "path", "body"), [route for route in ROUTES if route[1]])
async def test_another_users_task_does_not_exist(
    user: User, stranger: User, method: str, path: str, body: dict[str, Any]
) -> None:
    own, theirs = await user.create(), await stranger.create()
    options = body | {"headers": {"X-Request-ID": "same"}}
    response = await user.request(method, path.format(**theirs), **options)
    never = await user.request(method, path.format(id=2**62), **options)
    assert response.status_code == 404
    del response.headers["RateLimit"], never.headers["RateLimit"]
    assert (response.json(), dict(response.headers)) == (never.json(), dict(never.headers))
    assert await stranger.tasks() == listed(theirs)
    assert await user.tasks() == listed(own)
    assert (await user.revision(), await stranger.revision()) == (own["revision"], theirs["revision"])


@pytest.mark.req("TASK-FR-035")
async def test_user_ids_are_compared_exactly(app: FastAPI) -> None:
    user = User(app, "Case-ÄB%41")
    assert (await user.get()).status_code == 200
    for path in ("case-ÄB%2541", "Case-äB%2541", "Case-ÄB%41", "Case-A\u0308B%2541", "Case-ÄBA", "Case-ÄB%2541%20"):
        assert (await user.http.get(f"/api/{path}/tasks")).status_code == 403, path


@pytest.mark.req("TASK-FR-036")
async def test_only_a_write_makes_a_user_known(user: User, sql: Connection) -> None:
    count_users = "SELECT count(*) FROM users WHERE id = $1"
    await user.get()
    await user.get(1)
    await user.post(json={"title": ""})
    await user.patch(1, json={"title": "Buy tea"})
    await user.patch("/1/complete")
    await user.delete(1)
    await user.post("/1/restore")
    for atomic in (True, False):
        await user.post("/bulk", json={"operations": [{"op": "delete", "id": 1}], "atomic": atomic})
    await user.post("/bulk", json={"operations": [{"op": "create", "task": {"title": "x"}}], "dry_run": True})
    assert await sql.fetchval(count_users, user.id) == 0
    await user.create()
    assert await sql.fetchval(count_users, user.id) == 1


@pytest.mark.req("TASK-FR-037")
async def test_users_of_better_auth_keep_their_columns_and_take_their_tasks_along(user: User, sql: Connection) -> None:
    row = 'SELECT name, email, "emailVerified", image, "createdAt", "updatedAt" FROM users WHERE id = $1'
    await sql.execute(
        """INSERT INTO users (id, name, email, "emailVerified", image) VALUES ($1, 'Somebody', $2, true, 'face.png')""",
        user.id,
        f"{user.id}@example.com",
    )
    before = await sql.fetchrow(row, user.id)
    task = await user.create()
    assert task["revision"] == 1
    assert await sql.fetchrow(row, user.id) == before
    await sql.execute("DELETE FROM users WHERE id = $1", user.id)
    assert await user.tasks() == []
    assert await sql.fetchval("SELECT count(*) FROM tasks WHERE user_id = $1", user.id) == 0
