"""Lists: order, filters, pages."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.conftest import Connection, StartApp, User, listed


def titles(tasks: list[dict[str, str]]) -> list[str]:
    return [task["title"] for task in tasks]


def next_link(response: httpx.Response) -> dict[str, list[str]]:
    target = response.links["next"]["url"]
    return parse_qs(urlsplit(target).query)


@pytest.fixture
async def mixed(user: User) -> User:
    """Return a user with two pending tasks around a completed one."""
    await user.create("first")
    await user.create("second", completed=True)
    await user.create("third")
    return user


@pytest.mark.req("TASK-FR-021")
async def test_the_newest_comes_first(mixed: User) -> None:
    assert titles(await mixed.tasks()) == ["third", "second", "first"]


@pytest.mark.req("TASK-FR-022")
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, ["third", "second", "first"]) for status in ("all", "ALL")),
        *((status, ["third", "first"]) for status in ("pending", "incomplete", "active", "Pending", "ACTIVE")),
        *((status, ["second"]) for status in ("completed", "done", "Completed", "DONE")),
    ],
)
async def test_a_status_filters(mixed: User, status: str, expected: list[str]) -> None:
    assert titles(await mixed.tasks(status=status)) == expected


@pytest.mark.req("TASK-FR-023")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"completed": "true"}, ["second"]),
        ({"completed": "false"}, ["third", "first"]),
        ({"completed": "true", "status": "all"}, ["second"]),
        ({"completed": "true", "status": "done"}, ["second"]),
        ({"completed": "true", "status": "pending"}, []),
    ],
)
async def test_completed_filters_and_combines(mixed: User, query: dict[str, str], expected: list[str]) -> None:
    assert titles(await mixed.tasks(**query)) == expected


@pytest.mark.req("TASK-FR-024")
async def test_unknown_parameters_are_ignored(mixed: User) -> None:
    assert len(await mixed.tasks(color="red", _="1699999999")) == 3


@pytest.mark.req("TASK-FR-025", "TASK-FR-027")
@pytest.mark.parametrize(
    "query",
    [
        {"status": "later"},
        {"status": ""},
        {"completed": "perhaps"},
        {"completed": ""},
        {"limit": "0"},
        {"limit": "-1"},
        {"limit": "1001"},
        {"limit": "ten"},
        {"limit": "1.5"},
        {"limit": "99999999999999999999"},
        {"limit": ""},
    ],
)
async def test_unknown_values_are_refused(user: User, query: dict[str, str]) -> None:
    response = await user.get(params=query)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == list(query)


@pytest.mark.req("TASK-FR-026", "TASK-FR-028", "TASK-FR-032")
async def test_a_page_holds_a_thousand(user: User, sql: Connection) -> None:
    await user.create()
    await sql.execute(
        """INSERT INTO tasks (user_id, title, created_at, updated_at, revision)
           SELECT $1, 'task ' || n, now(), now(), n + 1 FROM generate_series(1, 1000) AS n""",
        user.id,
    )
    first = await user.get()
    assert (first.json()["count"], first.json()["total"]) == (1000, None)
    assert "X-Total-Count" not in first.headers
    rest = await user.get(params={"cursor": first.json()["next_cursor"]})
    assert titles(rest.json()["tasks"]) == ["Buy milk"]
    assert rest.json()["total"] is None


@pytest.mark.req("TASK-FR-026")
@pytest.mark.parametrize(("limit", "count"), [(1, 1), (2, 2), (3, 3), (4, 3), (1000, 3)])
async def test_a_limit_bounds_the_page(mixed: User, limit: int, count: int) -> None:
    assert len(await mixed.tasks(limit=limit)) == count


@pytest.mark.req("TASK-FR-028", "TASK-FR-032")
async def test_cursors_lead_through_all_tasks(mixed: User) -> None:
    first = await mixed.get(params={"limit": 2, "status": "all"})
    assert (titles(first.json()["tasks"]), first.json()["total"]) == (["third", "second"], None)
    assert next_link(first) == {"limit": ["2"], "status": ["all"], "cursor": [first.json()["next_cursor"]]}
    last = await mixed.http.get(first.links["next"]["url"])
    assert titles(last.json()["tasks"]) == ["first"]
    assert (last.json()["next_cursor"], last.links) == (None, {})


@pytest.mark.req("TASK-FR-028")
async def test_a_page_with_exactly_the_remaining_tasks_is_the_last(mixed: User) -> None:
    page = await mixed.get(params={"limit": 3})
    assert (page.json()["next_cursor"], page.json()["total"], page.links) == (None, 3, {})


@pytest.mark.req("TASK-FR-029")
async def test_paging_is_stable_while_tasks_are_created_and_deleted(user: User) -> None:
    tasks = [await user.create(f"task {number}") for number in range(25)]
    seen: list[str] = []
    cursor: str | None = None
    for page in range(3):
        response = (await user.get(params={"limit": 10} | ({"cursor": cursor} if cursor else {}))).json()
        seen += titles(response["tasks"])
        cursor = response["next_cursor"]
        await user.create("came later")
        await user.delete(response["tasks"][-1]["id"])
        if page == 0:
            await user.delete(tasks[12]["id"])
    assert cursor is None
    assert seen == [f"task {number}" for number in reversed(range(25)) if number != 12]


@pytest.mark.req("TASK-FR-030")
@pytest.mark.parametrize(
    "cursor",
    ["", "0", "nonsense", "!", "ä", "MA", "LTE", "MTA=", "MDE", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "MTAw\n", "A" * 200],
)
async def test_a_forged_cursor_is_refused(user: User, cursor: str) -> None:
    response = await user.get(params={"cursor": cursor})
    assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:invalid-cursor")


@pytest.mark.req("TASK-FR-031")
async def test_a_cursor_of_another_user_shows_only_the_callers_tasks(user: User, stranger: User) -> None:
    own = await user.create("mine")
    for title in ("theirs", "theirs, too"):
        await stranger.create(title)
    cursor = (await stranger.get(params={"limit": 1})).json()["next_cursor"]
    assert await user.tasks(cursor=cursor) == listed(own)


@pytest.mark.req("TASK-FR-032")
async def test_the_total_is_included_if_the_first_page_has_all_tasks(mixed: User) -> None:
    response = await mixed.get(params={"status": "pending"})
    assert (response.json()["total"], response.headers["X-Total-Count"]) == (2, "2")


@pytest.mark.req("TASK-FR-020")
async def test_the_list_can_be_a_bare_array(mixed: User, start_app: StartApp) -> None:
    user = User(await start_app(list_format="array"), mixed.id)
    whole = await user.get()
    assert titles(whole.json()) == ["third", "second", "first"]
    assert whole.headers["X-Total-Count"] == "3"
    assert whole.headers["ETag"] == (await mixed.get()).headers["ETag"]
    page = await user.get(params={"limit": 2})
    assert titles(page.json()) == ["third", "second"]
    assert titles((await user.http.get(page.links["next"]["url"])).json()) == ["first"]
