"""Which time zone a request uses: one that it names, that which the user has stored, or none."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import Connection, User

KIRITIMATI, PAGO = "Pacific/Kiritimati", "Pacific/Pago_Pago"  # 25 hours apart
LOCAL = "2026-12-01T09:00"


async def settings(user: User, method: str = "GET", **options: Any) -> httpx.Response:
    return await user.http.request(method, f"/api/{user.id}/settings", **options)


async def store(user: User, zone: str | None) -> None:
    response = await settings(user, "PUT", json={"time_zone": zone})
    assert (response.status_code, response.json()) == (200, {"time_zone": zone})


@pytest.mark.req("TASK-FR-230", "TASK-FR-231", "TASK-FR-232")
async def test_a_time_zone_is_stored_until_it_is_cleared(user: User, stranger: User) -> None:
    assert (await settings(user)).json() == {"time_zone": None}
    for zone in ("Pacific/Auckland", "America/Argentina/Buenos_Aires", "UTC", None, "Asia/Calcutta"):
        await store(user, zone)
        assert (await settings(user)).json() == {"time_zone": zone}
    assert (await settings(stranger)).json() == {"time_zone": None}


@pytest.mark.req("TASK-FR-231")
async def test_a_change_of_the_zone_takes_one_revision_and_a_repetition_none(user: User) -> None:
    task = await user.create()
    for zone in ("Europe/Paris", "Europe/Paris", "Asia/Tokyo", None, None):
        before = (await settings(user)).json()["time_zone"]
        revision = await user.revision()
        await store(user, zone)
        assert await user.revision() == revision + (zone != before)
    assert (await user.get(task["id"])).json() == task


@pytest.mark.req("TASK-FR-231", "TASK-FR-049")
@pytest.mark.parametrize(
    "body",
    [
        {},
        *(
            {"time_zone": each}
            for each in ("", "Mars/Olympus", "europe/paris", "+01:00", "localtime", "Factory", "../UTC")
        ),
        {"time_zone": 5},
        {"time_zone": []},
        {"time_zone": "UTC\0"},
        {"time_zone": "x" * 101},
        {"zone": "Europe/Paris"},
        [],
        None,
    ],
)
async def test_other_settings_are_refused(user: User, sql: Connection, body: object) -> None:
    response = await settings(user, "PUT", json=body)
    assert response.status_code == 422
    assert await sql.fetch("SELECT FROM users WHERE id = $1", user.id) == []


@pytest.mark.req("TASK-FR-232", "TASK-FR-036", "TASK-FR-037")
async def test_storing_a_zone_stores_the_user_and_changes_no_other_column(user: User, sql: Connection) -> None:
    await store(user, None)
    assert await sql.fetch("SELECT FROM users WHERE id = $1", user.id) == []
    await store(user, "Europe/Paris")
    await sql.execute("UPDATE users SET name = 'Demo user', email = $2, image = 'x' WHERE id = $1", user.id, user.id)
    before = dict(await sql.fetchrow("SELECT * FROM users WHERE id = $1", user.id) or {})
    await store(user, "Asia/Tokyo")
    after = dict(await sql.fetchrow("SELECT * FROM users WHERE id = $1", user.id) or {})
    assert after == before | {"time_zone": "Asia/Tokyo", "revision": before["revision"] + 1}


@pytest.mark.req("TASK-FR-231", "TASK-FR-053")
async def test_concurrent_changes_of_settings_and_tasks_take_a_revision_each(user: User) -> None:
    zones = ["Europe/Paris", "Asia/Tokyo", "America/Lima", "Africa/Cairo", "Asia/Dubai"]
    first = (await user.create())["revision"]
    await asyncio.gather(*(store(user, zone) for zone in zones), *(user.create() for _ in zones))
    assert (await settings(user)).json()["time_zone"] in zones
    assert await user.revision() == first + 10


SOURCES: list[tuple[str, dict[str, Any]]] = [
    ("tz", {"json": {"tz": "Asia/Tokyo"}}),
    ("recurrence_tz", {"json": {"recurrence_tz": "Asia/Dubai"}}),
    ("parameter", {"params": {"tz": "Asia/Kolkata"}}),
    ("header", {"headers": {"Time-Zone": "Europe/Paris"}}),
    ("stored", {}),
]
OFFSETS = ["+09:00", "+04:00", "+05:30", "+01:00", "-05:00"]


@pytest.mark.req("TASK-FR-233")
@pytest.mark.parametrize("first", range(len(SOURCES)))
@pytest.mark.parametrize("with_key", [False, True])
async def test_of_several_zones_the_most_explicit_one_counts(user: User, first: int, with_key: bool) -> None:  # noqa: FBT001 - a parameter
    await store(user, "America/Lima")
    body: dict[str, Any] = {"title": "Buy milk", "due_date": LOCAL}
    options: dict[str, Any] = {"params": {}, "headers": {}}
    for _, source in SOURCES[first:]:
        body |= source.get("json", {})
        options = {name: value | source.get(name, {}) for name, value in options.items()}
    keys = {"Idempotency-Key": "a"} if with_key else {}
    created = await user.post(json=body, params=options["params"], headers=options["headers"] | keys)
    expected = f"{LOCAL}:00{OFFSETS[first]}"
    assert created.json()["due_date"] == expected, created.text
    task_id = created.json()["id"]
    await user.patch(task_id, json={"due_date": None})
    for method in ("PUT", "PATCH"):
        changed = await user.request(method, task_id, json=body, **options)
        assert changed.json()["due_date"] == expected
    operation = {"op": "create", "task": body}
    [result] = (await user.post("/bulk", json={"operations": [operation]}, **options)).json()["results"]
    assert result["task"]["due_date"] == expected


@pytest.mark.req("TASK-FR-233", "TASK-FR-082", "TASK-FR-174")
async def test_the_zone_decides_what_is_overdue_and_due_today(user: User) -> None:
    for day in range(-2, 3):
        await user.create(due_date=shifted_day(day))
    for source in ("parameter", "header", "stored"):
        seen = []
        for zone in (KIRITIMATI, PAGO):
            await store(user, zone if source == "stored" else None)
            options: dict[str, Any] = {"params": {"tz": zone}} if source == "parameter" else {}
            options |= {"headers": {"Time-Zone": zone}} if source == "header" else {}
            counts = (await user.get("/stats", **options)).json()
            query = {"overdue": "true"} | options.pop("params", {})
            overdue = (await user.get(params=query, **options)).json()["tasks"]
            assert (counts["overdue"], counts["due_today"]) == (len(overdue), 1)
            seen.append(len(overdue))
        assert seen[0] > seen[1]


def shifted_day(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


@pytest.mark.req("TASK-FR-234")
@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "europe/paris", "+01:00", "Etc/Unknown", "localtime", "Factory", "x" * 500]
)
async def test_an_unknown_zone_is_refused_where_one_is_needed_and_ignored_elsewhere(user: User, zone: str) -> None:
    await store(user, "Europe/Paris")
    header: dict[str, Any] = {"headers": {"Time-Zone": zone}}
    body = {"title": "Buy milk", "due_date": LOCAL}
    needing: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "", {"json": body}),
        ("POST", "/bulk", {"json": {"operations": [{"op": "create", "task": body}]}}),
        ("GET", "?sort=due_date", {}),
        ("GET", "?overdue=true", {}),
        ("GET", "?due_before=2026-12-01", {}),
        ("GET", "/stats", {}),
    ]
    for method, path, options in needing:
        response = await user.request(method, path, **options | header)
        assert (response.status_code, response.json()["type"]) == (422, "urn:problem-type:invalid-time-zone")
        assert response.json()["errors"][0]["field"] == "Time-Zone"
    assert (await user.post(json=body, params={"tz": zone})).json()["errors"][0]["field"] == "tz"
    task = (await user.post(json={"title": "Buy milk", "due_date": "2026-12-01"}, **header)).json()
    for method, path in (("GET", ""), ("GET", f"/{task['id']}"), ("PATCH", f"/{task['id']}/complete")):
        assert (await user.request(method, path, **header)).status_code == 200
    assert (await user.patch("/1/complete", **header)).status_code == 404


@pytest.mark.req("TASK-FR-234")
async def test_a_zone_that_the_database_does_not_know_is_refused(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    await user.create(due_date="2026-12-01")
    monkeypatch.setattr("src.schemas.time_zone._names", lambda: {"Mars/Olympus"})
    response = await user.get(params={"sort": "due_date", "tz": "Mars/Olympus"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "tz")


@pytest.mark.req("TASK-FR-233")
async def test_users_with_different_zones_at_once_each_get_their_own(user: User, stranger: User) -> None:
    await store(user, "Pacific/Auckland")
    await store(stranger, "America/Los_Angeles")
    for _ in range(3):
        created = await asyncio.gather(*(each.create(due_date=LOCAL) for each in [user, stranger] * 10))
        offsets = [task["due_date"].removeprefix(f"{LOCAL}:00") for task in created]
        assert offsets == ["+13:00", "-08:00"] * 10


@pytest.mark.req("TASK-FR-140", "TASK-FR-231")
async def test_a_client_that_follows_the_changes_passes_a_change_of_the_zone(user: User) -> None:
    task = await user.create()
    since = (await user.get("/changes")).json()["next_since"]
    await store(user, "Europe/Paris")
    after = (await user.get("/changes", params={"since": since})).json()
    assert after["tasks"] == []
    assert not after["more"]
    changed = (await user.patch(task["id"], json={"title": "Buy tea"})).json()
    found = (await user.get("/changes", params={"since": after["next_since"]})).json()["tasks"]
    assert [each["revision"] for each in found] == [changed["revision"]]
