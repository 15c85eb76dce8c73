"""COMPATIBILITY: each switch alone, all together, and none."""

import asyncio
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from fastapi import FastAPI

from src.api.middleware.compatibility import CompatibilityMiddleware
from src.schemas.compatibility import Switch
from tests.conftest import ORIGIN, StartApp, User
from tests.support.sse_client import Stream, served

SWITCHES: tuple[Switch, ...] = get_args(Switch.__value__ if hasattr(Switch, "__value__") else Switch)
ALL = ",".join(SWITCHES)
NASTY = 'x","completed":true,"detail":"x", "completed": false \\" {"completed":true}'


@pytest.fixture(params=[*SWITCHES, "is_completed,status", ALL, ""])
def switches(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def start(start_app: StartApp) -> StartApp:
    """Return a function that starts an app with switches once, because each has connections of its own."""
    started: dict[str, FastAPI] = {}

    async def start(**settings: str) -> FastAPI:
        name = str(settings)
        if name not in started:
            started[name] = await start_app(database_pool_size=2, **settings)
        return started[name]

    return start


@pytest.fixture
async def compatible(start: StartApp, switches: str) -> User:
    return User(await start(compatibility=switches))


def tasks_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every task at any depth of a response."""
    if isinstance(value, dict):
        if "completed_at" in value:
            yield value
        for each in value.values():
            yield from tasks_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from tasks_in(each)


def problems_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "detail" in value and "type" in value:
            yield value
        for each in value.values():
            yield from problems_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from problems_in(each)


def check(response: Any, switches: str, *, tasks: int) -> None:
    """Check that all tasks and problems of a response have the members of the switches, and no others."""
    enabled = switches.split(",")
    found = list(tasks_in(response))
    assert len(found) == tasks, response
    for task in found:
        added = {"is_completed": task["completed"], "status": "completed" if task["completed"] else "pending"}
        for name, value in added.items():
            assert task.get(name, "absent") == (value if name in enabled else "absent")
        assert task["title"] in {NASTY, ""}
    for problem in problems_in(response):
        assert problem.get("message") == (problem["detail"] if "message" in enabled else None)


@pytest.mark.req("TASK-FR-205", "TASK-FR-206")
@pytest.mark.parametrize("list_format", ["object", "array"])
async def test_every_response_with_tasks_has_the_members(start: StartApp, switches: str, list_format: str) -> None:
    user = User(await start(compatibility=switches, list_format=list_format))
    body = {"title": NASTY, "description": NASTY, "tags": ["completed", '"completed":true'], "recurrence": "FREQ=DAILY"}
    created = await user.post(json=body | {"due_date": "2026-12-01"}, headers={"Idempotency-Key": "1"})
    check(created.json(), switches, tasks=1)
    task_id = created.json()["id"]
    replayed = await user.post(json=body | {"due_date": "2026-12-01"}, headers={"Idempotency-Key": "1"})
    assert (replayed.content, replayed.headers["Idempotency-Replayed"]) == (created.content, "true")
    check((await user.patch(task_id, json={"priority": "high"})).json(), switches, tasks=1)
    check((await user.patch(f"/{task_id}/complete", json={"completed": True})).json(), switches, tasks=2)
    check((await user.get(task_id)).json(), switches, tasks=2)
    check((await user.get()).json(), switches, tasks=2)
    check((await user.get("/changes")).json(), switches, tasks=2)
    stale = await user.put(task_id, json={"title": NASTY}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    check(stale.json(), switches, tasks=2)
    operations = [{"op": "update", "id": task_id, "changes": {"priority": "low"}, "revision": 1}]
    for atomic, status in ((True, 409), (False, 200)):
        bulk = await user.post("/bulk", json={"operations": operations, "atomic": atomic})
        assert bulk.status_code == status
        check(bulk.json(), switches, tasks=2)
    done = await user.post("/bulk", json={"operations": [operations[0] | {"revision": None}]})
    check(done.json(), switches, tasks=2)
    check((await user.get("/tags")).json(), switches, tasks=0)


@pytest.mark.req("TASK-FR-205")
async def test_a_response_that_is_sent_in_parts_has_the_members(
    compatible: User, switches: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("src.api.large_response._PART_BYTES", 13)  # so that most members are torn
    task = {"title": NASTY, "description": "x" * 5000, "completed": True}
    operations = [{"op": "create", "task": task}] * 20
    bulk = await compatible.post("/bulk", json={"operations": operations})
    for response in (bulk, await compatible.get(), await compatible.get("/changes")):
        check(response.json(), switches, tasks=len(operations))
        assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.req("TASK-FR-205")
async def test_events_have_the_members_too(start: StartApp, switches: str) -> None:
    app = await start(compatibility=switches)
    async with served(app) as url:
        user = User(app)
        async with Stream(url, user) as stream:
            await user.create(NASTY, completed=True)
            event = await stream.next()
    check(event.task, switches, tasks=1)


@pytest.mark.req("TASK-FR-206")
async def test_errors_have_the_message_and_the_media_type(compatible: User, switches: str) -> None:
    await compatible.create(NASTY)
    media_type = "application/json" if "json-errors" in switches else "application/problem+json"
    http = compatible.http
    responses = [
        await http.get("/api/nobody/tasks"),
        await compatible.get(2**62),
        await compatible.get("/x"),
        await compatible.post(json={"title": ""}),
        await compatible.post(content=b"{"),
        await compatible.request("DELETE"),
        await http.get(compatible.path, headers={"Authorization": "x"}),
        await http.get("/nowhere", headers={"Origin": ORIGIN}),
    ]
    assert [each.status_code for each in responses] == [403, 404, 422, 422, 415, 405, 401, 404]
    for response in responses:
        assert response.headers["Content-Type"] == media_type
        check(response.json(), switches, tasks=0)
        assert response.json()["status"] == response.status_code
        assert int(response.headers["Content-Length"]) == len(response.content)
    assert responses[5].headers["Allow"] == "GET, HEAD, POST"
    assert responses[7].headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.req("TASK-FR-208")
async def test_a_deletion_responds_with_the_task_if_that_is_switched_on(compatible: User, switches: str) -> None:
    for query, title in (("", NASTY), ("?permanent=true", "")):
        task = await compatible.create(NASTY)
        stale = await compatible.delete(f"/{task['id']}{query}", headers={"If-Match": '"0"'})
        assert stale.status_code == 412
        response = await compatible.delete(f"/{task['id']}{query}")
        if "json-delete" not in switches:
            assert (response.status_code, response.content) == (204, b"")
            continue
        assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
        assert response.headers["ETag"] == f'"{response.json()["revision"]}"'
        assert (response.json()["id"], response.json()["title"]) == (task["id"], title)
        check(response.json(), switches, tasks=1)
    deleted = [{"op": "delete", "id": (await compatible.create(NASTY))["id"]}]
    bulk = await compatible.post("/bulk", json={"operations": deleted})
    assert bulk.json()["results"] == [{"status": 204, "task": None, "problem": None}]


@pytest.mark.req("TASK-FR-208")
async def test_concurrent_deletions_have_the_task_or_404(start: StartApp) -> None:
    user = User(await start(compatibility="json-delete"))
    for _ in range(5):
        task = await user.create()
        changes = (user.patch(task["id"], json={"description": "x"}) for _ in range(3))
        responses = await asyncio.gather(*changes, *(user.delete(task["id"]) for _ in range(3)))
        deletions = sorted(responses[3:], key=lambda each: each.status_code)
        assert [each.status_code for each in deletions] == [200, 404, 404]
        assert deletions[0].json()["id"] == task["id"]


@pytest.mark.req("TASK-FR-207")
async def test_the_synonyms_exist_if_they_are_switched_on(compatible: User, switches: str) -> None:
    task = await compatible.create()
    for name in ("toggle", "status"):
        response = await compatible.patch(f"/{task['id']}/{name}")
        assert response.status_code == (200 if "toggle" in switches else 404)


@pytest.mark.req("TASK-FR-205")
async def test_head_has_the_length_of_the_edited_response(compatible: User) -> None:
    await compatible.create(NASTY)
    got, head = await compatible.get(), await compatible.request("HEAD")
    assert (head.headers["Content-Length"], head.content) == (str(len(got.content)), b"")


@pytest.mark.req("TASK-FR-209", "TASK-FR-064")
async def test_the_document_describes_what_is_switched_on(start: StartApp, app: FastAPI, switches: str) -> None:
    document = (await start(compatibility=switches)).openapi()
    if not switches:
        assert document == app.openapi()
    for name in ("toggle", "status"):
        path = f"/api/{{user_id}}/tasks/{{task_id}}/{name}"
        assert (path in document["paths"]) == ("toggle" in switches)
    operations = [each["operationId"] for path in document["paths"].values() for each in path.values()]
    assert len(operations) == len(set(operations))
    schemas = document["components"]["schemas"]
    for name in ("is_completed", "status"):
        for task in ("Task", "DetailedTask"):
            assert (
                (name in schemas[task]["required"])
                == (name in schemas[task]["properties"])
                == (name in switches.split(","))
            )
    assert ("message" in schemas["ValidationProblem"]["required"]) == ("message" in switches.split(","))
    operation = document["paths"]["/api/{user_id}/tasks/{task_id}"]["delete"]
    assert ("200" in operation["responses"], "204" in operation["responses"]) == (
        "json-delete" in switches,
        "json-delete" not in switches,
    )
    [media_type] = operation["responses"]["404"]["content"]
    assert media_type == ("application/json" if "json-errors" in switches else "application/problem+json")


@pytest.mark.req("TASK-FR-209")
async def test_nothing_is_installed_where_no_switch_edits_responses(start: StartApp, switches: str) -> None:
    app = await start(compatibility=switches)
    installed = any(each.cls is CompatibilityMiddleware for each in app.user_middleware)  # type: ignore[comparison-overlap]  # Starlette's type of it is a factory
    assert installed == bool({"is_completed", "status", "message", "json-errors"} & {*switches.split(",")})


@pytest.mark.req("TASK-FR-209", "RUN-FR-003")
@pytest.mark.parametrize("value", ["everything", "is_completed,statuss", "Message"])
async def test_an_unknown_switch_stops_the_start(start_app: StartApp, value: str) -> None:
    with pytest.raises(SystemExit, match="COMPATIBILITY: Input should be 'is_completed'"):
        await start_app(compatibility=value)
