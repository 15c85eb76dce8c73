"""Bulk: several operations in one request, atomic or each by itself."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Connection, User, listed
from tests.support.bulk_requests import bulk, create, on, results, update

pytestmark = pytest.mark.usefixtures("accounts")  # revisions are small numbers here

NOT_FOUND = "urn:problem-type:task-not-found"


async def one_of_each(user: User) -> list[dict[str, Any]]:
    """Return an operation of each kind, all of which succeed."""
    changed, completed, toggled, deleted, erased, trashed = [await user.create(f"task {n}") for n in range(6)]
    await user.delete(trashed["id"])
    return [
        create("new", tags=["a"], due_date="2026-12-01"),
        update(changed, title="changed", description=None, priority="HIGH"),
        on("complete", completed),
        on("complete", toggled, completed=None),
        on("delete", deleted),
        on("delete", erased, permanent=True),
        on("restore", trashed),
    ]


@pytest.mark.req("TASK-FR-130", "TASK-FR-131", "TASK-FR-050")
async def test_each_operation_does_what_its_route_does(user: User) -> None:
    operations = await one_of_each(user)
    before = await user.revision()
    done = await results(user, *operations)
    assert [each["status"] for each in done] == [201, 200, 200, 200, 204, 204, 200]
    assert [each["problem"] for each in done] == [None] * 7
    new, changed, completed, toggled, deleted, erased, restored = [each["task"] for each in done]
    assert (new["title"], new["tags"], new["due_date"], new["next_task"]) == ("new", ["a"], "2026-12-01", None)
    assert (changed["title"], changed["priority"]) == ("changed", "high")
    assert completed["completed"] is toggled["completed"] is True
    assert deleted is erased is None
    assert restored["deleted_at"] is None
    written = [new, changed, completed, toggled, restored]
    assert [each["revision"] - before for each in written] == [1, 2, 3, 4, 7]
    assert await user.revision() == before + 7
    for task in written:
        assert (await user.get(task["id"])).json() == task
    assert [each["title"] for each in await user.tasks(trashed=True)] == ["task 3"]
    assert len(await user.tasks()) == 5


@pytest.mark.req("TASK-FR-324")
@pytest.mark.parametrize("sent", [{}, {"dry_run": False}, {"dry_run": True}])
@pytest.mark.parametrize("operation", [create("new"), on("delete", {"id": 2**52})])
async def test_the_results_say_whether_they_are_those_of_a_dry_run(
    user: User, sent: dict[str, bool], operation: dict[str, Any]
) -> None:
    response = await bulk(user, operation, **sent)
    assert response.status_code in {200, 409}
    assert response.json()["dry_run"] is sent.get("dry_run", False)


@pytest.mark.req("TASK-FR-132", "TASK-FR-049")
async def test_if_one_operation_fails_none_is_applied(user: User, stranger: User) -> None:
    mine, theirs = await user.create(recurrence="FREQ=DAILY"), await stranger.create()
    operations = [create("new"), on("complete", mine), on("delete", theirs), on("restore", {"id": 2**52})]
    response = await bulk(user, *operations)
    problem = response.json()
    assert (response.status_code, problem["type"]) == (409, "urn:problem-type:operations-failed")
    assert [each["status"] for each in problem["results"]] == [424, 424, 404, 404]
    assert [(each["problem"] or {}).get("type") for each in problem["results"]] == [None, None, NOT_FOUND, NOT_FOUND]
    assert [each["task"] for each in problem["results"]] == [None] * 4
    assert (await user.tasks(), await stranger.tasks()) == (listed(mine), listed(theirs))
    assert (await user.revision(), await stranger.revision()) == (mine["revision"], theirs["revision"])


@pytest.mark.req("TASK-FR-133")
async def test_without_atomic_the_other_operations_are_applied(user: User, stranger: User) -> None:
    mine, theirs = await user.create(), await stranger.create()
    operations = [on("delete", theirs, permanent=True), create("new"), update(mine, title="changed")]
    failed, new, changed = await results(user, *operations, atomic=False)
    assert (failed["status"], failed["task"], failed["problem"]["type"]) == (404, None, NOT_FOUND)
    assert [new["task"]["revision"], changed["task"]["revision"]] == [2, 3]
    assert await user.tasks() == listed(new["task"], changed["task"])
    assert await stranger.tasks() == listed(theirs)


@pytest.mark.req("TASK-FR-034", "TASK-FR-132", "TASK-FR-133")
@pytest.mark.parametrize("atomic", [False, True])
async def test_the_id_of_another_users_task_is_not_found(user: User, stranger: User, atomic: bool) -> None:  # noqa: FBT001 - a parameter
    theirs, trashed = await stranger.create(recurrence="FREQ=DAILY"), await stranger.create()
    await stranger.delete(trashed["id"])
    before = (await stranger.tasks(), await stranger.tasks(trashed=True), await stranger.revision())
    responses = [
        (await bulk(user, *operations, atomic=atomic)).json()
        for one, other in ((theirs, trashed), ({"id": 2**52}, {"id": 2**52 + 1}))
        for operations in (
            [update(one, title="x"), on("restore", other)],
            [on("complete", one), on("delete", other, permanent=True)],
            [on("delete", one), on("restore", other, revision=3)],
        )
    ]
    assert responses[:3] == responses[3:]
    assert {each["status"] for response in responses for each in response["results"]} == {404}
    assert (await stranger.tasks(), await stranger.tasks(trashed=True), await stranger.revision()) == before
    assert await user.revision() == 0


@pytest.mark.req("TASK-FR-134")
async def test_an_expected_revision_must_be_that_of_the_task(user: User) -> None:
    operations = await one_of_each(user)
    tasks = {each["id"]: each for each in await user.tasks() + await user.tasks(trashed=True)}
    stale = [each | {"revision": tasks[each["id"]]["revision"] - 1} for each in operations[1:]]
    before = await user.revision()
    refused = await results(user, *stale, atomic=False)
    assert {(each["status"], each["problem"]["type"]) for each in refused} == {(412, "urn:problem-type:task-changed")}
    assert [listed(each["problem"]["current"]) for each in refused] == [[tasks[each["id"]]] for each in stale]
    assert (await bulk(user, *stale)).status_code == 409
    assert await user.revision() == before
    current = [each | {"revision": tasks[each["id"]]["revision"]} for each in operations[1:]]
    assert {each["status"] for each in await results(user, *current)} == {200, 204}


@pytest.mark.req("TASK-FR-135", "TASK-FR-049")
async def test_a_dry_run_returns_the_results_and_changes_nothing(user: User, sql: Connection) -> None:
    operations = await one_of_each(user)
    row = "SELECT array_agg(t ORDER BY id)::text FROM tasks AS t WHERE user_id = $1"
    before = (await sql.fetchval(row, user.id), await user.revision())
    shown = await results(user, *operations, dry_run=True)
    assert (await sql.fetchval(row, user.id), await user.revision()) == before
    done = await results(user, *operations)
    differing = {"id", "uid", "revision", "created_at", "updated_at", "completed_at"}
    for each in (*shown, *done):
        each["task"] = each["task"] and {name: each["task"][name] for name in each["task"].keys() - differing}
    assert shown == done
    assert (await bulk(user, on("delete", {"id": 2**52}), dry_run=True)).status_code == 409


@pytest.mark.req("TASK-FR-136", "TASK-FR-105")
async def test_each_recurring_task_gets_one_next_task(user: User) -> None:
    tasks = [await user.create(f"task {n}", recurrence="FREQ=DAILY", due_date="2999-01-01") for n in range(3)]
    before = await user.revision()
    once, plain, twice = tasks
    done = await results(user, on("complete", once), create("new"), update(twice, completed=True, title="second"))
    assert [each["task"]["revision"] - before for each in done] == [1, 3, 4]
    following = [done[n]["task"]["next_task"] for n in (0, 2)]
    assert [each["revision"] - before for each in following] == [2, 5]
    assert [(each["title"], each["due_date"]) for each in following] == [
        ("task 0", "2999-01-02"),
        ("second", "2999-01-02"),
    ]
    again = await results(user, on("complete", once), on("complete", twice), update(plain, title="x"))
    assert [each["task"]["next_task"] for each in again] == [*following, None]
    assert len(await user.tasks()) == 6
    assert len({each["revision"] for each in await user.tasks()}) == 6


@pytest.mark.req("TASK-FR-114", "TASK-FR-009", "TASK-FR-130")
async def test_operations_that_change_nothing_take_no_revision(user: User) -> None:
    task, other = await user.create(), await user.create()
    done = await results(user, on("restore", task), update(other))
    assert [each["task"] for each in done] == [task, other]
    assert await user.revision() == other["revision"]


@pytest.mark.req("TASK-FR-042", "TASK-FR-130")
async def test_five_hundred_operations_fit_and_a_body_beyond_a_mebibyte_does_not(user: User) -> None:
    created = await results(user, *[create(f"task {n}", description="x" * 1000) for n in range(500)])
    ids = [each["task"]["id"] for each in created]
    assert ids == sorted(ids)
    assert [each["task"]["revision"] for each in created] == list(range(1, 501))
    assert {each["status"] for each in await results(user, *[on("delete", each["task"]) for each in created])} == {204}
    assert (await bulk(user, *[create("x", description="x" * 3000)] * 400)).status_code == 413
    assert await user.revision() == 1000


@pytest.mark.req("TASK-FR-053", "TASK-FR-139")
async def test_concurrent_bulks_and_single_writes_lose_nothing(user: User) -> None:
    tasks = [await user.create(f"task {n}") for n in range(8)]
    before = await user.revision()
    changes = [update(task, title=f"{task['title']}!") for task in tasks]
    writes = [bulk(user, *(changes[::-1] if n % 2 else changes)) for n in range(6)]
    writes += [bulk(user, *[on("complete", task, completed=None) for task in tasks]) for _ in range(6)]
    writes += [user.patch(task["id"], json={"description": task["title"]}) for task in tasks]
    writes += [user.patch(f"/{task['id']}/complete") for task in tasks]
    writes += [user.post(json={"title": f"new {n}"}) for n in range(8)]
    responses = await asyncio.gather(*writes)
    assert {response.status_code for response in responses} <= {200, 201}
    revisions = [response.json().get("revision") for response in responses[12:]]
    revisions += [each["task"]["revision"] for response in responses[:12] for each in response.json()["results"]]
    assert sorted(revisions) == list(range(before + 1, before + 1 + 12 * 8 + 24))
    after = {task["id"]: task for task in await user.tasks()}
    for task in tasks:
        found = after[task["id"]]
        assert found["title"] == f"{task['title']}!"
        assert (found["description"], found["completed"]) == (task["title"], True)


@pytest.mark.req("TASK-FR-067", "TASK-FR-134", "TASK-FR-139")
async def test_of_fifty_writers_of_one_revision_one_wins_and_nothing_is_lost(user: User) -> None:
    task = await user.create(description="")
    for _ in range(4):
        writes = [
            bulk(user, {**update(task, description=f"{task['description']}{n};"), "revision": task["revision"]})
            if n % 2
            else user.put(
                task["id"],
                json={"description": f"{task['description']}{n};"},
                headers={"If-Match": f'"{task["revision"]}"'},
            )
            for n in range(50)
        ]
        responses = await asyncio.gather(*writes)
        statuses = [response.status_code for response in responses]
        [winner] = [n for n, status in enumerate(statuses) if status == 200]
        assert set(statuses) == {200, 409, 412}
        after = (await user.get(task["id"])).json()
        assert after["description"] == f"{task['description']}{winner};"
        assert after["revision"] > task["revision"]
        task = after


@pytest.mark.req("TASK-FR-139")
async def test_a_bulk_does_not_wait_for_a_transaction_that_only_references_the_owner(
    user: User, sql: Connection
) -> None:
    """Better Auth references the user when it stores a session; PostgreSQL locks the row for the foreign key."""
    task = await user.create()
    async with sql.transaction():
        await sql.fetch("SELECT FROM users WHERE id = $1 FOR KEY SHARE", user.id)
        async with asyncio.timeout(5):
            assert (await bulk(user, on("complete", task))).status_code == 200
            assert (await bulk(user, create("new"))).status_code == 200


@pytest.mark.req("TASK-FR-139")
async def test_other_requests_are_served_while_a_bulk_is_planned(user: User) -> None:
    rule = {"recurrence": "FREQ=MINUTELY;INTERVAL=7;BYHOUR=9;COUNT=10000", "due_date": "2020-01-01T09:00:00+05:00"}
    created = await results(user, *[create(f"task {n}", **rule) for n in range(12)])
    reckoning = asyncio.create_task(bulk(user, *[on("complete", each["task"]) for each in created]))
    longest, loop = 0.0, asyncio.get_running_loop()
    while not reckoning.done():
        sent = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - sent)
    assert (await reckoning).status_code == 200
    assert longest < 1
