"""Every route of the API, and a client that calls them."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.api_server import ApiServer

TITLE = {"json": {"title": "Buy tea"}}
CREATION = {"json": {"operations": [{"op": "create", "task": {"title": "Buy tea"}}]}}
COMPLETED = {"json": {"completed": True}}
LIST = "/api/{user_id}/tasks"
TASK = "/api/{user_id}/tasks/{task_id}"
COMPLETE = "/api/{user_id}/tasks/{task_id}/complete"
RESTORE = "/api/{user_id}/tasks/{task_id}/restore"
BULK = "/api/{user_id}/tasks/bulk"
ROUTES = [
    pytest.param("GET", LIST, {}, 200, id="list"),
    pytest.param("POST", LIST, TITLE, 201, id="create"),
    pytest.param("GET", TASK, {}, 200, id="get"),
    pytest.param("PUT", TASK, TITLE, 200, id="put"),
    pytest.param("PATCH", TASK, TITLE, 200, id="patch"),
    pytest.param("PATCH", COMPLETE, {}, 200, id="toggle"),
    pytest.param("PATCH", COMPLETE, COMPLETED, 200, id="complete"),
    pytest.param("DELETE", TASK, {}, 204, id="delete"),
    pytest.param("POST", RESTORE, {}, 200, id="restore"),
    pytest.param("POST", f"{TASK}/skip", {}, 409, id="skip"),
    pytest.param("GET", "/api/{user_id}/settings", {}, 200, id="settings"),
    pytest.param("PUT", "/api/{user_id}/settings", {"json": {"time_zone": "Europe/Paris"}}, 200, id="change settings"),
    pytest.param("POST", BULK, CREATION, 200, id="bulk"),
    pytest.param("GET", f"{LIST}/stats", {}, 200, id="stats"),
    pytest.param("GET", f"{LIST}/tags", {}, 200, id="tags"),
    pytest.param("GET", f"{LIST}/changes", {}, 200, id="changes"),
]
ENDLESS = {("GET", f"{LIST}/events")}
ROUTES_OF_ONE_TASK = [route for route in ROUTES if "{task_id}" in str(route.values[1])]
PUBLIC = ["/health", "/ready", "/openapi.json", "/docs", "/"]

type Options = dict[str, Any]
type Task = dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """A client of the API with the token of the front end's route."""

    api: ApiServer
    id: str
    token: str

    def request(self, method: str, route: str = LIST, task_id: int = 0, **options: Any) -> httpx.Response:
        return self.api.request(method, route.format(user_id=self.id, task_id=task_id), self.token, **options)

    def create(self, **members: object) -> Task:
        response = self.request("POST", json={"title": "Buy milk", **members})
        assert response.status_code == 201, response.text
        return dict(response.json())

    def tasks(self, **query: str) -> list[Task]:
        return list(self.request("GET", params=query).raise_for_status().json()["tasks"])
