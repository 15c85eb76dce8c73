"""Stored responses have a maximum size; a request with a larger response is refused and rolled back."""

from typing import Any

import pytest

from tests.conftest import Connection, User

KEY = {"Idempotency-Key": "first"}
LONG = "\x01" * 10_000
"""The longest description, which takes sixty thousand bytes in JSON."""


def creations(number: int, **members: object) -> dict[str, Any]:
    return {"operations": [{"op": "create", "task": {"title": "Buy milk", **members}}] * number}


async def completions_of_long_tasks(user: User, number: int) -> list[dict[str, Any]]:
    """Create long tasks, and return operations that make a small request with a large response."""
    for _ in range(number // 10):
        created = await user.post("/bulk", json=creations(10, description=LONG))
        assert created.status_code == 200
    return [{"op": "complete", "id": task["id"]} for task in await user.tasks()]


@pytest.mark.req("TASK-FR-176")
async def test_a_response_too_large_to_store_is_refused_and_nothing_is_changed(user: User, sql: Connection) -> None:
    operations = await completions_of_long_tasks(user, 80)
    before = await user.tasks()
    refused = await user.post("/bulk", json={"operations": operations}, headers=KEY)
    assert (refused.status_code, refused.json()["type"]) == (413, "urn:problem-type:response-too-large")
    assert await user.tasks() == before
    assert await sql.fetchval("SELECT count(*) FROM idempotency_records WHERE user_id = $1", user.id) == 0
    for part, headers in ((operations[:60], KEY), (operations, {})):
        assert (await user.post("/bulk", json={"operations": part}, headers=headers)).status_code == 200
    assert all(task["completed"] for task in await user.tasks())


@pytest.mark.req("TASK-FR-176")
@pytest.mark.parametrize(("number", "text"), [(500, "x" * 2000), (17, LONG), (83, "\u20ac" * 4000)])
async def test_the_largest_creations_can_be_replayed(user: User, number: int, text: str) -> None:
    body = creations(number, description=text)
    first, again = [await user.post("/bulk", json=body, headers=KEY) for _ in range(2)]
    assert len(first.request.content) > 900_000
    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (200, 200, "true")
    assert again.content == first.content
