"""The other paths of the tasks: without the user id, and the synonyms of the overview and of the completion."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from src.api.path_alias import PathAlias
from tests.conftest import JSON, Connection, StartApp, User, client
from tests.support.idempotent_requests import MILK, assert_replayed, key

OPERATIONS = [
    ("GET", "", None),
    ("POST", "", {"title": "Buy milk"}),
    ("GET", "/{id}", None),
    ("PUT", "/{id}", {"title": "Buy tea"}),
    ("PATCH", "/{id}", {"title": "Buy tea"}),
    ("PATCH", "/{id}/complete", {"completed": True}),
    ("DELETE", "/{id}", None),
    ("POST", "/{id}/restore", None),
    ("POST", "/bulk", {"operations": [{"op": "create", "task": {"title": "Buy milk"}}]}),
    ("GET", "/stats", None),
    ("GET", "/tags", None),
    ("GET", "/changes", None),
]
VARYING = {"id", "uid", "created_at", "updated_at", "completed_at", "deleted_at", "revision", "user_id"}


def own(app: FastAPI, user_id: str | None = None) -> User:
    """Return a user who uses the paths without the user id."""
    user = User(app, user_id)
    user.path = "/api/tasks"
    return user


@pytest.fixture
def short(app: FastAPI) -> User:
    return own(app)


@pytest.fixture
async def every(start_app: StartApp) -> FastAPI:
    """Start the app with all paths that there can be, and let event streams end at once."""
    app = await start_app(compatibility="toggle")
    app.state.components.shutdown.set()
    return app


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _comparable(each) for name, each in value.items() if name not in VARYING}
    return [_comparable(each) for each in value] if isinstance(value, list) else value


async def _sequence(user: User) -> AsyncIterator[tuple[int, Any, dict[str, str]]]:
    task = await user.create(tags=["home"])
    for method, path, body in OPERATIONS:
        response = await user.request(method, path.format(**task), **({} if body is None else {"json": body}))
        headers = {name: response.headers.get(name, "") for name in ("ETag", "Content-Type")}
        yield response.status_code, _comparable(response.json()) if response.content else None, headers


@pytest.mark.req("TASK-FR-200")
async def test_all_operations_have_the_same_result_without_the_user_id(
    user: User, short: User, sql: Connection
) -> None:
    await sql.execute(
        "INSERT INTO users (id) VALUES ($1), ($2)", user.id, short.id
    )  # so that their revisions are equal
    with_id = [each async for each in _sequence(user)]
    assert with_id == [each async for each in _sequence(short)]
    assert {status for status, _, _ in with_id} == {200, 201, 204}


@pytest.mark.req("TASK-FR-200")
async def test_every_route_has_a_path_without_the_user_id(app: FastAPI) -> None:
    paths = {path.replace("/api/{user_id}/tasks", "/api/tasks") for path in app.openapi()["paths"] if "/tasks" in path}
    aliases = {each.path.replace(":own_task", "") for each in app.routes if isinstance(each, PathAlias)}
    assert paths <= aliases


@pytest.mark.req("TASK-FR-200", "AUTH-FR-001", "TASK-FR-033")
async def test_every_other_path_is_closed_and_those_with_a_user_id_are_its_users(every: FastAPI) -> None:
    user = User(every)
    checked = 0
    for alias in (each for each in every.routes if isinstance(each, PathAlias)):
        for method in alias.methods or ():
            path = alias.path.replace("{task_id:own_task}", "1").replace("{task_id:task}", "1")
            body: dict[str, Any] = {"json": {"title": "x"}} if method in {"POST", "PUT"} else {}
            anonymous = await client(every).request(method, path.format(user_id=user.id), **body)
            assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"]) == (401, "Bearer")
            if "{user_id}" in path:
                foreign = await user.http.request(method, path.format(user_id="somebody-else"), **body)
                assert (foreign.status_code, foreign.json()["type"]) == (403, "urn:problem-type:user-mismatch")
            checked += 1
    assert checked == 24


@pytest.mark.req("TASK-FR-200", "TASK-FR-034")
@pytest.mark.parametrize(("method", "path", "body"), [each for each in OPERATIONS if "{id}" in each[1]])
async def test_another_users_task_does_not_exist_there_either(
    short: User, stranger: User, method: str, path: str, body: dict[str, Any] | None
) -> None:
    task = await stranger.create()
    response = await short.request(method, path.format(**task), **({} if body is None else {"json": body}))
    assert (response.status_code, response.json()["type"]) == (404, "urn:problem-type:task-not-found")
    assert (await stranger.get(task["id"])).json() == task


@pytest.mark.req("TASK-FR-201")
async def test_location_and_link_have_the_path_that_was_used(short: User) -> None:
    created = [await short.post(slash, json={"title": "Buy milk"}) for slash in ("", "/")]
    assert [each.headers["Location"] for each in created] == [f"/api/tasks/{each.json()['id']}" for each in created]
    assert (await short.http.get(created[0].headers["Location"])).json() == created[0].json()
    first = await short.get(params={"limit": 1})
    assert first.headers["Link"].startswith("</api/tasks?limit=1&cursor=")
    following = await short.http.get(first.links["next"]["url"])
    assert [task["id"] for task in following.json()["tasks"]] == [created[0].json()["id"]]


@pytest.mark.req("TASK-FR-200", "TASK-FR-014")
async def test_slashes_head_and_other_methods_are_as_with_the_user_id(short: User) -> None:
    task = await short.create()
    assert (await short.get("/")).json() == (await short.get()).json()
    head = await short.request("HEAD", task["id"])
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", f'"{task["revision"]}"')
    refused = await short.post(task["id"])
    assert (refused.status_code, refused.headers["Allow"]) == (405, "DELETE, GET, HEAD, PATCH, PUT")
    assert (await short.post("/tags")).headers["Allow"] == "GET, HEAD"


@pytest.mark.req("TASK-FR-200", "TASK-FR-035")
async def test_the_user_named_tasks_has_the_paths_of_every_user(app: FastAPI, stranger: User) -> None:
    tasks, short = User(app, "tasks"), own(app, "tasks")
    task = await tasks.create(tags=["home"])
    assert tasks.path == "/api/tasks/tasks"
    for user in (tasks, short):
        assert task["id"] in {each["id"] for each in await user.tasks()}
        assert (await user.get(task["id"])).json() == task
        assert (await user.get("/tags")).status_code == (await user.get("/stats")).status_code == 200
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", f"/{task['id']}"), ("POST", "/1/restore")):
        expected = 405 if method == "DELETE" else 404
        assert (await stranger.http.request(method, f"/api/tasks/tasks{path}")).status_code == expected


@pytest.mark.req("TASK-FR-202")
@pytest.mark.parametrize("version", ["v1", "v10", "V1", "v1.0", "V2.10.3", "tasks", "settings", "stats", "tags"])
async def test_what_cannot_be_a_users_id_is_no_user_unless_there_is_one(app: FastAPI, user: User, version: str) -> None:
    for path in ("tasks", "tasks/1", "tasks/stats", "settings", "tasks/1/complete"):
        method = "PATCH" if path.endswith("complete") else "GET"
        response = await user.http.request(method, f"/api/{version}/{path}")
        assert (response.status_code, response.json()["type"]) == (404, "urn:problem-type:not-found")
    named = User(app, version)
    assert (await named.get(f"/{(await named.create())['id']}")).status_code == 200
    assert (await named.http.get(f"/api/{version}/settings")).status_code == 200


@pytest.mark.req("TASK-FR-202", "TASK-FR-033")
@pytest.mark.parametrize("user_id", ["v", "v1a", "1", "v1.", "v1.x", "1.0", "version1", "v\u0661", "Tasks", "task"])
async def test_all_else_is_a_users_id(user: User, user_id: str) -> None:
    assert (await user.http.get(f"/api/{user_id}/tasks")).status_code == 403


@pytest.mark.req("TASK-FR-202", "TASK-FR-015")
@pytest.mark.parametrize(
    "path", ["/api/todos", "/api/v1/users/tasks", "/api/tasks/1/subtasks", "/tasks", "/api/settings/x", "/api"]
)
async def test_other_paths_are_unknown(user: User, path: str) -> None:
    assert (await user.http.get(path)).status_code == 404


@pytest.mark.req("TASK-FR-203")
async def test_the_overview_is_below_the_user_too(user: User) -> None:
    await user.create(tags=["home"])
    for name in ("stats", "tags"):
        synonym = await user.http.get(f"/api/{user.id}/{name}")
        assert (synonym.status_code, synonym.json()) == (200, (await user.get(f"/{name}")).json())


@pytest.mark.req("TASK-FR-222")
async def test_settings_and_overview_exist_without_the_user_id(user: User) -> None:
    zone = {"time_zone": "Pacific/Auckland"}
    assert (await user.http.put("/api/settings", json=zone)).json() == zone
    await user.post(json={"title": "Buy milk", "due_date": "2026-12-01T09:00", "tags": ["home"]})
    for name in ("settings", "stats", "tags"):
        own, with_id = await user.http.get(f"/api/{name}"), await user.http.get(f"/api/{user.id}/{name}")
        assert (own.status_code, own.json()) == (200, with_id.json())
        assert (await user.http.delete(f"/api/{name}")).headers["Allow"].startswith("GET, HEAD")


@pytest.mark.req("TASK-FR-204")
async def test_a_retry_on_the_other_path_is_the_same_request(app: FastAPI, user: User) -> None:
    short = own(app, user.id)
    first = await user.post(json=MILK, headers=key())
    assert_replayed(first, await short.post(json=MILK, headers=key()))
    await user.delete(first.json()["id"])
    restored = await short.post(f"/{first.json()['id']}/restore", headers=key("restore"))
    assert_replayed(restored, await user.post(f"/{first.json()['id']}/restore", headers=key("restore")))
    other = await short.post("/bulk", json=MILK, headers=key() | JSON)
    assert other.status_code == 422


@pytest.mark.req("TASK-FR-200")
async def test_below_a_root_path_the_paths_are_the_same(app: FastAPI, user: User) -> None:
    transport = httpx.ASGITransport(app, root_path="/prefix")
    http = httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=user.http.headers)
    created = await http.post("/prefix/api/tasks", json={"title": "Buy milk"})
    assert created.headers["Location"] == f"/prefix/api/tasks/{created.json()['id']}"
    assert (await http.get(created.headers["Location"])).json() == created.json()


@pytest.mark.req("TASK-FR-207")
@pytest.mark.parametrize("synonym", ["toggle", "status"])
async def test_synonyms_of_the_completion_are_there_if_they_are_switched_on(
    every: FastAPI, user: User, synonym: str
) -> None:
    assert (await user.patch(f"/1/{synonym}")).status_code == 404
    for switched in (User(every), own(every)):
        task = await switched.create()
        path = f"/{task['id']}/{synonym}"
        assert [(await switched.patch(path)).json()["completed"] for _ in range(2)] == [True, False]
        assert (await switched.patch(path, json={"status": "completed"})).json()["completed"] is True
        assert (await switched.patch(path, json={"completed": False})).json()["completed"] is False
