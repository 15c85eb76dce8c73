"""Build the operations of a bulk, and send them."""

from typing import Any

import httpx

from tests.conftest import User


def create(title: str, **members: object) -> dict[str, Any]:
    return {"op": "create", "task": {"title": title, **members}}


def update(task: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {"op": "update", "id": task["id"], "changes": changes}


def on(op: str, task: dict[str, Any], **members: object) -> dict[str, Any]:
    return {"op": op, "id": task["id"], **members}


async def bulk(user: User, *operations: dict[str, Any], **members: object) -> httpx.Response:
    return await user.post("/bulk", json={"operations": operations, **members})


async def results(user: User, *operations: dict[str, Any], **members: object) -> list[dict[str, Any]]:
    response = await bulk(user, *operations, **members)
    assert response.status_code == 200, response.text
    assert response.json()["dry_run"] is bool(members.get("dry_run"))
    found: list[dict[str, Any]] = response.json()["results"]
    return found
