"""Rules recur in the time zone of the user, which a task with a time gets when its rule is set."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import User

MONDAY = {"due_date": "2026-11-29T20:00:00.000Z", "recurrence": "FREQ=WEEKLY;BYDAY=MO"}
"""Due on Monday at nine in New Zealand."""
NZ = "Pacific/Auckland"
DEPENDING = [
    *(f"FREQ={each}" for each in ("MONTHLY", "YEARLY")),
    *(f"FREQ=WEEKLY;{each}" for each in ("BYDAY=MO", "BYHOUR=9", "BYMONTH=1")),
    *(f"FREQ=MONTHLY;{each}" for each in ("BYMONTHDAY=31", "BYDAY=1MO", "BYDAY=MO,TU;BYSETPOS=1")),
    *(f"FREQ=YEARLY;{each}" for each in ("BYYEARDAY=1", "BYWEEKNO=1")),
    *(f"FREQ=HOURLY;{each}" for each in ("BYMINUTE=0", "BYHOUR=9,10")),
]
INDEPENDENT = [
    *("FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;UNTIL=30010101T000000Z"),
    *("FREQ=HOURLY;INTERVAL=6", "FREQ=MINUTELY;INTERVAL=45", "FREQ=WEEKLY;WKST=SU"),
]


async def store(user: User, zone: str | None) -> None:
    await user.http.put(f"/api/{user.id}/settings", json={"time_zone": zone})


async def following(user: User, task: dict[str, Any], **options: Any) -> dict[str, Any]:
    response = await user.patch(f"/{task['id']}/complete", json={"completed": True}, **options)
    assert response.status_code == 200, response.text
    next_task: dict[str, Any] = response.json()["next_task"]
    return next_task


def local(due: str, zone: str) -> datetime:
    return datetime.fromisoformat(due).astimezone(ZoneInfo(zone))


@pytest.mark.req("TASK-FR-250", "TASK-FR-103")
@pytest.mark.parametrize("source", ["stored", "header", "parameter", "member", "rule"])
async def test_monday_morning_stays_monday_morning_where_the_user_is(user: User, source: str) -> None:
    await store(user, NZ if source == "stored" else "America/Lima")
    body = {"title": "Water the plants", **MONDAY}
    body |= {"member": {"tz": NZ}, "rule": {"recurrence_tz": NZ}}.get(source, {})
    named: dict[str, Any] = {"header": {"headers": {"Time-Zone": NZ}}, "parameter": {"params": {"tz": NZ}}}
    task = (await user.post(json=body, **named.get(source, {}))).json()
    assert (task["due_date"], task["recurrence_tz"]) == (MONDAY["due_date"], NZ)
    for _ in range(20):
        task = await following(user, task, headers={"Time-Zone": "America/Los_Angeles"})
        due = local(task["due_date"], NZ)
        assert (due.weekday(), due.hour, due.minute, task["recurrence_tz"]) == (0, 9, 0, NZ)


@pytest.mark.req("TASK-FR-250")
@pytest.mark.parametrize("zone", ["absent", None])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "bulk"])
async def test_a_change_that_sets_a_rule_gives_it_the_zone(user: User, method: str, zone: str | None) -> None:
    await store(user, NZ)
    given = {} if zone == "absent" else {"recurrence_tz": zone}
    for before, changes in (
        ({}, MONDAY),
        ({"due_date": MONDAY["due_date"]}, {"recurrence": MONDAY["recurrence"]}),
        ({"due_date": "2026-12-01"}, MONDAY),
    ):
        task = await user.create(**before)
        assert (await changed(user, method, task["id"], changes | given))["recurrence_tz"] == NZ
    day = await user.create(due_date="2026-12-01")
    assert (await changed(user, method, day["id"], {"recurrence": "FREQ=DAILY"} | given))["recurrence_tz"] is None
    own = {"recurrence": "FREQ=DAILY", "recurrence_tz": "Asia/Tokyo", "due_date": MONDAY["due_date"]}
    other = await user.create(**own)
    kept = None if zone is None else "Asia/Tokyo"
    assert (await changed(user, method, other["id"], {"title": "x"} | given))["recurrence_tz"] == kept


async def changed(user: User, method: str, task_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    if method != "bulk":
        task: dict[str, Any] = (await user.request(method, task_id, json=changes)).json()
        return task
    operation = {"op": "update", "id": task_id, "changes": changes}
    [result] = (await user.post("/bulk", json={"operations": [operation]})).json()["results"]
    return dict(result["task"])


@pytest.mark.req("TASK-FR-251", "TASK-FR-049")
@pytest.mark.parametrize("rule", DEPENDING)
@pytest.mark.parametrize("due", ["2026-11-29T20:00:00.000Z", "2026-11-29T20:00+00:00"])
async def test_without_a_zone_a_rule_that_depends_on_one_is_refused(user: User, rule: str, due: str) -> None:
    body = {"title": "Water the plants", "due_date": due, "recurrence": rule}
    task = await user.create(due_date=due)
    for response in (
        await user.post(json=body),
        await user.patch(task["id"], json={"recurrence": rule}),
        await user.put(task["id"], json=body),
        await user.patch(task["id"], json={"recurrence": rule, "completed": True}),
    ):
        problem = response.json()
        assert (response.status_code, problem["type"]) == (422, "urn:problem-type:time-zone-unknown"), response.text
        assert problem["errors"][0]["field"] == "recurrence"
        assert "'recurrence_tz'" in problem["detail"]
    assert (await user.get(task["id"])).json() == task
    for accepted in ({"tz": "UTC"}, {"recurrence_tz": "UTC"}, {"due_date": "2026-11-29T20:00:00+13:00"}):
        assert (await user.post(json=body | accepted)).status_code == 201
    assert (await user.post(json=body | {"due_date": "2026-11-29"})).status_code == 201


@pytest.mark.req("TASK-FR-250", "TASK-FR-251")
async def test_a_change_of_the_rule_leaves_a_zone_that_is_stored(user: User) -> None:
    task = await user.create(recurrence_tz="Asia/Tokyo", **MONDAY)
    response = await user.patch(task["id"], json={"recurrence": "FREQ=MONTHLY;BYMONTHDAY=31"})
    assert (response.status_code, response.json()["recurrence_tz"]) == (200, "Asia/Tokyo")


@pytest.mark.req("TASK-FR-251", "TASK-FR-252")
@pytest.mark.parametrize("rule", INDEPENDENT)
async def test_without_a_zone_other_rules_recur_at_the_offset_of_the_due_date(user: User, rule: str) -> None:
    task = await user.create(due_date="2999-11-29T20:00:00Z", recurrence=rule)
    assert task["recurrence_tz"] is None
    next_task = await following(user, task)
    assert (next_task["due_date"][-1], next_task["recurrence_tz"]) == ("Z", None)


@pytest.mark.req("TASK-FR-252")
async def test_a_rule_without_a_zone_gets_that_of_the_completion(user: User) -> None:
    task = await user.create(due_date="2026-11-29T20:00:00+00:30", recurrence=MONDAY["recurrence"])
    assert task["recurrence_tz"] is None
    task = await following(user, task, headers={"Time-Zone": NZ})
    assert (local(task["due_date"], NZ).weekday(), task["recurrence_tz"]) == (0, NZ)
    older = await user.create(due_date="2026-11-29T20:00:00+00:30", recurrence=MONDAY["recurrence"])
    await store(user, NZ)
    task = await following(user, older)
    assert (local(task["due_date"], NZ).weekday(), task["recurrence_tz"]) == (0, NZ)


def zone_on_another_day() -> tuple[str, date]:
    """Return a time zone in which it is not the day that it is in UTC, and the day there."""
    now = datetime.now(UTC)
    zone = "Etc/GMT+12" if now.hour < 11 else "Pacific/Kiritimati"
    return zone, now.astimezone(ZoneInfo(zone)).date()


@pytest.mark.req("TASK-FR-252", "TASK-FR-102")
@pytest.mark.parametrize("source", ["stored", "header", "parameter", "none"])
@pytest.mark.parametrize("route", ["complete", "PATCH", "bulk"])
async def test_a_day_that_is_over_elsewhere_is_not_skipped(user: User, source: str, route: str) -> None:
    zone, today = zone_on_another_day()
    await store(user, zone if source == "stored" else None)
    named: dict[str, Any] = {"header": {"headers": {"Time-Zone": zone}}, "parameter": {"params": {"tz": zone}}}
    options = named.get(source, {})
    task = await user.create(due_date=(today - timedelta(days=2)).isoformat(), recurrence="FREQ=DAILY")
    if route == "bulk":
        body = {"operations": [{"op": "complete", "id": task["id"]}]}
        [result] = (await user.post("/bulk", json=body, **options)).json()["results"]
        next_task = result["task"]["next_task"]
    else:
        path = f"/{task['id']}" + ("/complete" if route == "complete" else "")
        next_task = (await user.patch(path, json={"completed": True}, **options)).json()["next_task"]
    expected = datetime.now(UTC).date() if source == "none" else today
    assert (next_task["due_date"], next_task["recurrence_tz"]) == ((expected + timedelta(days=1)).isoformat(), None)


@pytest.mark.req("TASK-FR-253")
async def test_a_task_that_is_sent_back_as_it_is_stays_as_it_is(user: User) -> None:
    task = await user.create(recurrence=MONDAY["recurrence"])
    task = (await user.patch(task["id"], json={"due_date": MONDAY["due_date"]})).json()
    for zone in (None, NZ):
        await store(user, zone)
        response = await user.put(task["id"], json=task)
        assert (response.status_code, response.json()["recurrence_tz"]) == (200, None)
