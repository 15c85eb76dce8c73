"""Cursors in every order: each unchanged task comes exactly once, whatever happens to the others."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.conftest import User

PRIORITIES = ["none", "low", "medium", "high", "urgent"]
TITLES = ["Äpfel", "milk", "Milk", "MILK", "zoo", "10 eggs", "9 eggs", "😀", "x" * 200, '"quoted" milk', "milk milk"]
SORTED_TITLES = ["😀", "9 eggs", "10 eggs", "äpfel", "milk", "milk milk", '"quoted" milk', "x" * 200, "zoo"]
DUE = [
    None,
    "2026-12-01",
    "2026-12-01T00:00:00Z",
    "2026-12-01T09:00:00+05:00",
    "2026-11-30T23:30:00Z",
    "2027-01-01",
    "9999-12-30",
    "0001-01-02",
]
SORTS = ["created_at", "updated_at", "due_date", "priority", "title", "relevance"]


def due_key(task: dict[str, Any]) -> str:
    """Return the sort key of a due date; a day sorts as its beginning in UTC."""
    instants = {"2026-12-01T09:00:00+05:00": "2026-12-01T04:00:00Z"}
    due = task["due_date"]
    return str(instants.get(due, due if "T" in due else f"{due}T00:00:00Z"))


KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "created_at": lambda task: task["id"],
    "updated_at": lambda task: task["revision"],
    "priority": lambda task: PRIORITIES.index(task["priority"]),
    "title": lambda task: SORTED_TITLES.index(task["title"].lower()),
}


def expected_order(tasks: list[dict[str, Any]], sort: str, *, descending: bool) -> list[dict[str, Any]]:
    if sort != "due_date":
        return sorted(tasks, key=lambda task: (KEYS[sort](task), task["id"]), reverse=descending)
    due = sorted((each for each in tasks if each["due_date"]), key=lambda each: (due_key(each), each["id"]))
    never = sorted((each for each in tasks if not each["due_date"]), key=lambda each: each["id"])
    return [*reversed(due), *reversed(never)] if descending else due + never


@pytest.fixture
async def many(user: User) -> User:
    """Return a user with sixty tasks that have ties in every sort key."""
    for number in range(60):
        members = {"priority": PRIORITIES[number % 5], "due_date": DUE[number % 8], "tags": ["milk"] * (number % 2)}
        await user.create(TITLES[number % 11], description="milk", **members)
    return user


async def follow(user: User, query: dict[str, Any], between: Callable[[int], Any] | None = None) -> list[Any]:
    """Return the tasks of all pages; `between` is awaited after each page."""
    seen: list[Any] = []
    cursor: dict[str, str] = {}
    for page in range(100):
        response = (await user.get(params=query | cursor)).json()
        seen += response["tasks"]
        if response["next_cursor"] is None:
            return seen
        cursor = {"cursor": response["next_cursor"]}
        if between is not None:
            await between(page)
    pytest.fail("there is no end")


@pytest.mark.req("TASK-FR-085", "TASK-FR-086")
@pytest.mark.parametrize("limit", [1, 7, 60])
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
async def test_pages_are_the_whole_list_in_order(many: User, sort: str, order: str, limit: int) -> None:
    query = {"sort": sort, "order": order, "search": "milk"}
    whole = await many.tasks(**query)
    assert len({each["id"] for each in whole}) == 60
    assert await follow(many, query | {"limit": limit}) == whole
    if sort != "relevance":
        assert whole == expected_order(whole, sort, descending=order == "desc")


@pytest.mark.req("TASK-FR-029", "TASK-FR-086")
@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", SORTS)
async def test_unchanged_tasks_come_once_and_in_order_while_others_change(many: User, sort: str, order: str) -> None:
    query = {"sort": sort, "order": order, "search": "milk"}
    whole = await many.tasks(**query)
    deleted, changed = whole[2::5], whole[4::5]
    unchanged = [each for each in whole if each not in deleted and each not in changed]

    async def change_others(page: int) -> None:
        members: dict[str, Any] = {
            "priority": PRIORITIES[page % 5],
            "due_date": DUE[page % 8],
            "title": TITLES[page % 11],
        }
        writes: list[Awaitable[Any]] = [many.create(description="milk", **members)]
        writes += [many.delete(each["id"]) for each in deleted[page::3][:2]]
        writes += [many.patch(each["id"], json=members) for each in changed[page::3][:2]]
        await asyncio.gather(*writes)

    unchanged_ids = {each["id"] for each in unchanged}
    seen = [each for each in await follow(many, query | {"limit": 4}, change_others) if each["id"] in unchanged_ids]
    assert seen == unchanged


@pytest.mark.req("TASK-FR-086")
@pytest.mark.parametrize("sort", SORTS)
async def test_a_cursor_works_after_its_task_has_been_deleted(many: User, sort: str) -> None:
    query: dict[str, Any] = {"sort": sort, "search": "milk"}
    whole = await many.tasks(**query)
    first = (await many.get(params=query | {"limit": 30})).json()
    await many.delete(first["tasks"][-1]["id"])
    assert await many.tasks(**query, cursor=first["next_cursor"]) == whole[30:]


@pytest.mark.req("TASK-FR-085")
@pytest.mark.parametrize(
    ("query", "sort", "descending"),
    [
        ({}, "created_at", True),
        ({"order": "asc"}, "created_at", False),
        *(({"sort": sort}, sort, True) for sort in ("created_at", "updated_at", "priority")),
        *(({"sort": sort}, sort, False) for sort in ("due_date", "title")),
        *(({"sort": f"-{sort}"}, sort, True) for sort in ("created_at", "updated_at", "due_date", "priority", "title")),
        ({"sort_by": "Title", "sort_order": "DESC"}, "title", True),
        ({"sort": "PRIORITY", "order": "Asc"}, "priority", False),
        ({"sort": "-title", "order": "asc"}, "title", False),
        ({"sort": "title", "sort_by": "Title"}, "title", False),
    ],
)
async def test_orders_have_the_names_that_clients_send(
    user: User,
    query: dict[str, str],
    sort: str,
    descending: bool,  # noqa: FBT001 - from a table
) -> None:
    for number in range(12):
        await user.create(TITLES[number % 11], priority=PRIORITIES[number * 2 % 5], due_date=DUE[number * 3 % 8])
    await user.patch((await user.tasks())[5]["id"], json={"completed": True})
    tasks = await user.tasks(**query)
    assert tasks == expected_order(tasks, sort, descending=descending)
    assert len(tasks) == 12


@pytest.mark.req("TASK-FR-085")
@pytest.mark.parametrize("sort", ["due_date", "-due_date"])
async def test_tasks_without_a_due_date_come_last(many: User, sort: str) -> None:
    due = [each["due_date"] for each in await many.tasks(sort=sort)]
    assert all(before is not None or after is None for before, after in pairwise(due))
    assert due.count(None) == 8
