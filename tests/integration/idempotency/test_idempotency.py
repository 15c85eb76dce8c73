"""Requests with an Idempotency-Key: the first one is handled, retries get a replay of its response."""

import asyncio
import json
from hashlib import sha256
from typing import Any

import pytest

from tests.conftest import JSON, Connection, StartApp, User
from tests.integration.conftest import Pooled
from tests.support.idempotent_requests import MILK, assert_replayed, key
from tests.support.lock_helpers import reached, uncommitted, waiting


@pytest.mark.req("TASK-FR-120")
async def test_a_retry_gets_a_replay_and_changes_nothing(user: User) -> None:
    first = await user.post(json=MILK, headers=key())
    assert first.status_code == 201
    assert_replayed(first, await user.post(json=MILK, headers=key()))
    assert [task["id"] for task in await user.tasks()] == [first.json()["id"]]
    assert await user.revision() == first.json()["revision"]


@pytest.mark.req("TASK-FR-120")
async def test_a_retry_gets_the_same_replay_after_the_task_changed_or_was_deleted(user: User) -> None:
    first = await user.post(json=MILK, headers=key())
    task_id = first.json()["id"]
    await user.patch(task_id, json={"title": "Buy tea"})
    assert_replayed(first, await user.post(json=MILK, headers=key()))
    await user.delete(task_id, params={"permanent": True})
    assert_replayed(first, await user.post(json=MILK, headers=key()))
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-120")
async def test_requests_without_a_key_or_with_other_keys_are_each_handled(user: User) -> None:
    for headers in ({}, {}, key("first"), key("second")):
        response = await user.post(json=MILK, headers=headers)
        assert response.status_code == 201
        assert "Idempotency-Replayed" not in response.headers
    assert len(await user.tasks()) == 4


@pytest.mark.req("TASK-FR-120")
async def test_restore_and_bulk_accept_keys_too(user: User) -> None:
    task_id = (await user.create())["id"]
    await user.delete(task_id)
    restored = await user.post(f"/{task_id}/restore", headers=key("restore"))
    await user.delete(task_id)
    assert_replayed(restored, await user.post(f"/{task_id}/restore", headers=key("restore")))
    assert await user.tasks() == []
    bulk = {"operations": [{"op": "create", "task": MILK}] * 2}
    done = await user.post("/bulk", json=bulk, headers=key("bulk"))
    assert [result["status"] for result in done.json()["results"]] == [201, 201]
    assert_replayed(done, await user.post("/bulk", json=bulk, headers=key("bulk")))
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-121")
async def test_a_different_request_with_the_same_key_is_refused(user: User) -> None:
    first = await user.post(json=MILK, headers=key())
    others = [
        await user.post(json={"title": "Buy tea"}, headers=key()),
        await user.post(content=json.dumps(MILK) + " ", headers=key() | JSON),
        await user.post(f"/{first.json()['id']}/restore", headers=key()),
        await user.post("/bulk", json={"operations": [{"op": "create", "task": MILK}]}, headers=key()),
    ]
    for other in others:
        assert (other.status_code, other.json()["type"]) == (422, "urn:problem-type:idempotency-key-reused")
        assert [error["field"] for error in other.json()["errors"]] == ["Idempotency-Key"]
        assert "milk" not in other.text
    assert await user.revision() == first.json()["revision"]
    assert_replayed(first, await user.post("/", json=MILK, headers=key()))


@pytest.mark.req("TASK-FR-121")
async def test_the_same_body_for_another_path_is_a_different_request(user: User) -> None:
    first, second = [(await user.create())["id"] for _ in range(2)]
    await user.delete(first)
    assert (await user.post(f"/{first}/restore", headers=key())).status_code == 200
    assert (await user.post(f"/{second}/restore", headers=key())).status_code == 422


@pytest.mark.req("TASK-FR-122")
async def test_a_second_record_for_a_key_is_never_stored(user: User, sql: Connection, database_url: str) -> None:
    """Another transaction stores a record after the lookup, as it may between the lookup's snapshot and its lock."""
    before = await user.create()
    locked = f"SELECT FROM users WHERE id = '{user.id}' FOR NO KEY UPDATE"
    async with uncommitted(database_url, locked):
        late = asyncio.create_task(user.post(json=MILK, headers=key()))
        await reached(lambda: waiting(database_url) == 1)
        await sql.execute("INSERT INTO idempotency_records VALUES ($1, 'first', '', 201, '{}', 'kept', now())", user.id)
    assert (await late).status_code == 409
    assert await user.revision() == before["revision"]
    assert await sql.fetchval("SELECT body FROM idempotency_records WHERE user_id = $1", user.id) == "kept"


@pytest.mark.req("TASK-FR-120")
@pytest.mark.usefixtures("accounts")
async def test_a_retry_gets_a_replay_where_the_first_request_made_it_fail(
    user: User, sql: Connection, database_url: str
) -> None:
    """The first request commits between the lookup's snapshot and its lock."""
    task = await user.create()
    await user.delete(task["id"])
    path = f"{user.path}/{task['id']}/restore"
    fingerprint = sha256(f"POST {path}\n".encode()).digest()
    async with uncommitted(database_url, f"SELECT FROM users WHERE id = '{user.id}' FOR NO KEY UPDATE"):
        late = asyncio.create_task(user.http.post(path, headers=key() | {"If-Match": '"2"'}))
        await reached(lambda: waiting(database_url) == 1)
        await sql.execute("UPDATE tasks SET deleted_at = NULL, revision = 3 WHERE user_id = $1", user.id)
        await sql.execute(
            "INSERT INTO idempotency_records VALUES ($1, 'first', $2, 200, '{}', 'kept', now())", user.id, fingerprint
        )
    assert ((await late).status_code, (await late).text) == (200, "kept")
    assert (await late).headers["Idempotency-Replayed"] == "true"


@pytest.mark.req("TASK-FR-122")
async def test_while_the_first_request_is_in_progress_retries_get_409(user: User, database_url: str) -> None:
    await user.create()
    locked = f"SELECT FROM users WHERE id = '{user.id}' FOR UPDATE"
    async with uncommitted(database_url, locked):
        first = asyncio.create_task(user.post(json=MILK, headers=key()))
        await reached(lambda: waiting(database_url) == 1)
        for body in (MILK, {"title": "Buy tea"}):
            other = await user.post(json=body, headers=key())
            assert (other.status_code, other.json()["type"]) == (409, "urn:problem-type:request-in-progress")
            assert other.headers["Retry-After"] == "1"
    assert (await first).status_code == 201
    assert_replayed(await first, await user.post(json=MILK, headers=key()))
    assert await user.revision() == (await first).json()["revision"]


@pytest.mark.req("TASK-FR-120", "TASK-FR-122")
async def test_simultaneous_requests_with_one_key_create_one_task(user: User) -> None:
    responses = await asyncio.gather(*(user.post(json=MILK, headers=key()) for _ in range(30)))
    [task] = await user.tasks()
    first = [
        response
        for response in responses
        if response.status_code == 201 and "Idempotency-Replayed" not in response.headers
    ]
    assert len(first) == 1
    for response in responses:
        assert response.status_code == 409 or response.json()["id"] == task["id"]
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-123")
async def test_two_owners_may_use_the_same_key(user: User, stranger: User) -> None:
    mine = await user.post(json=MILK, headers=key())
    theirs = await stranger.post(json={"title": "Buy tea"}, headers=key())
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert_replayed(mine, await user.post(json=MILK, headers=key()))
    assert_replayed(theirs, await stranger.post(json={"title": "Buy tea"}, headers=key()))


@pytest.mark.req("TASK-FR-124")
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"title": ""}, 422),
        ("", {"title": "Buy milk", "due_date": "tomorrow"}, 422),
        ("/1/restore", None, 404),
        ("/bulk", {"operations": [{"op": "delete", "id": 1}, {"op": "create", "task": MILK}]}, 409),
        ("/bulk", {"operations": [{"op": "create", "task": MILK}], "dry_run": True}, 200),
        ("/bulk", {"operations": [{"op": "delete", "id": 1}], "atomic": False}, 200),
    ],
)
async def test_a_response_without_a_change_is_not_stored(
    user: User, sql: Connection, path: str, body: Any, status: int
) -> None:
    assert (await user.post(path, json=body, headers=key())).status_code == status
    assert await sql.fetchval("SELECT count(*) FROM users WHERE id = $1", user.id) == 0
    created = await user.post(json=MILK, headers=key())
    assert created.status_code == 201
    assert "Idempotency-Replayed" not in created.headers


@pytest.mark.req("TASK-FR-124", "TASK-FR-114")
async def test_a_response_that_left_its_task_unchanged_is_not_stored(user: User) -> None:
    task = await user.create()
    unchanged = [{"op": "restore", "id": task["id"]}]
    for path, body in ((f"/{task['id']}/restore", None), ("/bulk", {"operations": unchanged})):
        assert (await user.post(path, json=body, headers=key())).status_code == 200
    assert (await user.post(json=MILK, headers=key())).status_code == 201


@pytest.mark.req("TASK-FR-124")
async def test_a_refused_request_may_be_retried_at_once(user: User) -> None:
    for _ in range(50):
        assert (await user.post("/1/restore", headers=key())).status_code == 404


@pytest.mark.req("TASK-FR-124")
async def test_a_failed_request_may_be_retried_with_the_same_key(user: User, sql: Connection) -> None:
    doomed = f"refuse_{user.id.replace('-', '_')}"
    await sql.execute(f"""
        CREATE FUNCTION {doomed}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER {doomed} BEFORE INSERT ON idempotency_records FOR EACH ROW WHEN (NEW.user_id = '{user.id}')
            EXECUTE FUNCTION {doomed}();
    """)
    try:
        assert (await user.post(json=MILK, headers=key())).status_code == 503
        assert await user.tasks() == []
    finally:
        await sql.execute(f"DROP TRIGGER {doomed} ON idempotency_records; DROP FUNCTION {doomed}")
    assert (await user.post(json=MILK, headers=key())).status_code == 201
    assert len(await user.tasks()) == 1


@pytest.mark.req("TASK-FR-120", "TASK-FR-037")
async def test_deleting_a_user_deletes_the_records(user: User, sql: Connection) -> None:
    await user.post(json=MILK, headers=key())
    await sql.execute("DELETE FROM users WHERE id = $1", user.id)
    assert await sql.fetchval("SELECT count(*) FROM idempotency_records WHERE user_id = $1", user.id) == 0
    assert "Idempotency-Replayed" not in (await user.post(json=MILK, headers=key())).headers


@pytest.mark.req("TASK-FR-127")
async def test_neither_keys_nor_bodies_are_logged(user: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="src"):
        for title in ("hunter2 secret", "hunter2 secret", "hunter2 other"):
            await user.post(json={"title": title}, headers=key("hunter2-key"))
    assert "hunter2" not in caplog.text


@pytest.mark.req("TASK-FR-120")
async def test_keys_work_through_a_pooler_in_transaction_mode(pooled: Pooled, start_app: StartApp) -> None:
    user = User(await start_app(**pooled))
    responses = await asyncio.gather(*(user.post(json=MILK, headers=key()) for _ in range(10)))
    assert {response.status_code for response in responses} <= {201, 409}
    assert len(await user.tasks()) == 1
    assert (await user.post(json=MILK, headers=key())).headers["Idempotency-Replayed"] == "true"


@pytest.mark.req("TASK-FR-120")
async def test_each_change_is_published_once(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = await start_app()
    published: list[str] = []
    monkeypatch.setattr(app.state.components.broker, "publish", published.append)
    user = User(app)
    for _ in range(2):
        first = await user.post(json=MILK, headers=key())
    for headers in ({}, key("restore")):
        assert (await user.post(f"/{first.json()['id']}/restore", headers=headers)).status_code == 200
    await user.post("/bulk", json={"operations": [{"op": "create", "task": MILK}], "dry_run": True})
    await user.post("/bulk", json={"operations": [{"op": "delete", "id": 1}], "atomic": False})
    assert published == [user.id]
