"""Uids: a client names a task before the API has stored it."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Connection, User, listed
from tests.support.bulk_requests import bulk, create
from tests.support.task_values import FILLED

UID = "0198c4f2-7d3e-7b61-9a58-2f6c1e0d4b97"
BY_UID = f"uid:{UID}"
NO_UIDS: list[object] = [
    "", "x", 5, True, [], {}, UID[:-1], f"{UID}0", UID.replace("-", ""), f"{{{UID}}}", f"urn:uuid:{UID}",
    f"uid:{UID}", f" {UID}", f"{UID}\n", UID.replace("0", "g"), UID.replace("1", "\u0661"), f"\0{UID[1:]}",
]  # fmt: skip
IN_PATHS = [each for each in NO_UIDS if isinstance(each, str) and each.isprintable()]


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["type"].removeprefix("urn:problem-type:")


@pytest.mark.req("TASK-FR-330")
async def test_a_task_has_a_uid_wherever_it_is_read(user: User) -> None:
    made, chosen = await user.create(), await user.create(uid=UID)
    assert chosen["uid"] == UID
    assert len({made["uid"], UID}) == 2
    for tasks in (await user.tasks(), (await user.get("/changes")).json()["tasks"][::-1]):
        assert tasks == listed(chosen, made)
    assert (await bulk(user, create("Buy tea", uid=str(uuid4())), create("Buy tea"))).status_code == 200


@pytest.mark.req("TASK-FR-330")
async def test_a_uid_in_upper_case_is_the_same_in_lower_case(user: User) -> None:
    assert (await user.create(uid=UID.upper()))["uid"] == UID
    assert (await user.get(f"/uid:{UID.upper()}")).json()["uid"] == UID


@pytest.mark.req("TASK-FR-330")
@pytest.mark.parametrize("uid", NO_UIDS, ids=repr)
async def test_a_new_task_with_anything_else_as_its_uid_is_refused(user: User, uid: object) -> None:
    response = await user.post(json={"title": "Buy milk", "uid": uid})
    assert problem(response) == (422, "invalid-request")
    assert response.json()["errors"][0]["field"] == "uid"
    assert await user.revision() == 0


@pytest.mark.req("TASK-FR-330")
async def test_null_as_the_uid_of_a_new_task_means_that_none_was_chosen(user: User) -> None:
    assert (await user.create(uid=None))["uid"]


@pytest.mark.req("TASK-FR-331")
@pytest.mark.parametrize("state", ["stored", "deleted", "erased"])
async def test_a_second_task_with_the_uid_is_refused_with_the_first(user: User, state: str) -> None:
    task = await user.create(**FILLED, uid=UID)
    if state != "stored":
        await user.delete(task["id"], params={"permanent": state == "erased"})
    [current] = (await user.get("/changes")).json()["tasks"]
    revision = await user.revision()
    response = await user.post(json={"title": "Buy tea", "uid": UID})
    assert problem(response) == (409, "task-exists")
    assert listed(response.json()["current"]) == [current]
    assert (current["deleted_at"] is None) is (state == "stored")
    assert await user.revision() == revision
    [result] = (await bulk(user, create("Buy tea", uid=UID))).json()["results"]
    assert (result["status"], result["problem"]) == (409, response.json())


@pytest.mark.req("TASK-FR-331")
async def test_of_concurrent_tasks_with_one_uid_one_is_created(user: User) -> None:
    await user.create()
    requests = [user.post(json={"title": f"task {number}", "uid": UID}) for number in range(20)]
    responses = await asyncio.gather(*requests)
    assert sorted(each.status_code for each in responses) == [201, *[409] * 19]
    [created] = [each.json() for each in responses if each.status_code == 201]
    assert all(each.json()["current"] == created for each in responses if each.status_code == 409)
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-331", "TASK-FR-332")
async def test_of_concurrent_tasks_with_one_uid_and_different_keys_one_is_created(user: User) -> None:
    await user.create()
    requests = [
        user.post(json={"title": "Buy milk", "uid": UID}, headers={"Idempotency-Key": f"key {number}"})
        for number in range(20)
    ]
    responses = await asyncio.gather(*requests)
    assert sorted(each.status_code for each in responses) == [201, *[409] * 19]
    for each in responses:
        if each.status_code == 409:
            assert problem(each)[1] in {"task-exists", "request-in-progress"}
            assert "current" in each.json() or each.headers["Retry-After"]
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-332")
async def test_a_retry_with_its_key_is_replayed_though_the_uid_is_taken(user: User) -> None:
    headers = {"Idempotency-Key": "a key"}
    first, retry = [await user.post(json={"title": "Buy milk", "uid": UID}, headers=headers) for _ in range(2)]
    assert (first.status_code, retry.status_code, retry.json()) == (201, 201, first.json())
    assert retry.headers["Idempotency-Replayed"] == "true"


@pytest.mark.req("TASK-FR-340")
@pytest.mark.parametrize("spell", [str, str.title, str.upper])
async def test_a_task_that_is_sent_back_as_a_new_one_gets_a_uid_of_its_own(
    user: User, spell: Callable[[str], str]
) -> None:
    task = await user.create(uid=UID)
    duplicate = await user.create(**{spell(name): value for name, value in task.items() if name != "title"})
    assert duplicate["uid"] != task["uid"]


@pytest.mark.req("TASK-FR-330", "TASK-FR-340")
@pytest.mark.parametrize("revision", [0, None])
async def test_a_new_task_without_a_revision_yet_keeps_its_uid(user: User, revision: int | None) -> None:
    assert (await user.create(uid=UID, revision=revision))["uid"] == UID


@pytest.mark.req("TASK-FR-333")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_uid_alone_is_no_change(user: User, method: str) -> None:
    task = await user.create(uid=UID)
    assert problem(await user.request(method, task["id"], json={"uid": UID})) == (422, "invalid-request")
    assert (await user.get(task["id"])).json() == task


@pytest.mark.req("TASK-FR-331")
async def test_two_users_may_choose_the_same_uid(user: User, stranger: User) -> None:
    mine, theirs = await user.create(uid=UID), await stranger.create(uid=UID)
    assert (await user.get(f"/{BY_UID}")).json() == mine
    await user.delete(f"/{BY_UID}", params={"permanent": True})
    assert (await stranger.get(f"/{BY_UID}")).json() == theirs


@pytest.mark.req("TASK-FR-333")
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_may_repeat_the_uid_and_not_change_it(user: User, method: str) -> None:
    task = await user.create(uid=UID)
    other = str(uuid4())
    for path in (f"/{task['id']}", f"/{BY_UID}"):
        changed = await user.request(method, path, json=task | {"title": f"Buy tea {path}", "uid": UID.upper()})
        assert (changed.status_code, changed.json()["uid"]) == (200, UID)
        refused = await user.request(method, path, json={"title": "Buy eggs", "uid": other})
        assert problem(refused) == (422, "uid-changed")
        assert refused.json()["errors"][0]["field"] == "uid"
        update = {"op": "update", "id": task["id"], "changes": {"title": "Buy eggs", "uid": other}}
        [result] = (await bulk(user, update)).json()["results"]
        assert (result["status"], result["problem"]) == (422, refused.json())
    assert [each["title"] for each in await user.tasks()] == [f"Buy tea /{BY_UID}"]
    assert problem(await user.request(method, task["id"], json={"uid": None})) == (422, "invalid-request")


ROUTES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/{task}", None),
    ("PUT", "/{task}", {"title": "Buy tea"}),
    ("PATCH", "/{task}", {"recurrence": "FREQ=DAILY", "due_date": "2999-01-01"}),
    ("PATCH", "/{task}", {}),
    ("POST", "/{task}/skip", None),
    ("PATCH", "/{task}/complete", None),
    ("PATCH", "/{task}/complete", {"completed": False}),
    ("PATCH", "/{task}", {"completed": True, "recurrence": None}),
    ("DELETE", "/{task}", None),
    ("POST", "/{task}/restore", None),
    ("DELETE", "/{task}?permanent=true", None),
    ("GET", "/{task}", None),
]


def comparable(task: Any) -> object:
    if not isinstance(task, dict):
        return task
    varying = {"id", "uid", "user_id", "created_at", "updated_at", "completed_at", "deleted_at"}
    return {name: comparable(value) for name, value in task.items() if name not in varying}


@pytest.mark.req("TASK-FR-334")
@pytest.mark.usefixtures("accounts")
async def test_each_route_does_the_same_whether_the_id_or_the_uid_names_the_task(user: User, stranger: User) -> None:
    by_id, by_uid = await user.create(uid=UID), await stranger.create(uid=UID)
    for method, path, body in ROUTES:
        responses = [
            await each.request(method, path.format(task=named), json=body)
            for each, named in ((user, by_id["id"]), (stranger, f"uid:{by_uid['uid']}"))
        ]
        first, second = [(each.status_code, comparable(each.json() if each.content else None)) for each in responses]
        assert first == second, (method, path)
        assert responses[0].headers.get("ETag") == responses[1].headers.get("ETag")


@pytest.mark.req("TASK-FR-334")
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
async def test_a_uid_that_names_no_task_is_not_found(
    user: User, stranger: User, method: str, path: str, body: dict[str, Any] | None
) -> None:
    await stranger.create(uid=UID)
    response = await user.request(method, path.format(task=BY_UID), json=body)
    assert problem(response) == (404, "task-not-found")


@pytest.mark.req("TASK-FR-335")
@pytest.mark.parametrize("uid", IN_PATHS, ids=repr)
async def test_a_path_with_anything_else_after_uid_is_refused(user: User, uid: str) -> None:
    for method, path, body in ROUTES:
        response = await user.request(method, path.format(task=f"uid:{uid}"), json=body)
        assert problem(response) == (422, "invalid-request")
        assert response.json()["errors"][0]["field"] == "task_id"
    deletion = {"op": "delete", "id": f"uid:{uid}"}
    assert problem(await bulk(user, deletion)) == (422, "invalid-request")


@pytest.mark.req("TASK-FR-334")
async def test_an_etag_matches_on_the_uid_as_on_the_id(user: User) -> None:
    task = await user.create(uid=UID)
    etag = f'"{task["revision"]}"'
    assert (await user.get(f"/{BY_UID}", headers={"If-None-Match": etag})).status_code == 304
    assert (await user.patch(f"/{BY_UID}", json={"title": "x"}, headers={"If-Match": etag})).status_code == 200
    refused = await user.patch(f"/{BY_UID}", json={"title": "y"}, headers={"If-Match": etag})
    assert (problem(refused), refused.json()["current"]["title"]) == ((412, "task-changed"), "x")


@pytest.mark.req("TASK-FR-334")
async def test_the_paths_without_a_user_accept_a_uid(user: User) -> None:
    task = await user.create(uid=UID)
    response = await user.http.get(f"/api/tasks/{BY_UID}")
    assert (response.status_code, response.json()) == (200, task)


@pytest.mark.req("TASK-FR-338")
async def test_a_tombstone_has_the_uid_of_its_task(user: User, sql: Connection) -> None:
    await user.create(uid=UID)
    await user.delete(f"/{BY_UID}", params={"permanent": True})
    [tombstone] = (await user.get("/changes")).json()["tasks"]
    assert (tombstone["uid"], tombstone["title"]) == (UID, "")
    await sql.execute("DELETE FROM tasks WHERE user_id = $1", user.id)  # as the purge does
    assert (await user.create(uid=UID))["uid"] == UID


@pytest.mark.req("TASK-FR-338")
async def test_a_next_task_has_a_uid_of_its_own(user: User) -> None:
    await user.create(uid=UID, due_date="2999-01-01", recurrence="FREQ=DAILY")
    completed = (await user.patch(f"/{BY_UID}/complete")).json()
    assert completed["uid"] == UID
    assert completed["next_task"]["uid"] not in {None, UID}
