"""Each error that the OpenAPI document names has an example, which is what the API responds."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from src.schemas.problems import Problem
from tests.conftest import User

_PROBLEM: TypeAdapter[Problem] = TypeAdapter(Problem)
_DELETION = {"operations": [{"op": "create", "task": {"title": "Buy milk"}}, {"op": "delete", "id": 1}]}


def _examples(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (operation["operationId"], status, response["content"]["application/problem+json"]["example"])
        for path in app.openapi()["paths"].values()
        for operation in path.values()
        for status, response in operation["responses"].items()
        if status >= "400"
    ]


@pytest.mark.req("TASK-FR-311")
def test_each_example_is_of_its_status_and_schema(app: FastAPI) -> None:
    assert _examples(app)
    for _, status, example in _examples(app):
        assert str(example["status"]) == status
        _PROBLEM.validate_python(example, extra="forbid")


async def _skip(user: User) -> httpx.Response:
    return await user.post(f"/{(await user.create())['id']}/skip")


_REQUESTS: dict[tuple[str, str], Callable[[User], Awaitable[httpx.Response]]] = {
    ("create_task", "400"): lambda user: user.post(content=b"\xff", headers={"Content-Type": "application/json"}),
    ("list_tasks", "401"): lambda user: user.get(headers={"Authorization": ""}),
    ("list_tasks", "403"): lambda user: user.http.get("/api/somebody-else/tasks"),
    ("get_task", "404"): lambda user: user.get("/1"),
    ("change_tasks", "409"): lambda user: user.post("/bulk", json=_DELETION),
    ("skip_task", "409"): _skip,
    ("list_changes", "410"): lambda user: user.get("/changes", params={"since": "999"}),
    ("create_task", "413"): lambda user: user.post(content=b" " * 2**21),
    ("create_task", "415"): lambda user: user.post(content=b"{}", headers={"Content-Type": "text/plain"}),
    ("create_task", "422"): lambda user: user.post(json={"title": ""}),
    ("list_tasks", "422"): lambda user: user.get(params={"limit": 0}),
    ("get_task", "422"): lambda user: user.get("/0"),
    ("put_task", "422"): lambda user: user.put(1, json={"title": ""}),
    ("update_task", "422"): lambda user: user.patch(1, json={"title": ""}),
    ("delete_task", "422"): lambda user: user.delete(0),
    ("complete_task", "422"): lambda user: user.patch("/1/complete", json={"completed": "perhaps"}),
    ("restore_task", "422"): lambda user: user.post("/0/restore"),
    ("skip_task", "422"): lambda user: user.post("/1/skip", json={"tz": "Mars"}),
    ("change_tasks", "422"): lambda user: user.post("/bulk", json={"operations": []}),
    ("list_changes", "422"): lambda user: user.get("/changes", params={"since": "yesterday"}),
    ("stream_events", "422"): lambda user: user.get("/events", params={"since": "yesterday"}),
    ("get_stats", "422"): lambda user: user.get("/stats", params={"tz": "Mars"}),
    ("put_settings", "422"): lambda user: user.http.put("/api/settings", json={"time_zone": "Mars"}),
}


@pytest.mark.req("HTTP-FR-088")
def test_every_operation_that_can_be_invalid_has_an_example_of_its_own(app: FastAPI) -> None:
    invalid = {(operation_id, status) for operation_id, status, _ in _examples(app) if status == "422"}
    assert invalid <= _REQUESTS.keys()


@pytest.mark.req("TASK-FR-311")
@pytest.mark.parametrize("case", _REQUESTS, ids=" ".join)
async def test_the_api_responds_as_the_example_says(app: FastAPI, user: User, case: tuple[str, str]) -> None:
    [example] = [each for *key, each in _examples(app) if tuple(key) == case]
    response = await _REQUESTS[case](user)
    assert response.json() == example


@pytest.mark.req("TASK-FR-311")
async def test_a_conflict_is_as_its_example_but_for_the_task(app: FastAPI, user: User) -> None:
    [example] = [each for *key, each in _examples(app) if key == ["update_task", "412"]]
    task = await user.create()
    response = (await user.patch(task["id"], json={"title": "x"}, headers={"If-Match": '"0"'})).json()
    assert response["current"].keys() == example["current"].keys()
    assert response | {"current": None} == example | {"current": None}


@pytest.mark.req("TASK-FR-311")
def test_the_document_says_how_to_get_a_token(app: FastAPI) -> None:
    [scheme] = app.openapi()["components"]["securitySchemes"].values()
    for text in (app.openapi()["info"]["description"], scheme["description"]):
        assert "await authClient.token()" in text
        assert "python -m src token" in text
