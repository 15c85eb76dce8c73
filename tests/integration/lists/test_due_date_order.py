"""Lists by due date compare days and instants in a time zone, which pages and ETags take into account."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from src.schemas.query import TaskQuery
from src.schemas.time_zone import is_time_zone
from src.services.lists.filters import Clock
from src.services.lists.parameters import list_parameters, shape_of
from src.services.settings.service import SettingsService, StoredZone
from tests.conftest import Connection, User
from tests.support.clock_changes import zones_with_other_changes

_PAST = 2023
"""Databases of time zones of different ages agree on the past: PostgreSQL may have another one than Python."""

DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
EXAMPLE = ["2026-12-01T17:00-08:00", "2026-12-02"]
"""In this order in Los Angeles, where the second begins at 08:00 in UTC; in the other one in UTC."""


async def dues(user: User, **options: Any) -> list[str]:
    options["params"] = {"sort": "due_date"} | options.get("params", {})
    return [task["due_date"] for task in (await user.get(**options)).json()["tasks"]]


async def store(user: User, zone: str | None) -> None:
    await user.http.put(f"/api/{user.id}/settings", json={"time_zone": zone})


@pytest.mark.req("TASK-FR-085", "TASK-FR-233")
async def test_days_and_instants_are_compared_in_the_zone_of_the_request(user: User) -> None:
    for due in EXAMPLE:
        await user.create(due_date=due)
    there = {"tz": "America/Los_Angeles"}
    assert await dues(user) == EXAMPLE[::-1]
    assert await dues(user, params=there) == EXAMPLE
    assert await dues(user, params=there | {"order": "desc"}) == EXAMPLE[::-1]
    assert await dues(user, headers={"Time-Zone": "America/Los_Angeles"}) == EXAMPLE
    await store(user, "America/Los_Angeles")
    assert await dues(user) == EXAMPLE
    assert await dues(user, params={"tz": "UTC"}) == EXAMPLE[::-1]


def beginning(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a day, found by trying all minutes."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - DAY
    while instant.astimezone(zone).date() < day:
        instant += timedelta(minutes=1)
    return instant


@pytest.mark.req("TASK-FR-085")
async def test_a_day_begins_with_its_first_instant_at_each_clock_change(user: User) -> None:
    for name, changes in zones_with_other_changes(_PAST).items():
        zone, expected = ZoneInfo(name), []
        for day in sorted({each.instant.astimezone(zone).date() + DAY * n for each in changes for n in (0, 1)}):
            start = beginning(day, zone)
            expected += [(start - TICK).isoformat(), day.isoformat(), (start + TICK).isoformat()]
        operations = [{"op": "create", "task": {"title": name, "due_date": due}} for due in reversed(expected)]
        assert (await user.post("/bulk", json={"operations": operations})).status_code == 200
        assert await dues(user, params={"tz": name}) == expected, name
        deletions = [{"op": "delete", "id": task["id"], "permanent": True} for task in await user.tasks()]
        await user.post("/bulk", json={"operations": deletions})


@pytest.mark.req("TASK-FR-085")
@pytest.mark.parametrize("zone", ["CET", "EET", "MET", "WET", "EST5EDT", "EST", "MST", "HST", "GMT", "Zulu", "NZ"])
async def test_a_short_name_is_the_zone_and_no_abbreviation_of_an_offset(user: User, zone: str) -> None:
    for day in (date(_PAST, 1, 15), date(_PAST, 7, 15)):
        start = beginning(day, ZoneInfo(zone))
        for due in (start - TICK, day, start + TICK):
            await user.create(due_date=due.isoformat())
    created = [task["due_date"] for task in await user.tasks(sort="created_at", order="asc")]
    assert await dues(user, params={"tz": zone}) == created


@pytest.mark.req("TASK-FR-086", "TASK-FR-246")
@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_all_pages_have_the_order_of_the_first_one_whatever_the_zone_becomes(user: User, order: str) -> None:
    days = [date(2026, 12, 1) + DAY * number for number in range(4)]
    instants = [datetime(2026, 12, 1, tzinfo=UTC) + timedelta(hours=7 * number) for number in range(12)]
    for due in [*days, *instants]:
        await user.create(due_date=due.isoformat())
    await store(user, "Pacific/Kiritimati")
    query = {"order": order, "limit": 3}
    expected = await dues(user, params=query | {"limit": 100})
    assert expected != await dues(user, params=query | {"limit": 100, "tz": "Pacific/Pago_Pago"})
    found: list[str] = []
    cursor: dict[str, str] = {}
    zones = ["Pacific/Pago_Pago", None, "Europe/Paris", "Asia/Tokyo", "UTC", "America/Lima"]
    for zone in zones:
        page = (await user.get(params={"sort": "due_date"} | query | cursor)).json()
        found += [task["due_date"] for task in page["tasks"]]
        cursor = {"cursor": page["next_cursor"], "tz": "America/Lima"}
        await store(user, zone)
    assert found == expected


@pytest.mark.req("TASK-FR-247", "TASK-FR-052")
@pytest.mark.parametrize(
    "query", [{"sort": "due_date"}, {"due_before": "2026-12-02"}, {"due_after": "2026-12-01T09:00:00Z"}]
)
async def test_a_list_is_sent_again_after_the_stored_zone_has_changed(user: User, query: dict[str, str]) -> None:
    for due in EXAMPLE:
        await user.create(due_date=due)
    for zone in ("America/Los_Angeles", None, "Pacific/Kiritimati", "UTC"):
        before = await user.get(params=query)
        cached = {"If-None-Match": before.headers["ETag"]}
        assert (await user.get(params=query, headers=cached)).status_code == 304
        await store(user, zone)
        after = await user.get(params=query, headers=cached)
        assert (after.status_code, after.json()) == (200, (await user.get(params=query)).json())


@pytest.mark.req("TASK-FR-247")
async def test_a_list_that_depends_on_the_header_has_no_etag(user: User) -> None:
    for due in EXAMPLE:
        await user.create(due_date=due)
    cached = {"If-None-Match": (await user.get(params={"sort": "due_date"})).headers["ETag"]}
    for zone, expected in (("America/Los_Angeles", EXAMPLE), ("UTC", EXAMPLE[::-1])):
        response = await user.get(params={"sort": "due_date"}, headers=cached | {"Time-Zone": zone})
        assert (response.status_code, "ETag" in response.headers) == (200, False)
        assert [task["due_date"] for task in response.json()["tasks"]] == expected
        named = {"sort": "due_date", "tz": "Asia/Tokyo"}
        assert (await user.get(params=named, headers=cached | {"Time-Zone": zone})).status_code == 304
        assert (await user.get(headers=cached | {"Time-Zone": zone})).status_code == 304


@pytest.mark.req("TASK-FR-247")
async def test_a_list_in_the_order_of_a_zone_that_was_just_replaced_is_not_304(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for due in EXAMPLE:
        await user.create(due_date=due)
    read = SettingsService.stored_zone

    async def read_and_replace(service: SettingsService) -> StoredZone:
        found = await read(service)
        await store(user, "America/Los_Angeles")
        return found

    monkeypatch.setattr(SettingsService, "stored_zone", read_and_replace)
    outdated = await user.get(params={"sort": "due_date"})
    monkeypatch.undo()
    assert [task["due_date"] for task in outdated.json()["tasks"]] == EXAMPLE[::-1]
    cached = {"If-None-Match": outdated.headers["ETag"]}
    assert await dues(user, headers=cached) == EXAMPLE


@pytest.mark.req("TASK-FR-085")
async def test_postgresql_and_python_mean_the_same_by_each_name(sql: Connection) -> None:
    query = TaskQuery(sort="due_date")
    names = sorted(each for each in available_timezones() if is_time_zone(each))
    parameters = [list_parameters(query, shape_of(query), Clock(datetime.now(UTC), name)) for name in names]
    for noon in (datetime(_PAST, 1, 15, 12), datetime(_PAST, 7, 15, 12)):  # noqa: DTZ001 - local times
        statement = "SELECT timezone(name, $2::timestamp) FROM unnest($1::text[]) WITH ORDINALITY z(name, n) ORDER BY n"
        instants = await sql.fetch(statement, [each["sort_zone"] for each in parameters], noon)
        expected = [noon.replace(tzinfo=ZoneInfo(name)).astimezone(UTC) for name in names]
        assert dict(zip(names, [row[0] for row in instants], strict=True)) == dict(zip(names, expected, strict=True))
