"""The published contract is what the app does, and changes on purpose only."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from src.schemas.changes import TaskChanges
from src.schemas.problems import TaskChangedProblem
from src.schemas.task import DetailedTask, Task, TaskList
from tests.conftest import StartApp, User

SNAPSHOT = Path(__file__).parents[2] / "specs/001-tasks/contracts/openapi.json"
OPERATIONS = {
    "get_health",
    "get_readiness",
    "list_tasks",
    "create_task",
    "list_changes",
    "stream_events",
    "get_task",
    "put_task",
    "update_task",
    "complete_task",
    "delete_task",
    "restore_task",
    "skip_task",
    "change_tasks",
    "get_stats",
    "list_tags",
    "get_settings",
    "put_settings",
}
PUBLIC = {"get_health", "get_readiness"}
DOCUMENTED = {
    "get_health": set(),
    "get_readiness": {503},
    "list_tasks": {401, 403, 422, 429, 503},
    "create_task": {400, 401, 403, 409, 413, 415, 422, 429, 503},
    "list_changes": {401, 403, 410, 422, 429, 503},
    "stream_events": {401, 403, 410, 422, 429, 503},
    "get_task": {401, 403, 404, 422, 429, 503},
    "put_task": {400, 401, 403, 404, 412, 413, 415, 422, 429, 503},
    "update_task": {400, 401, 403, 404, 412, 413, 415, 422, 429, 503},
    "complete_task": {400, 401, 403, 404, 412, 413, 415, 422, 429, 503},
    "delete_task": {401, 403, 404, 412, 422, 429, 503},
    "restore_task": {401, 403, 404, 409, 412, 413, 422, 429, 503},
    "skip_task": {400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 503},
    "change_tasks": {400, 401, 403, 409, 413, 415, 422, 429, 503},
    "get_stats": {401, 403, 422, 429, 503},
    "list_tags": {401, 403, 429, 503},
    "get_settings": {401, 403, 429, 503},
    "put_settings": {400, 401, 403, 413, 415, 422, 429, 503},
}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["operationId"]: each for path in document["paths"].values() for each in path.values()}


@pytest.mark.req("TASK-FR-062")
async def test_the_document_is_public_and_names_every_operation(anonymous: httpx.AsyncClient) -> None:
    response = await anonymous.get("/openapi.json")
    assert response.status_code == 200
    assert response.json()["openapi"].startswith("3.1")
    assert operations(response.json()).keys() == OPERATIONS


@pytest.mark.req("TASK-FR-063")
def test_operations_demand_the_bearer_scheme_unless_they_are_public(document: dict[str, Any]) -> None:
    [(name, scheme)] = document["components"]["securitySchemes"].items()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for operation_id, operation in operations(document).items():
        assert operation["security"] == ([] if operation_id in PUBLIC else [{name: []}])


@pytest.mark.req("TASK-FR-064")
def test_errors_are_documented_as_problems(document: dict[str, Any]) -> None:
    for operation_id, operation in operations(document).items():
        errors = {int(status): response for status, response in operation["responses"].items() if status >= "400"}
        assert errors.keys() == DOCUMENTED[operation_id], operation_id
        assert all(set(response["content"]) == {"application/problem+json"} for response in errors.values())


@pytest.mark.req("TASK-FR-064")
def test_headers_of_successes_are_documented(document: dict[str, Any]) -> None:
    headers = {
        name: set(response.get("headers", {}))
        for name, operation in operations(document).items()
        for status, response in operation["responses"].items()
        if status < "300"
    }
    assert headers["list_tasks"] == {"ETag", "Link", "X-Total-Count"}
    assert headers["create_task"] == {"ETag", "Location", "Idempotency-Replayed"}
    assert headers["restore_task"] == headers["skip_task"] == {"ETag", "Idempotency-Replayed"}
    assert headers["change_tasks"] == {"Idempotency-Replayed"}
    assert headers["list_changes"] == {"ETag"}
    one = ("get_task", "put_task", "update_task", "complete_task")
    assert all(headers[name] == {"ETag"} for name in one)


@pytest.mark.req("TASK-FR-064", "TASK-FR-068")
def test_conditional_requests_are_documented(document: dict[str, Any]) -> None:
    unchanged = {name for name, each in operations(document).items() if "304" in each["responses"]}
    assert unchanged == {"list_tasks", "list_changes", "get_task"}
    responses = [operations(document)[name]["responses"]["304"] for name in unchanged]
    assert all(set(response["headers"]) == {"ETag"} and "content" not in response for response in responses)


@pytest.mark.req("TASK-FR-064", "TASK-FR-066")
async def test_a_conflict_is_as_documented(user: User) -> None:
    task = await user.create(tags=["home"], due_date="2026-12-01")
    response = await user.patch(task["id"], json={"title": "x"}, headers={"If-Match": '"0"'})
    problem = TypeAdapter(TaskChangedProblem).validate_json(response.text, strict=True, extra="forbid")
    assert problem.current == DetailedTask.model_validate(task)


@pytest.mark.req("TASK-FR-064", "TASK-FR-140")
async def test_changes_are_as_documented(user: User) -> None:
    task = await user.create(tags=["home"], due_date="2026-12-01")
    await user.delete(task["id"], params={"permanent": True})
    TypeAdapter(TaskChanges).validate_json((await user.get("/changes")).text, strict=True, extra="forbid")


@pytest.mark.req("TASK-FR-064", "TASK-FR-150")
def test_the_stream_is_documented_as_one(document: dict[str, Any]) -> None:
    operation = operations(document)["stream_events"]
    assert set(operation["responses"]["200"]["content"]) == {"text/event-stream"}
    assert {each["name"] for each in operation["parameters"]} == {"user_id", "since", "Last-Event-ID"}


@pytest.mark.req("TASK-FR-312")
def test_no_parameter_may_be_null(document: dict[str, Any]) -> None:
    parameters = [each for operation in operations(document).values() for each in operation.get("parameters", [])]
    assert parameters
    assert [each["name"] for each in parameters if "null" in _types(each["schema"])] == []


def _types(schema: dict[str, Any]) -> set[str]:
    """Return the types that a schema allows, beyond references."""
    choices = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    return {str(schema.get("type"))}.union(*map(_types, choices))


@pytest.mark.req("TASK-FR-062")
def test_the_snapshot_is_current(document: dict[str, Any]) -> None:
    assert json.loads(SNAPSHOT.read_text()) == document, "run 'python -m src openapi' and review the difference"


@pytest.mark.req("TASK-FR-020", "TASK-FR-062")
async def test_the_array_format_is_documented_if_it_is_set(start_app: StartApp) -> None:
    document = (await start_app(list_format="array")).openapi()
    response = operations(document)["list_tasks"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert response["type"] == "array"


@pytest.mark.req("TASK-FR-011")
async def test_the_json_that_postgresql_writes_matches_the_schema(user: User) -> None:
    """The JSON of tasks is made in SQL, where no schema checks it."""
    members = {"tags": ['a "tag"', "{\\}", "null"], "priority": "urgent", "due_date": "2026-12-01T09:00:00+05:00"}
    created = await user.create('Quotes " and \\ and 😀', description="x", completed=True, **members)
    await user.create()
    page = (await user.get()).text
    tasks = TypeAdapter(TaskList).validate_json(page, strict=True, extra="forbid").tasks
    assert list(json.loads(page)["tasks"][0]) == list(Task.model_fields)
    assert tasks[1].model_dump() | {"next_task": None} == DetailedTask.model_validate(created).model_dump()
