"""The member `tz` of a body decides in which time zone a task recurs, whatever the rest of the request names."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.conftest import User
from tests.support.bulk_requests import create, on, results, update
from tests.support.clock_changes import zones_with_other_changes
from tests.support.idempotent_requests import key
from tests.support.zones import ZONES

ROUTES = [
    *("PUT", "PATCH", "complete", "skip"),
    *("operation update", "operation complete", "operation skip"),
    *("bulk update", "bulk complete", "bulk skip"),
]
SPELLINGS = ("tz", "TZ", "time_zone", "timeZone", "timezone", "TimeZone", "time-zone")
FAR = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
"""Two zones where it is never the same day."""
DAY, NOON = timedelta(days=1), time(12)


class Case(NamedTuple):
    """A daily task, and when it is due next in a time zone."""

    zone: str
    due: str
    next_due: str
    next_zone: str | None


def today(zone: str) -> date:
    return datetime.now(ZoneInfo(zone)).date()


def days() -> Iterator[Case]:
    """Yield tasks that are overdue since three days, one for each zone."""
    for zone in ZONES:
        yield Case(zone, f"{today('UTC') - 3 * DAY}", f"{today(zone) + DAY}", None)


def instants() -> Iterator[Case]:
    """Yield tasks that are due at noon before a clock change, one for each zone that has one of its own."""
    for zone, [change, *_] in zones_with_other_changes(datetime.now(UTC).year + 1).items():
        noon = datetime.combine(change.instant.astimezone(ZoneInfo(zone)).date() - DAY, NOON, ZoneInfo(zone))
        yield Case(zone, noon.isoformat(), (noon + DAY).isoformat(), zone)


def sent(route: str, task_id: int, zone: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return method, path and body of the request that moves the task on."""
    path, task, completed = f"/{task_id}", {"id": task_id}, {"completed": True}
    match route.split():
        case ["skip"]:
            return "POST", f"{path}/skip", zone
        case ["complete"]:
            return "PATCH", f"{path}/complete", completed | zone
        case ["operation", "update"]:
            return "POST", "/bulk", {"operations": [update(task, **completed, **zone)]}
        case ["operation", op]:
            return "POST", "/bulk", {"operations": [on(op, task, **zone)]}
        case ["bulk", op]:
            operation = update(task, **completed) if op == "update" else on(op, task)
            return "POST", "/bulk", {"operations": [operation]} | zone
    return route, path, completed | zone


def occurrence(route: str, response: httpx.Response) -> tuple[str, str | None]:
    assert response.status_code == 200, response.text
    assert "Ignored-Names" not in response.headers
    body = response.json()
    task = body["results"][0]["task"] if "results" in body else body
    moved = task if "skip" in route else task["next_task"]
    return moved["due_date"], moved["recurrence_tz"]


def elsewhere(zone: str) -> dict[str, Any]:
    """Return a parameter and a header that name a zone where it is another day."""
    other = next(each for each in FAR if today(each) != today(zone))
    return {"params": {"tz": other}, "headers": {"Time-Zone": other}}


@pytest.mark.req("TASK-FR-233", "TASK-FR-252", "TASK-FR-255", "TASK-FR-256")
@pytest.mark.parametrize("cases", [days, instants])
@pytest.mark.parametrize("route", ROUTES)
async def test_the_zone_of_the_body_comes_before_all_others(user: User, route: str, cases: Any) -> None:
    table = list(cases())
    new = [create("Water the plants", due_date=each.due, recurrence="FREQ=DAILY") for each in table]
    ids = [result["task"]["id"] for result in await results(user, *new)]
    await user.http.put(f"/api/{user.id}/settings", json={"time_zone": "America/Lima"})
    found = []
    for case, task_id in zip(table, ids, strict=True):
        method, path, body = sent(route, task_id, {"tz": case.zone})
        response = await user.request(method, path, json=body, **elsewhere(case.zone))
        found.append((case, *occurrence(route, response)))
    assert [each for each in found if each[1:] != each[0][2:]] == []


@pytest.mark.req("TASK-FR-233", "TASK-FR-210", "TASK-FR-255", "TASK-FR-256")
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("route", ROUTES)
async def test_the_zone_of_the_body_has_several_spellings(user: User, route: str, spelling: str) -> None:
    task = await user.create(due_date="2999-03-13T12:00:00-05:00", recurrence="FREQ=DAILY")
    method, path, body = sent(route, task["id"], {spelling: "America/New_York"})
    assert occurrence(route, await user.request(method, path, json=body))[1] == "America/New_York"


@pytest.mark.req("TASK-FR-233", "TASK-FR-120", "TASK-FR-255")
@pytest.mark.parametrize("route", [route for route in ROUTES if " " in route or route == "skip"])
async def test_a_retry_with_a_key_has_the_zone_of_the_body(user: User, route: str) -> None:
    task = await user.create(due_date="2999-03-13T12:00:00-05:00", recurrence="FREQ=DAILY")
    method, path, body = sent(route, task["id"], {"tz": "America/New_York"})
    for _ in range(2):
        response = await user.request(method, path, json=body, headers=key())
        assert occurrence(route, response)[1] == "America/New_York"
    assert (await user.request(method, path, json=body | {"tz": "UTC"}, headers=key())).status_code == 422


@pytest.mark.req("TASK-FR-234", "TASK-FR-049")
@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "Factory", "localtime", 5])
@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_with_an_unknown_zone_is_refused(user: User, route: str, zone: object) -> None:
    task = await user.create(due_date="2999-01-01", recurrence="FREQ=DAILY")
    method, path, body = sent(route, task["id"], {"tz": zone})
    response = await user.request(method, path, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"].endswith("tz")
    assert await user.tasks() == [{name: value for name, value in task.items() if name != "next_task"}]


@pytest.mark.req("TASK-FR-233", "TASK-FR-256")
async def test_the_zone_of_an_operation_comes_before_that_of_the_bulk(user: User) -> None:
    recurring = {"due_date": "2999-03-13T12:00:00-05:00", "recurrence": "FREQ=DAILY"}
    tasks = [await user.create(**recurring) for _ in range(3)]
    first, second, third = tasks
    done = await results(
        user,
        on("complete", first, tz="Asia/Tokyo"),
        update(second, completed=True, tz="Europe/Paris"),
        on("skip", third),
        create("Local", due_date="2999-01-01T09:00"),
        create("Local", due_date="2999-01-01T09:00", tz="Asia/Tokyo"),
        tz="America/Lima",
    )
    zones = [each["task"]["next_task"]["recurrence_tz"] for each in done[:2]]
    assert [*zones, done[2]["task"]["recurrence_tz"]] == ["Asia/Tokyo", "Europe/Paris", "America/Lima"]
    assert [each["task"]["due_date"][-6:] for each in done[3:]] == ["-05:00", "+09:00"]


@pytest.mark.req("TASK-FR-255")
@pytest.mark.parametrize("content", [b"", b"{}", b"null", b'{"tz": null}'])
async def test_a_skip_needs_no_body(user: User, content: bytes) -> None:
    task = await user.create(due_date="2999-01-01", recurrence="FREQ=DAILY")
    options: dict[str, Any] = {"content": content, "headers": {"Content-Type": "application/json"}}
    response = await user.post(f"/{task['id']}/skip", **options)
    assert (response.status_code, response.json()["due_date"]) == (200, "2999-01-02")


@pytest.mark.req("TASK-FR-255", "TASK-FR-012", "TASK-FR-212")
async def test_a_skip_lists_members_that_it_ignores(user: User) -> None:
    task = await user.create(due_date="2999-03-13T12:00:00-05:00", recurrence="FREQ=DAILY")
    response = await user.post(f"/{task['id']}/skip", json={"tz": "Asia/Tokyo", "reason": "rain"})
    assert (response.status_code, response.headers["Ignored-Names"]) == (200, "reason")
    assert response.json()["recurrence_tz"] == "Asia/Tokyo"


@pytest.mark.req("TASK-FR-255", "TASK-FR-049")
@pytest.mark.parametrize("content", [b"[]", b"5", b"{", b'{"tz": "UTC", "timeZone": "CET"}'])
async def test_a_skip_with_another_body_is_refused(user: User, content: bytes) -> None:
    task = await user.create(due_date="2999-01-01", recurrence="FREQ=DAILY")
    options: dict[str, Any] = {"content": content, "headers": {"Content-Type": "application/json"}}
    response = await user.post(f"/{task['id']}/skip", **options)
    assert response.status_code in {400, 422}, response.text
    assert (await user.get(task["id"])).json() == task
