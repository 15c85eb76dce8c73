"""Operations of a bulk that name tasks by their uids, those that the same bulk creates among them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import User
from tests.support.bulk_requests import bulk, create, on, results, update

UID, OTHER = str(uuid4()), str(uuid4())
NEW = {"id": f"uid:{UID}"}


@pytest.mark.req("TASK-FR-336")
@pytest.mark.usefixtures("accounts")
async def test_a_bulk_changes_tasks_that_earlier_operations_create(user: User) -> None:
    bread = create("Bake bread", uid=UID, due_date="2999-01-01", recurrence="FREQ=DAILY")
    operations = [bread, create("Buy milk", uid=OTHER), on("complete", NEW), on("delete", {"id": f"uid:{OTHER}"})]
    found = await results(user, *operations)
    assert [each["status"] for each in found] == [201, 201, 200, 204]
    completed = (await user.get(f"/uid:{UID}")).json()
    assert (completed, completed["completed"]) == (found[2]["task"], True)
    assert completed["next_task"]["due_date"] == "2999-01-02"
    assert [each["uid"] for each in await user.tasks(trashed=True)] == [OTHER]
    revisions = [each["revision"] for each in (await user.get("/changes")).json()["tasks"]]
    assert revisions == sorted(revisions)
    assert await user.revision() == 5


@pytest.mark.req("TASK-FR-336")
async def test_an_operation_does_not_find_a_task_that_a_later_one_creates(user: User) -> None:
    found = await results(user, update(NEW, title="Buy tea"), create("Buy milk", uid=UID), atomic=False)
    assert [each["status"] for each in found] == [404, 201]


@pytest.mark.req("TASK-FR-336")
async def test_an_operation_does_not_find_a_task_whose_creation_failed(user: User) -> None:
    rule = create("Buy milk", uid=UID, due_date="2999-01-01T09:00", recurrence="FREQ=DAILY")
    found = await results(user, rule, update(NEW, title="Buy tea"), atomic=False)
    assert [each["status"] for each in found] == [422, 404]


@pytest.mark.req("TASK-FR-331", "TASK-FR-336")
async def test_a_bulk_that_is_repeated_changes_the_task_that_it_has_created(user: User) -> None:
    operations = [create("Buy milk", uid=UID), update(NEW, title="Buy tea")]
    first = await results(user, *operations, atomic=False)
    again = await results(user, *operations, atomic=False)
    assert [each["status"] for each in again] == [409, 200]
    assert again[0]["problem"]["current"] == first[1]["task"]
    assert len(await user.tasks()) == 1


@pytest.mark.req("TASK-FR-336")
@pytest.mark.parametrize("mode", [{"dry_run": True}, {"atomic": True}])
@pytest.mark.usefixtures("accounts")
async def test_a_bulk_that_is_not_applied_creates_no_uid(user: User, mode: dict[str, Any]) -> None:
    failing = [] if "dry_run" in mode else [on("delete", {"id": 1})]
    response = await bulk(user, create("Buy milk", uid=UID), update(NEW, title="Buy tea"), *failing, **mode)
    assert response.status_code == (200 if "dry_run" in mode else 409)
    assert await user.revision() == 0
    assert (await user.create(uid=UID))["revision"] == 1


@pytest.mark.req("TASK-FR-335")
async def test_the_uids_of_other_users_name_nothing_and_are_free(user: User, stranger: User) -> None:
    await stranger.create(uid=UID)
    found = await results(user, on("delete", NEW), create("Buy milk", uid=UID), atomic=False)
    assert [each["status"] for each in found] == [404, 201]


@pytest.mark.req("TASK-FR-138")
@pytest.mark.usefixtures("accounts")
async def test_an_id_and_a_uid_of_one_task_are_refused_in_one_bulk(user: User) -> None:
    task = await user.create(uid=UID)
    response = await bulk(user, update(task, title="Buy tea"), on("complete", NEW), atomic=False)
    assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:task-repeated")
    assert (await user.get(task["id"])).json() == task
    assert await user.revision() == 1


@pytest.mark.req("TASK-FR-138", "TASK-FR-331")
async def test_a_creation_with_the_uid_of_a_task_that_the_bulk_has_changed_is_refused(user: User) -> None:
    task = await user.create(uid=UID)
    changed, refused = await results(user, update(task, title="Buy tea"), create("Buy eggs", uid=UID), atomic=False)
    assert (changed["status"], changed["task"]["title"]) == (200, "Buy tea")
    assert (refused["status"], refused["problem"]["type"]) == (422, "urn:problem-type:task-repeated")


@pytest.mark.req("TASK-FR-138", "TASK-FR-337")
@pytest.mark.parametrize(
    "operations",
    [
        [create("x", uid=UID), create("y", uid=UID.upper())],
        [on("delete", NEW), on("restore", {"id": f"uid:{UID.upper()}"})],
        [create("x", uid=UID), on("complete", NEW), on("delete", NEW)],
        [create("x", uid=UID), on("complete", NEW, revision=1)],
    ],
)
async def test_a_bulk_with_a_uid_too_often_or_a_revision_of_a_new_task_is_refused(
    user: User, operations: list[dict[str, Any]]
) -> None:
    response = await bulk(user, *operations)
    assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:invalid-request")
    assert UID in response.json()["detail"]
    assert await user.revision() == 0


@pytest.mark.req("TASK-FR-336")
async def test_operations_on_new_tasks_count_toward_the_quota(user: User) -> None:
    found = await results(user, create("Buy milk", uid=UID), on("delete", NEW, permanent=True), create("Buy tea"))
    assert [each["status"] for each in found] == [201, 204, 201]
    assert [each["title"] for each in await user.tasks()] == ["Buy tea"]
