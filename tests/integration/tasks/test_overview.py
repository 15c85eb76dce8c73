"""Statistics and tags of a user."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI
from pydantic import TypeAdapter

from src.schemas.overview import TagCount, TagList, TaskStats
from src.services.lists.filters import Clock
from src.services.lists.parameters import due_today
from src.services.overview.statements import COUNT_TASKS
from tests.conftest import Connection, StartApp, User
from tests.support.zones import ZONES

NOBODY: dict[str, Any] = {
    "total": 0,
    "pending": 0,
    "completed": 0,
    "overdue": 0,
    "due_today": 0,
    "trashed": 0,
    "by_priority": {"none": 0, "low": 0, "medium": 0, "high": 0, "urgent": 0},
    "by_category": {},
    "by_tag": {},
}
HOSTILE_TAGS = [
    *(
        '"',
        "\\",
        '","total":9',
        "{}",
        "[]",
        "null",
        "'; DROP TABLE tasks; --",
        "</script>",
        "a,b",
        "NULLs",
        "\x01",
        "\t|",
    ),
    *(
        "😀",
        "\u202e",
        "a\u2028b",
        "e\u0301",
        "é",
        "ﷺ",
        "__proto__",
        "constructor",
        "total",
        "1",
        "10",
        "\U0010ffff",
        "x" * 50,
    ),
]


async def stats(user: User, **query: str) -> dict[str, Any]:
    response = await user.get("/stats", params=query)
    assert response.status_code == 200, response.text
    TypeAdapter(TaskStats).validate_json(response.text, strict=True, extra="forbid")
    counts: dict[str, Any] = response.json()
    return counts


async def tags(user: User) -> list[tuple[str, int]]:
    response = await user.get("/tags")
    assert response.status_code == 200, response.text
    listed = TypeAdapter(TagList).validate_json(response.text, strict=True, extra="forbid")
    assert listed.count == len(listed.tags)
    return [(each.tag, each.count) for each in listed.tags]


async def counted_at(app: FastAPI, user: User, now: datetime, zone: str) -> tuple[int, int]:
    """Return the counts of overdue tasks and of those due today at another time than now."""
    [row] = await app.state.components.database.fetch(COUNT_TASKS, owner=user.id, **due_today(Clock(now, zone)))
    counts = TaskStats.model_validate_json(row["json"])
    return counts.overdue, counts.due_today


@pytest.mark.req("TASK-FR-170")
async def test_tasks_are_counted_by_state_priority_and_due_date(user: User, stranger: User) -> None:
    await stranger.create(tags=["home"], priority="urgent")
    await user.create(priority="urgent", tags=["home", "work"], category="Errands", due_date="2020-01-01")
    await user.create(priority="none", tags=["home"], due_date="2020-01-01", completed=True)
    await user.create(due_date="2020-01-01T09:00:00Z")
    await user.create(due_date="2999-01-01", category="errands")
    assert await stats(user) == {
        "total": 4,
        "pending": 3,
        "completed": 1,
        "overdue": 2,
        "due_today": 0,
        "trashed": 0,
        "by_priority": {"none": 1, "low": 0, "medium": 2, "high": 0, "urgent": 1},
        "by_category": {"errands": 2},
        "by_tag": {"home": 2, "work": 1},
    }


@pytest.mark.req("TASK-FR-170", "TASK-FR-171")
async def test_trashed_tasks_count_as_trash_only_and_permanently_deleted_ones_not_at_all(user: User) -> None:
    kept, trashed, erased = [
        await user.create(priority="high", tags=[tag], due_date="2020-01-01") for tag in ("kept", "trashed", "erased")
    ]
    await user.delete(trashed["id"])
    await user.delete(erased["id"], params={"permanent": True})
    counts = await stats(user)
    assert (counts["total"], counts["pending"], counts["overdue"], counts["trashed"]) == (1, 1, 1, 1)
    assert counts["by_priority"] == NOBODY["by_priority"] | {"high": 1}
    assert list(counts["by_tag"].items()) == await tags(user) == [("kept", 1)]
    await user.delete(kept["id"])
    assert await stats(user) == NOBODY | {"trashed": 2}


@pytest.mark.req("TASK-FR-170", "TASK-FR-171")
async def test_an_unknown_owner_has_no_tasks_and_no_tags(user: User, sql: Connection) -> None:
    assert await stats(user) == NOBODY
    assert await tags(user) == []
    assert await sql.fetchval("SELECT count(*) FROM users WHERE id = $1", user.id) == 0


@pytest.mark.req("TASK-FR-171")
async def test_the_most_used_tags_come_first_then_by_name(user: User, stranger: User) -> None:
    await stranger.create(tags=["theirs", "home"])
    for some in (["b"], ["b", "a"], ["c", "a"], ["b", "d", "C"], ["E"]):
        await user.create(tags=some)
    assert await tags(user) == [("b", 3), ("a", 2), ("C", 2), ("d", 1), ("E", 1)]
    assert list((await stats(user))["by_tag"].items()) == await tags(user)


@pytest.mark.req("TASK-FR-172")
async def test_tags_that_differ_in_case_are_counted_together_under_the_last_spelling(user: User) -> None:
    first = await user.create(tags=["HOME", "École"])
    await user.create(tags=["home", "ÉCOLE"])
    await user.create(tags=["Home"])
    assert await tags(user) == [("Home", 3), ("ÉCOLE", 2)]
    await user.patch(first["id"], json={"tags": ["hOmE", "École"]})
    assert await tags(user) == [("hOmE", 3), ("École", 2)]
    assert (await stats(user))["by_tag"] == {"hOmE": 3, "École": 2}
    for tag, count in await tags(user):
        assert len(await user.tasks(tag=tag)) == count


@pytest.mark.req("TASK-FR-173")
async def test_any_tag_is_returned_unchanged(user: User) -> None:
    for some in (HOSTILE_TAGS[:20], HOSTILE_TAGS[20:]):
        await user.create(tags=some)
    expected = {tag.strip() for tag in HOSTILE_TAGS}
    assert {tag for tag, _ in await tags(user)} == expected
    assert (await stats(user))["by_tag"].keys() == expected
    assert (await stats(user))["total"] == 2


@pytest.mark.req("TASK-FR-171")
async def test_the_array_format_is_a_bare_array(start_app: StartApp) -> None:
    user = User(await start_app(list_format="array"))
    assert (await user.get("/tags")).json() == []
    await user.create(tags=["home"])
    response = await user.get("/tags")
    TypeAdapter(list[TagCount]).validate_json(response.text, strict=True, extra="forbid")
    assert response.json() == [{"tag": "home", "count": 1}]


@pytest.mark.req("TASK-FR-174")
@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day", ["2026-04-24", "2026-10-25", "2026-11-01", "2024-02-29", "2026-12-31", "2022-03-27"])
async def test_days_begin_and_end_as_in_the_time_zone(app: FastAPI, user: User, zone: str, day: str) -> None:
    """Tasks due on each day and at each end of the day, counted just before and after both ends."""
    today, tick = date.fromisoformat(day), timedelta(microseconds=1)
    begins, ends = (datetime.combine(each, time.min, ZoneInfo(zone)) for each in (today, today + timedelta(days=1)))
    begins, ends = begins.astimezone(UTC), ends.astimezone(UTC)
    for due in (today - timedelta(days=1), today, today + timedelta(days=1)):
        await user.create(due_date=due.isoformat())
    for instant in (begins - tick, begins, ends - tick, ends):
        await user.create(due_date=instant.isoformat())
    # overdue: days that are over, and instants before now; today: the one day, and what is between its ends
    assert await counted_at(app, user, begins, zone) == (2, 3)
    assert await counted_at(app, user, ends - tick, zone) == (3, 3)
    assert (await counted_at(app, user, begins - tick, zone))[1] == 2
    assert (await counted_at(app, user, ends, zone)) == (5, 2)


@pytest.mark.req("TASK-FR-170", "TASK-FR-174")
async def test_tasks_due_today_are_open_and_today_is_judged_by_the_clock(user: User) -> None:
    now = datetime.now(UTC)
    for zone in ("UTC", "Pacific/Kiritimati", "Etc/GMT+12"):
        there = now.astimezone(ZoneInfo(zone)).date()
        before = await stats(user, tz=zone)
        for completed in (False, True):
            noon = datetime.combine(there, time(12), ZoneInfo(zone)).isoformat()
            for due in (there.isoformat(), noon):
                await user.create(due_date=due, completed=completed)
        after = await stats(user, tz=zone)
        assert (after["due_today"], after["total"]) == (before["due_today"] + 2, before["total"] + 4)


@pytest.mark.req("TASK-FR-174")
@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "utc ", "../UTC", "UTC\0", "+01:00", "x" * 101])
async def test_an_unknown_time_zone_is_refused(user: User, zone: str) -> None:
    response = await user.get("/stats", params={"tz": zone})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["tz"]
