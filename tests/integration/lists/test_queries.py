"""Filters of a list, each alone and all combined."""

from itertools import product
from typing import Any

import pytest

from tests.conftest import Connection, User, listed


def titles(tasks: list[dict[str, Any]]) -> list[str]:
    return [task["title"] for task in tasks]


@pytest.fixture
async def mixed(user: User) -> User:
    """Create a task of each kind: `C` completed, `-` open; `u`, `n` its priority; `h`, `w` its tags."""
    kinds = product((("-", False), ("C", True)), (("n", "none"), ("u", "urgent")), ("", "h", "hw"))
    names = {"h": "Home", "w": "Work, odd"}
    for (mark, completed), (initial, priority), tags in kinds:
        members = {"completed": completed, "priority": priority, "tags": [names[tag] for tag in tags]}
        await user.create(f"{mark}{initial}{tags}", **members)
    return user


@pytest.mark.req("TASK-FR-076")
@pytest.mark.parametrize(
    ("priority", "expected"),
    [("urgent", "u"), ("NONE", "n"), ("none,urgent", "nu"), (["none", "urgent"], "nu"), ("low", ""), ("low,none", "n")],
)
async def test_priorities_filter_by_any_of_them(mixed: User, priority: str, expected: str) -> None:
    tasks = await mixed.tasks(priority=priority)
    assert {title[1] for title in titles(tasks)} == set(expected)
    assert len(tasks) == 6 * len(expected)


@pytest.mark.req("TASK-FR-077")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tag": "home"}, {"h", "hw"}),
        ({"tags": "HOME"}, {"h", "hw"}),
        ({"tag": "work, odd"}, {"hw"}),
        ({"tags": "work, odd"}, set()),
        ({"tag": ["nowhere", "work, odd"]}, {"hw"}),
        ({"tags": "nowhere,home"}, {"h", "hw"}),
        ({"tags": "nowhere", "tag": "home"}, {"h", "hw"}),
        ({"tag": ["home", "WORK, ODD"], "tags_match": "all"}, {"hw"}),
        ({"tags": "home,nowhere", "tags_match": "ALL"}, set()),
        ({"tags": "home", "tag": "work, odd", "tags_match": "all"}, {"hw"}),
        ({"tags_match": "all"}, {"", "h", "hw"}),
    ],
)
async def test_tags_filter_by_any_or_all_in_any_case(mixed: User, query: dict[str, Any], expected: set[str]) -> None:
    assert {title[2:] for title in titles(await mixed.tasks(**query))} == expected


@pytest.mark.req("TASK-FR-077")
async def test_case_is_ignored_beyond_ascii_too(user: User) -> None:
    task = await user.create(tags=["ÉCOLE", "Дом"])
    assert await user.tasks(tag="école") == await user.tasks(tags="дОМ") == listed(task)


@pytest.mark.req("TASK-FR-022", "TASK-FR-090")
@pytest.mark.parametrize(("status", "mark"), [("pending", "-"), ("done", "C"), ("all", "-C")])
@pytest.mark.parametrize(
    ("query", "predicate"),
    [
        ({"priority": "urgent"}, lambda title: title[1] == "u"),
        ({"tag": "home"}, lambda title: "h" in title),
        ({"tag": ["home", "work, odd"], "tags_match": "all", "priority": "none"}, lambda title: title[1:] == "nhw"),
        ({"search": "odd", "priority": "urgent"}, lambda title: title[1:] == "uhw"),
        ({"search": "-home"}, lambda title: "h" not in title),
        ({"no_due_date": "true", "search": "home", "sort": "title"}, lambda title: "h" in title),
        ({"no_due_date": "false"}, lambda _: False),
        ({"due_before": "2030-01-01"}, lambda _: False),
        ({"overdue": "false", "sort": "due_date"}, lambda _: True),
    ],
)
async def test_filters_are_combined_and_the_total_counts_the_matches(
    mixed: User, status: str, mark: str, query: dict[str, Any], predicate: Any
) -> None:
    every = titles(await mixed.tasks())
    response = await mixed.get(params=query | {"status": status, "total": "true", "limit": 2})
    expected = [title for title in every if title[0] in mark and predicate(title)]
    assert response.json()["total"] == int(response.headers["X-Total-Count"]) == len(expected)
    assert sorted(titles(await mixed.tasks(**query, status=status))) == sorted(expected)


@pytest.mark.req("TASK-FR-032", "TASK-FR-089")
async def test_the_total_is_included_when_requested(mixed: User, stranger: User) -> None:
    query: dict[str, Any] = {"status": "pending", "limit": 4, "total": "true"}
    first = (await mixed.get(params=query)).json()
    assert (first["count"], first["total"]) == (4, 6)
    assert (await mixed.get(params=query | {"total": "false"})).json()["total"] is None
    rest = (await mixed.get(params=query | {"cursor": first["next_cursor"]})).json()
    assert (rest["count"], rest["total"], rest["next_cursor"]) == (2, 6, None)
    assert (await mixed.get(params=query | {"offset": 50})).json()["total"] == 6
    for nobody in ({}, {"offset": 5}, {"cursor": first["next_cursor"]}):
        assert (await stranger.get(params=nobody | {"total": "true"})).json()["total"] == 0


@pytest.mark.req("TASK-FR-088")
@pytest.mark.parametrize("name", ["offset", "skip"])
async def test_an_offset_skips(mixed: User, name: str) -> None:
    every = await mixed.tasks(sort="title")
    for offset in (0, 1, 7, 11, 12, 13, 2**31):
        assert await mixed.tasks(**{"sort": "title", name: offset}) == every[offset:]
    page = await mixed.get(params={"sort": "title", name: 3, "limit": 4})
    assert page.json()["tasks"] == every[3:7]
    assert page.json()["total"] is None
    assert (await mixed.http.get(page.links["next"]["url"])).json()["tasks"] == every[7:11]


@pytest.mark.req("TASK-FR-092")
@pytest.mark.parametrize("overdue", ["true", "false"])
async def test_a_list_that_depends_on_the_time_has_no_etag_and_is_always_sent(mixed: User, overdue: str) -> None:
    if_none_match = {"If-None-Match": (await mixed.get()).headers["ETag"]}
    response = await mixed.get(params={"overdue": overdue}, headers=if_none_match)
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert (await mixed.get(params={"due_before": "2026-12-01"}, headers=if_none_match)).status_code == 304


@pytest.mark.req("TASK-FR-033", "TASK-FR-090")
async def test_no_filter_finds_a_task_of_another_user(mixed: User, stranger: User, sql: Connection) -> None:
    mine = await stranger.create("hw", tags=["Home", "Work, odd"], priority="urgent", due_date="2020-01-01")
    for query in ({"search": "home"}, {"tag": "home"}, {"overdue": "true"}, {"sort": "title"}, {"offset": 0}):
        assert await stranger.tasks(**query) == listed(mine)
    assert await sql.fetchval("SELECT count(*) FROM tasks WHERE user_id = $1", mixed.id) == 12
