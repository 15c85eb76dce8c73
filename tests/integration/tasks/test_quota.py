"""The quota of a user: tasks and bytes are counted by every write, and growth beyond the quota is refused."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from src.services.purge import purge_trash
from tests.conftest import Connection, StartApp, User
from tests.integration.bulk.test_bulk_parity import change, new, send
from tests.support.lock_helpers import reached, uncommitted, waiting
from tests.support.programs import sql as query

LIMIT = 8
KIB64 = 64 * 1024
SCAN = """
    SELECT count(*) FILTER (WHERE last_event <> 'erased') AS tasks, coalesce(sum(octet_length(title)
        + coalesce(octet_length(description), 0) + coalesce(octet_length(category), 0)
        + octet_length(array_to_string(tags, ''))), 0)::bigint AS bytes
    FROM tasks WHERE user_id = $1
"""
DAILY = {"due_date": "2999-01-01", "recurrence": "FREQ=DAILY"}
text = st.sampled_from(["e", "é", "Zwei Flaschen für 🍼"])
grown = st.fixed_dictionaries({}, optional={"description": text, "category": text, "tags": st.lists(text, max_size=2)})
resized = grown.map(lambda members: {"op": "update", "changes": {"title": "Übung"} | members})
step = st.tuples(st.integers(0, 9), change | new | resized)


@pytest.fixture(scope="module")
async def limited(start_app: StartApp) -> FastAPI:
    return await start_app(tasks_per_user=str(LIMIT), task_bytes_per_user="64KiB", rate_limit="off")


async def usage(url: str, user: User) -> tuple[int, int]:
    """Return the counters of a user, after comparing them with a scan."""
    connection = await asyncpg.connect(url)
    counted = await connection.fetchrow("SELECT task_count, task_bytes FROM users WHERE id = $1", user.id)
    scanned = await connection.fetchrow(SCAN, user.id)
    await connection.close()
    assert counted == scanned
    tasks, size = counted or (0, 0)
    return tasks, size


def assert_refused(problem: dict[str, Any], quota: str, used: int, limit: int) -> None:
    assert problem["type"] == "urn:problem-type:task-quota-exceeded"
    assert (problem["status"], problem["quota"], problem["used"], problem["limit"]) == (403, quota, used, limit)
    assert str(limit) in problem["detail"]


@pytest.mark.req("TASK-FR-315", "TASK-FR-317")
async def test_a_task_beyond_the_quota_is_refused_and_nothing_changes(limited: FastAPI, database_url: str) -> None:
    user = User(limited)
    for number in range(LIMIT):
        last = await user.create(f"{number}")
    revision = await user.revision()
    for headers in ({}, {"Idempotency-Key": "once"}):
        response = await user.post(json={"title": "one more"}, headers=headers)
        assert_refused(response.json(), "tasks", LIMIT, LIMIT)
    assert (await usage(database_url, user), await user.revision()) == ((LIMIT, LIMIT), revision)
    await user.delete(last["id"])
    assert (await user.post(json={"title": "one more"})).status_code == 403  # the trash counts
    assert (await user.post(f"/{last['id']}/restore")).status_code == 200
    await user.delete(last["id"], params={"permanent": True})
    assert (await user.post(json={"title": "one more"}, headers={"Idempotency-Key": "once"})).status_code == 201


@pytest.mark.req("TASK-FR-316", "TASK-FR-317")
async def test_bytes_count_in_utf_8_and_a_task_may_shrink_but_not_grow(limited: FastAPI, database_url: str) -> None:
    user = User(limited)
    tasks = [await user.create("ä", description="ß" * 10_000, tags=["é"], category="ö") for _ in range(3)]
    used = 3 * 20_006
    assert await usage(database_url, user) == (3, used)
    for response in (
        await user.post(json={"title": "x" * 200, "description": "x" * 9_800}),
        await user.patch(tasks[0]["id"], json={"description": "€" * 10_000}),
        await user.patch(tasks[0]["id"], json={"description": "€" * 10_000, "completed": True, **DAILY}),
    ):
        assert_refused(response.json(), "bytes", used, KIB64)
    assert (await user.patch(tasks[0]["id"], json={"description": "ss" * 5000})).status_code == 200
    assert (await user.patch(tasks[0]["id"], json={"title": "x" * 200, "tags": []})).status_code == 200
    assert await usage(database_url, user) == (3, used - 10_000 + 196)


@pytest.mark.req("TASK-FR-318")
async def test_a_bulk_is_refused_where_it_exceeds_the_quota(limited: FastAPI, database_url: str) -> None:
    user = User(limited)
    first = await user.create("first")
    creations = [{"op": "create", "task": {"title": f"{number}"}} for number in range(LIMIT)]
    atomic = await user.post("/bulk", json={"operations": creations})
    assert atomic.status_code == 409
    assert_refused(atomic.json()["results"][-1]["problem"], "tasks", LIMIT, LIMIT)
    assert await usage(database_url, user) == (1, 5)
    partial = await user.post("/bulk", json={"operations": creations, "atomic": False})
    assert [each["status"] for each in partial.json()["results"]] == [201] * (LIMIT - 1) + [403]
    delete = {"op": "delete", "id": first["id"], "permanent": True}
    swapped = await user.post("/bulk", json={"operations": [delete, creations[0]]})
    assert [each["status"] for each in swapped.json()["results"]] == [204, 201]
    assert await usage(database_url, user) == (LIMIT, LIMIT)


@pytest.mark.req("TASK-FR-319")
async def test_completing_is_never_refused_and_makes_no_next_task_beyond_twice_the_quota(
    limited: FastAPI, database_url: str
) -> None:
    user = User(limited)
    task, *_ = [await user.create("daily", **DAILY) for _ in range(LIMIT)]
    for number in range(LIMIT, 2 * LIMIT):
        task = (await user.patch(f"/{task['id']}/complete", json={"completed": True})).json()["next_task"]
        assert (await usage(database_url, user))[0] == number + 1
    last = await user.patch(f"/{task['id']}/complete", json={"completed": True})
    assert (last.status_code, last.json()["next_task"]) == (200, None)
    done = (await user.tasks(completed=True))[-1]
    await user.delete(done["id"], params={"permanent": True})
    for completed in (False, True):
        again = await user.patch(f"/{task['id']}/complete", json={"completed": completed})
    assert again.json()["next_task"] is not None


@pytest.mark.req("TASK-FR-320")
async def test_what_is_off_limits_nothing(start_app: StartApp) -> None:
    user = User(await start_app(tasks_per_user="off", task_bytes_per_user="0"))
    await user.create("task", description="x" * 10_000)


@pytest.mark.req("TASK-FR-321")
@settings(max_examples=30, deadline=None)
@given(moments=st.lists(st.lists(step, min_size=1, max_size=5), min_size=3, max_size=12))
async def test_the_counters_are_those_of_a_scan_after_any_writes(
    limited: FastAPI, database_url: str, moments: list[list[Any]]
) -> None:
    user = User(limited)
    ids = [(await user.create("Übung", **DAILY))["id"] for _ in range(3)]
    for steps in moments:
        requests = [send(user, sorted(ids)[-1 - index % len(ids)], each) for index, each in steps]
        for response in await asyncio.gather(*requests):
            assert response.status_code in {200, 201, 204, 403, 404, 409}
            body = response.json() if response.status_code < 203 else {}
            ids += [task["id"] for task in (body, body.get("next_task")) if task]
        tasks, _ = await usage(database_url, user)
        assert tasks <= 2 * LIMIT


@pytest.mark.req("TASK-FR-321")
async def test_concurrent_changes_of_one_task_are_counted_exactly(
    limited: FastAPI, database_url: str, sql: Connection
) -> None:
    user = User(limited)
    for number in range(8):
        task = await user.create("task")
        sizes = [user.patch(task["id"], json={"description": "x" * 100 * size}) for size in range(8)]
        ends = [user.delete(task["id"], params={"permanent": True}) for _ in range(number % 2)]
        await asyncio.gather(*sizes, *ends, user.patch(f"/{task['id']}/complete"), user.delete(task["id"]))
        await usage(database_url, user)
    await sql.execute("UPDATE tasks SET deleted_at = now() - interval '9 years' WHERE user_id = $1", user.id)
    purges = [purge_trash(limited.state.components.database, timedelta(days=3000)) for _ in range(2)]
    await asyncio.gather(*purges, *(user.post(f"/{each['id']}/restore") for each in await user.tasks(trashed=True)))
    await usage(database_url, user)


@pytest.mark.req("TASK-FR-321")
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_a_write_locks_the_owner_before_the_task_so_that_writes_cannot_deadlock(
    user: User, database_url: str, method: str
) -> None:
    task = await user.create("task")
    async with uncommitted(database_url, f"SELECT FROM users WHERE id = '{user.id}' FOR UPDATE"):
        path = f"/{task['id']}?permanent=true"
        write = asyncio.create_task(user.request(method, path, json={"title": "changed"}))
        await reached(lambda: waiting(database_url))
        is_free = f"SELECT id FROM tasks WHERE id = {task['id']} FOR UPDATE NOWAIT"  # noqa: S608 - a number
        assert await asyncio.to_thread(query, database_url, is_free) == task["id"]
    assert (await write).is_success
