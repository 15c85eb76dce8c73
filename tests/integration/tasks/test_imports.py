"""Imports: a new task may have the timestamps that it had elsewhere."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import User, listed
from tests.support.bulk_requests import bulk, create, results

CREATED, COMPLETED = "2019-03-01T08:15:30.123456Z", "2019-04-01T17:00:00Z"
TIMESTAMPS = [
    ("2019-03-01T08:15:30.123456Z", "2019-03-01T08:15:30.123456Z"),
    ("2019-03-01T09:15:30+01:00", "2019-03-01T08:15:30Z"),
    ("2019-03-01 00:15:30.5-08:00", "2019-03-01T08:15:30.500000Z"),
    ("2019-03-01T08:15:30.1234567Z", "2019-03-01T08:15:30.123456Z"),
    ("1969-07-20T20:17:40Z", "1969-07-20T20:17:40Z"),
    ("0001-01-03T00:00:00Z", "0001-01-03T00:00:00Z"),
    ("0001-01-03T14:00:00+14:00", "0001-01-03T00:00:00Z"),
]
INVALID: list[object] = [
    *(True, [], {}, ["x"], "yesterday", "2019-03-01", "2019-03-01T08:15:30", "2019-02-30T08:15:30Z", "\0", "9" * 400),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "10000-01-01T00:00:00Z"),
    *(
        0,
        1764547200,
        1.5,
        "1764547200",
        "1764547200000",
        "2019-03-01Z",
        "2019-03-01X08:15:30Z",
        "2019-03-01T08:15:30+25:00",
    ),
    *("0000-01-01T00:00:00Z", "-infinity", "infinity", 10**30, -(10**18), 1e300),
]


def later(**duration: int) -> str:
    return (datetime.now(UTC) + timedelta(**duration)).isoformat()


@pytest.mark.req("TASK-FR-292", "TASK-FR-011")
@pytest.mark.parametrize(("sent", "stored"), TIMESTAMPS)
@pytest.mark.parametrize("in_bulk", [False, True])
async def test_a_new_task_has_the_timestamps_that_were_sent(
    user: User,
    sent: str,
    stored: str,
    in_bulk: bool,  # noqa: FBT001 - a parameter
) -> None:
    members = {"created_at": sent, "completed_at": sent, "tags": ["old"]}
    task = (await results(user, create("x", **members)))[0]["task"] if in_bulk else await user.create("x", **members)
    assert (task["created_at"], task["completed_at"], task["completed"]) == (stored, stored, True)
    assert datetime.fromisoformat(task["updated_at"]) > datetime.now(UTC) - timedelta(minutes=1)
    assert (await user.get(task["id"])).json() == task
    for order in ("created_at", "updated_at", "title"):
        assert await user.tasks(sort=order, status="completed") == listed(task)
    assert (await user.get("/changes")).json()["tasks"] == listed(task)
    changed = (await user.patch(task["id"], json={"title": "y"})).json()
    assert (changed["created_at"], changed["completed_at"]) == (stored, stored)


@pytest.mark.req("TASK-FR-292")
@pytest.mark.parametrize("in_bulk", [False, True])
async def test_null_and_the_empty_string_mean_now_or_pending(user: User, in_bulk: bool) -> None:  # noqa: FBT001 - a parameter
    for nothing in (None, ""):
        for completed in ({}, {"completed": False}, {"completed": True}):
            members: dict[str, Any] = {"created_at": nothing, "completed_at": nothing, **completed}
            task = (await results(user, create("x", **members)))[0]["task"] if in_bulk else await user.create(**members)
            assert task["created_at"] == task["updated_at"]
            assert task["completed_at"] == (task["updated_at"] if task["completed"] else None)
            assert task["completed"] is completed.get("completed", False)


@pytest.mark.req("TASK-FR-292")
@pytest.mark.parametrize("in_bulk", [False, True])
async def test_a_client_whose_clock_is_ahead_creates_tasks_now(user: User, in_bulk: bool) -> None:  # noqa: FBT001 - a parameter
    members = {"created_at": later(hours=23), "completed_at": later(minutes=5)}
    task = (await results(user, create("x", **members)))[0]["task"] if in_bulk else await user.create(**members)
    assert task["created_at"] == task["completed_at"] == task["updated_at"]


@pytest.mark.req("TASK-FR-292", "TASK-FR-012")
async def test_a_copy_of_a_completed_task_is_completed_at_the_same_time(user: User) -> None:
    task = await user.create(created_at=CREATED, completed_at=COMPLETED, completed=True)
    copy = await user.create(**task)
    assert (copy["created_at"], copy["completed_at"], copy["completed"]) == (CREATED, COMPLETED, True)
    assert copy["id"] > task["id"]


@pytest.mark.req("TASK-FR-293", "TASK-FR-049")
@pytest.mark.parametrize("member", ["created_at", "completed_at"])
@pytest.mark.parametrize("value", INVALID, ids=lambda value: str(value)[:30])
async def test_other_timestamps_are_refused(user: User, member: str, value: object) -> None:
    response = await user.post(json={"title": "x", member: value})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [member]
    response = await bulk(user, create("x"), create("x", **{member: value}))
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == f"operations.1.create.task.{member}"
    assert (await user.tasks(), await user.revision()) == ([], 0)


@pytest.mark.req("TASK-FR-293")
@pytest.mark.parametrize("members", [{"created_at": later(days=2)}, {"completed_at": later(days=2)}])
async def test_a_timestamp_far_in_the_future_is_refused(user: User, members: dict[str, Any]) -> None:
    response = await user.post(json={"title": "x", **members})
    assert (response.status_code, "24 h" in response.json()["detail"]) == (422, True)


@pytest.mark.req("TASK-FR-293")
async def test_a_pending_task_with_a_time_of_completion_is_refused(user: User) -> None:
    members = {"completed": False, "completed_at": COMPLETED}
    response = await user.post(json={"title": "x", **members})
    assert response.status_code == 422
    assert "'completed' is false" in response.json()["detail"]
    assert (await bulk(user, create("x", **members))).status_code == 422
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-012", "TASK-FR-137")
async def test_a_change_ignores_the_timestamps_and_a_bulk_refuses_them(user: User) -> None:
    task = await user.create(created_at=CREATED)
    for method in ("PUT", "PATCH"):
        sent = {"title": method, "created_at": COMPLETED, "completed_at": "x"}
        changed = (await user.request(method, task["id"], json=sent)).json()
        assert changed == task | {name: changed[name] for name in ("title", "updated_at", "revision")}
    operation = {"op": "update", "id": task["id"], "changes": {"created_at": COMPLETED}}
    assert (await bulk(user, operation)).status_code == 422


@pytest.mark.req("TASK-FR-292", "TASK-FR-105")
async def test_the_next_task_of_an_imported_one_is_created_when_that_is_completed(user: User) -> None:
    task = await user.create(created_at=CREATED, due_date="2019-04-01", recurrence="FREQ=DAILY")
    done = (await user.patch(f"/{task['id']}/complete")).json()
    assert done["next_task"]["created_at"] == done["completed_at"] == done["updated_at"]
    assert done["created_at"] == CREATED


@pytest.mark.req("TASK-FR-294", "TASK-FR-021")
@pytest.mark.parametrize("query", [{}, {"sort": "created_at"}, {"sort": "-created_at", "status": "pending"}])
@pytest.mark.parametrize("limit", [2, 1000])
async def test_an_imported_task_is_listed_where_it_was_created(user: User, query: dict[str, str], limit: int) -> None:
    new = await user.create("new")
    imported = [await user.create(year, created_at=f"{year}-03-01T08:00:00Z") for year in ("2020", "2018", "2019")]
    twins = [await user.create("twins", created_at="2018-03-01T09:00:00+01:00") for _ in range(2)]
    expected = [new, imported[0], imported[2], *reversed(twins), imported[1]]
    assert await pages(user, **query, limit=limit) == listed(*expected)
    assert await pages(user, **query, limit=limit, order="asc") == listed(*reversed(expected))


async def pages(user: User, **query: Any) -> list[dict[str, Any]]:
    """Return the tasks of all pages."""
    page = (await user.get(params=query)).json()
    tasks: list[dict[str, Any]] = page["tasks"]
    while page["next_cursor"]:
        page = (await user.get(params=query | {"cursor": page["next_cursor"]})).json()
        tasks += page["tasks"]
    return tasks
