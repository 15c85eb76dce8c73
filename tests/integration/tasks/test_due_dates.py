"""Days stay days and instants stay instants, in every time zone and on both sides of midnight."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from src.schemas.query import TaskQuery
from src.services.lists.filters import Clock
from src.services.lists.parameters import list_parameters, shape_of
from src.services.lists.statements import list_tasks
from tests.conftest import User
from tests.support.zones import ZONES

DAYS = [
    "2018-11-04",  # America/Sao_Paulo had no midnight
    "2022-03-27",  # neither had Asia/Beirut
    "2026-04-24",  # nor has Africa/Cairo
    "2011-12-30",  # Pacific/Apia did not have the day at all
    "2026-10-25",  # Europe has 25 hours
    "2026-11-01",  # America/Havana has two midnights
    "2024-02-29",
    "2026-12-31",
]


def shifted(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


async def overdue_at(app: FastAPI, user: User, now: datetime, **query: Any) -> set[str]:
    """Return the titles of the overdue tasks at another time than now."""
    parsed = TaskQuery.model_validate({"overdue": True, **query})
    shape = shape_of(parsed)
    values = list_parameters(parsed, shape, Clock(now, parsed.tz))
    rows = await app.state.components.database.fetch(list_tasks(shape), owner=user.id, **values)
    names = {task["id"]: task["title"] for task in await user.tasks()}
    return {names[row["id"]] for row in rows if row["id"] is not None}


@pytest.mark.req("TASK-FR-075")
@pytest.mark.parametrize("zone", ZONES)
async def test_a_day_is_the_same_day_in_every_zone(user: User, zone: str) -> None:
    for day in DAYS:
        await user.create(day, due_date=day)
    assert {task["title"]: task["due_date"] for task in await user.tasks(tz=zone)} == {day: day for day in DAYS}
    for day in DAYS:
        between = {"due_after": shifted(day, -1), "due_before": shifted(day, 1), "tz": zone}
        assert [task["due_date"] for task in await user.tasks(**between)] == [day]
        for bound in ("due_after", "due_before"):
            assert day not in {task["due_date"] for task in await user.tasks(**{bound: day, "tz": zone})}


@pytest.mark.req("TASK-FR-075", "TASK-FR-081")
@pytest.mark.parametrize("zone", ZONES)
async def test_a_instant_belongs_to_the_day_of_the_time_zone(user: User, zone: str) -> None:
    noons = {datetime.fromisoformat(f"{day}T00:30:00Z").isoformat() for day in DAYS}
    for noon in noons:
        await user.create(noon, due_date=noon)
    for noon in noons:
        there = datetime.fromisoformat(noon).astimezone(ZoneInfo(zone)).date().isoformat()
        between = {"due_after": shifted(there, -1), "due_before": shifted(there, 1), "tz": zone}
        assert [task["title"] for task in await user.tasks(**between)] == [noon]
        assert noon not in {task["title"] for task in await user.tasks(due_before=there, tz=zone)}
        assert noon not in {task["title"] for task in await user.tasks(due_after=there, tz=zone)}


@pytest.mark.req("TASK-FR-081", "TASK-FR-083")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"due_before": "2026-12-02"}, "day before, day, early, nine, late"),
        ({"due_before": "2026-12-01"}, "day before"),
        ({"due_after": "2026-12-01"}, "day after"),
        ({"due_after": "2026-11-30"}, "day, day after, early, nine, late"),
        ({"due_before": "2026-12-01T09:00:00Z"}, "day before, early"),
        ({"due_after": "2026-12-01T09:00:00Z"}, "day after, late"),
        ({"due_before": "2026-12-01T09:00:00.000001Z"}, "day before, early, nine"),
        ({"due_before": "2026-12-01", "tz": "Asia/Tokyo"}, "day before"),
        ({"due_after": "2026-12-01", "tz": "Asia/Tokyo"}, "day after, late"),
        ({"due_before": "2026-12-01", "tz": "America/New_York"}, "day before, early"),
        ({"due_after": "2026-11-30", "due_before": "2026-12-01"}, ""),
        ({"no_due_date": "true"}, "never"),
        ({"no_due_date": "false"}, "day before, day, day after, early, nine, late"),
        ({"no_due_date": "true", "due_before": "2030-01-01"}, ""),
    ],
)
async def test_bounds_exclude_themselves(user: User, query: dict[str, str], expected: str) -> None:
    await user.create("never")
    for title, day in (("day before", "2026-11-30"), ("day", "2026-12-01"), ("day after", "2026-12-02")):
        await user.create(title, due_date=day)
    for title, hour in (("early", "00:00:00"), ("nine", "09:00:00"), ("late", "23:59:59.999999")):
        await user.create(title, due_date=f"2026-12-01T{hour}Z")
    assert {task["title"] for task in await user.tasks(**query)} == set(filter(None, expected.split(", ")))


@pytest.mark.req("TASK-FR-075", "TASK-FR-082")
@pytest.mark.parametrize("zone", ZONES)
async def test_a_day_is_overdue_when_it_is_over_in_the_time_zone(app: FastAPI, user: User, zone: str) -> None:
    tick = timedelta(microseconds=1)
    for day in DAYS:
        await user.create(day, due_date=day)
    for day in DAYS:
        after = datetime.combine(date.fromisoformat(shifted(day, 1)), datetime.min.time(), ZoneInfo(zone))
        midnight = after.astimezone(UTC)
        assert day in await overdue_at(app, user, midnight, tz=zone)
        if (day, zone) != ("2011-12-30", "Pacific/Apia"):
            assert day not in await overdue_at(app, user, midnight - tick, tz=zone)


@pytest.mark.req("TASK-FR-082")
async def test_open_tasks_are_overdue_when_their_time_has_come(app: FastAPI, user: User) -> None:
    now = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    await user.create("never")
    await user.create("past", due_date="2026-12-01T08:59:59.999999Z")
    await user.create("now", due_date="2026-12-01T10:00:00+01:00")
    await user.create("yesterday", due_date="2026-11-30")
    await user.create("today", due_date="2026-12-01")
    await user.create("done", due_date="2026-11-30", completed=True)
    assert await overdue_at(app, user, now) == {"past", "yesterday"}
    assert await overdue_at(app, user, now, tz="Pacific/Kiritimati") == {"past", "yesterday"}
    assert await overdue_at(app, user, now, tz="Etc/GMT+12") == {"past"}
    assert await overdue_at(app, user, now, overdue=False) == {"never", "now", "today", "done"}
    assert await overdue_at(app, user, now, overdue=None) == {"never", "past", "now", "yesterday", "today", "done"}


@pytest.mark.req("TASK-FR-082")
async def test_overdue_is_judged_by_the_clock(user: User) -> None:
    now = datetime.now(UTC)
    await user.create("past", due_date=(now - timedelta(minutes=1)).isoformat())
    await user.create("soon", due_date=(now + timedelta(minutes=10)).isoformat())
    await user.create("last week", due_date=(now - timedelta(days=7)).date().isoformat())
    await user.create("next week", due_date=(now + timedelta(days=7)).date().isoformat())
    assert {task["title"] for task in await user.tasks(overdue="true")} == {"past", "last week"}
    assert {task["title"] for task in await user.tasks(overdue="false")} == {"soon", "next week"}
