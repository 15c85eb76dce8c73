"""Reopening a recurring task undoes its completion: the next task is deleted if nothing has changed it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import Connection, User, listed
from tests.support.bulk_requests import bulk, on, results, update

RECURRING: dict[str, Any] = {"due_date": "2999-01-01", "recurrence": "FREQ=DAILY", "tags": ["home"], "description": "x"}
REOPENINGS: list[tuple[str, str, dict[str, Any]]] = [
    ("PATCH", "/complete", {}),
    ("PATCH", "/complete", {"json": {"completed": False}}),
    ("PATCH", "", {"json": {"completed": False}}),
    ("PUT", "", {"json": {"completed": False, "title": "Buy tea"}}),
    ("PUT", "", {"json": {"completed": False, "recurrence": None}}),
]
type Change = Callable[[User, str], Awaitable[object]]


async def toggle_twice(user: User, path: str) -> None:
    for _ in range(2):
        await user.patch(f"{path}/complete")


async def delete_and_restore(user: User, path: str) -> None:
    await user.delete(path)
    await user.post(f"{path}/restore")


CHANGES: dict[str, Change] = {
    "edited": lambda user, path: user.patch(path, json={"title": "Buy tea"}),
    "completed": lambda user, path: user.patch(f"{path}/complete"),
    "toggled twice": toggle_twice,
    "deleted": lambda user, path: user.delete(path),
    "deleted permanently": lambda user, path: user.delete(path, params={"permanent": True}),
    "restored": delete_and_restore,
    "skipped": lambda user, path: user.post(f"{path}/skip"),
    "edited in a bulk": lambda user, path: bulk(user, update({"id": int(path[1:])}, title="Buy tea")),
}


async def completed(user: User, **members: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Complete a new recurring task and return it with its next task."""
    task = await user.create(**RECURRING | members)
    done: dict[str, Any] = (await user.patch(f"/{task['id']}/complete")).json()
    return done, done["next_task"]


@pytest.mark.req("TASK-FR-283", "TASK-FR-285", "TASK-FR-115")
@pytest.mark.parametrize(("method", "suffix", "body"), REOPENINGS)
async def test_reopening_a_task_deletes_its_next_one(
    user: User, method: str, suffix: str, body: dict[str, Any]
) -> None:
    done, following = await completed(user)
    before = await user.revision()
    response = await user.request(method, f"/{done['id']}{suffix}", **body)
    task = response.json()
    assert (response.status_code, response.headers["ETag"]) == (200, f'"{before + 1}"')
    assert (task["completed"], task["completed_at"], task["next_task"]) == (False, None, None)
    assert await user.tasks() == listed(task)
    assert await user.tasks(trashed=True) == []
    assert (await user.get(following["id"])).status_code == 404
    assert (await user.post(f"/{following['id']}/restore")).status_code == 404
    assert await user.revision() == before + 2


@pytest.mark.req("TASK-FR-285", "TASK-FR-116", "TASK-FR-141")
async def test_sync_learns_that_the_task_was_reopened_and_the_next_one_deleted(user: User, sql: Connection) -> None:
    done, following = await completed(user)
    since = (await user.get("/changes")).json()["next_since"]
    await user.patch(f"/{done['id']}/complete")
    changes = (await user.get("/changes", params={"since": since})).json()["tasks"]
    assert [(each["id"], each["deleted_at"] is None) for each in changes] == [
        (done["id"], True),
        (following["id"], False),
    ]
    rows = await sql.fetch("SELECT title, last_event, tags FROM tasks WHERE user_id = $1 ORDER BY revision", user.id)
    assert [tuple(row.values()) for row in rows] == [("Buy milk", "reopened", ["home"]), ("", "erased", [])]


@pytest.mark.req("TASK-FR-283", "TASK-FR-107")
async def test_completing_the_task_again_creates_one_next_task_again(user: User) -> None:
    done, following = await completed(user, recurrence="FREQ=DAILY;COUNT=3")
    for _ in range(3):
        await user.patch(f"/{done['id']}/complete", json={"completed": False})
        again = (await user.patch(f"/{done['id']}/complete", json={"completed": True})).json()
        assert again["next_task"]["id"] > following["id"]
        same = ("title", "due_date", "recurrence", "description")
        assert [again["next_task"][name] for name in same] == [following[name] for name in same]
        assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-284", "TASK-FR-107")
@pytest.mark.parametrize("change", CHANGES)
async def test_a_next_task_that_was_changed_stays_and_is_the_only_one(user: User, change: str) -> None:
    done, following = await completed(user)
    await CHANGES[change](user, f"/{following['id']}")
    tasks = (await user.get("/changes")).json()["tasks"]
    kept = (await user.get(done["id"])).json()["next_task"]
    for number in range(2):
        reopened = (await user.patch(f"/{done['id']}/complete", json={"completed": False})).json()
        assert (reopened["completed"], reopened["next_task"]) == (False, kept)
        assert reopened["revision"] == await user.revision(), number
        assert (await user.patch(f"/{done['id']}/complete")).json()["next_task"] == kept
    others = [each for each in (await user.get("/changes")).json()["tasks"] if each["id"] != done["id"]]
    assert others == [each for each in tasks if each["id"] != done["id"]]


@pytest.mark.req("TASK-FR-284")
async def test_a_task_that_was_changed_itself_is_undone_nonetheless(user: User) -> None:
    done, following = await completed(user)
    await user.patch(done["id"], json={"title": "Buy tea"})
    await delete_and_restore(user, f"/{done['id']}")
    assert (await user.patch(f"/{done['id']}/complete")).json()["next_task"] is None
    assert (await user.get(following["id"])).status_code == 404


@pytest.mark.req("TASK-FR-283", "TASK-FR-053", "TASK-FR-019")
async def test_concurrent_toggles_in_two_windows_leave_the_task_with_one_next_task_or_none(user: User) -> None:
    task = await user.create(**RECURRING)
    for count in (20, 21, 20):
        responses = await asyncio.gather(*(user.patch(f"/{task['id']}/complete") for _ in range(count)))
        assert {response.status_code for response in responses} == {200}
        current = (await user.get(task["id"])).json()
        assert (current["next_task"] is not None) is current["completed"]
        assert len(await user.tasks()) == 1 + current["completed"]
    rows = (await user.get("/changes")).json()["tasks"]
    assert len({each["revision"] for each in rows}) == len(rows)


@pytest.mark.req("TASK-FR-284", "TASK-FR-053")
async def test_a_concurrent_edit_of_the_next_task_wins_or_comes_too_late(user: User) -> None:
    for _ in range(10):
        done, following = await completed(user)
        edit, undo = await asyncio.gather(
            user.patch(following["id"], json={"title": "Buy tea"}), user.patch(f"/{done['id']}/complete")
        )
        kept = (await user.get(done["id"])).json()["next_task"]
        assert (edit.status_code, undo.status_code) in {(200, 200), (404, 200)}
        assert (kept and kept["title"]) == ("Buy tea" if edit.status_code == 200 else None)


@pytest.mark.req("TASK-FR-283", "TASK-FR-066")
async def test_if_match_applies_to_the_task_that_is_reopened(user: User) -> None:
    done, following = await completed(user)
    path = f"/{done['id']}/complete"
    refused = await user.patch(path, headers={"If-Match": f'"{done["revision"] - 1}"'})
    assert (refused.status_code, refused.json()["current"]) == (412, done)
    assert (await user.get(following["id"])).json()["title"] == "Buy milk"
    assert (await user.patch(path, headers={"If-Match": f'"{done["revision"]}"'})).json()["next_task"] is None


@pytest.mark.req("TASK-FR-283", "TASK-FR-285", "TASK-FR-131")
async def test_a_bulk_undoes_completions_in_the_order_of_its_operations(user: User) -> None:
    first, second = [(await completed(user))[0] for _ in range(2)]
    before = await user.revision()
    done = await results(user, on("complete", first, completed=None), update(second, completed=False, title="Buy tea"))
    assert [each["task"]["next_task"] for each in done] == [None, None]
    assert [each["task"]["revision"] - before for each in done] == [1, 3]
    assert await user.revision() == before + 4
    assert len(await user.tasks()) == 2


@pytest.mark.req("TASK-FR-284", "TASK-FR-131")
@pytest.mark.parametrize("op", ["update", "complete", "delete", "skip"])
async def test_in_a_bulk_the_earlier_operation_decides(user: User, op: str) -> None:
    def change(task: dict[str, Any]) -> dict[str, Any]:
        return update(task, title="Buy tea") if op == "update" else on(op, task)

    done, following = await completed(user)
    changed, reopened = await results(user, change(following), on("complete", done, completed=False))
    assert changed["status"] in {200, 204}
    assert (await user.get(done["id"])).json()["next_task"] == (listed(changed["task"])[0] if changed["task"] else None)
    assert reopened["task"]["completed"] is False
    done, following = await completed(user)
    undo = [on("complete", done, completed=False), change(following)]
    reopened, changed = await results(user, *undo, atomic=False)
    assert (reopened["status"], reopened["task"]["next_task"], changed["status"]) == (200, None, 404)


@pytest.mark.req("TASK-FR-283", "TASK-FR-132", "TASK-FR-135")
async def test_a_dry_run_and_a_failed_bulk_undo_nothing(user: User) -> None:
    done, following = await completed(user)
    before = (await user.get("/changes")).json()
    undo = on("complete", done, completed=False)
    [result] = await results(user, undo, dry_run=True)
    assert (result["task"]["completed"], result["task"]["next_task"]) == (False, None)
    assert (await bulk(user, undo, update(following, title="x"))).status_code == 409
    assert (await user.get("/changes")).json() == before


@pytest.mark.req("TASK-FR-034", "TASK-FR-283")
async def test_another_users_completion_cannot_be_undone(user: User, stranger: User) -> None:
    done, _ = await completed(stranger)
    for method, suffix, body in REOPENINGS:
        assert (await user.request(method, f"/{done['id']}{suffix}", **body)).status_code == 404
    assert len(await stranger.tasks()) == 2
