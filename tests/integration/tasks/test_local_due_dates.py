"""A due date without an offset is a time in the time zone of the request, or refused if none is known."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from src.schemas.operations import MAX_OPERATIONS
from tests.conftest import User
from tests.support.clock_changes import ClockChange, clock_changes

MINUTE = timedelta(minutes=1)
SPELLINGS = [
    ("2026-12-01T09:00", "2026-12-01T09:00:00+13:00"),  # <input type="datetime-local">
    ("2026-12-01T09:00:00", "2026-12-01T09:00:00+13:00"),
    ("2026-12-01T09:00:30", "2026-12-01T09:00:30+13:00"),
    ("2026-12-01T09:00:00.000", "2026-12-01T09:00:00+13:00"),
    ("2026-12-01T09:00:00.25", "2026-12-01T09:00:00.250000+13:00"),
    ("2026-12-01T09:00:00.123456", "2026-12-01T09:00:00.123456+13:00"),
    ("2026-12-01t09:00", "2026-12-01T09:00:00+13:00"),
    ("2026-12-01 09:00", "2026-12-01T09:00:00+13:00"),
    ("2026-12-01 09:00:00", "2026-12-01T09:00:00+13:00"),
    ("2026-07-01T09:00", "2026-07-01T09:00:00+12:00"),
    ("2026-12-01T00:00", "2026-12-01T00:00:00+13:00"),
    ("1850-01-01T09:00", "1849-12-31T21:20:56+00:00"),  # whose offset has seconds
    ("0001-01-03T00:00", "0001-01-02T12:20:56+00:00"),
    ("9999-12-29T23:59:59.999999", "9999-12-29T23:59:59.999999+13:00"),
]
UNCHANGED = ["2026-12-01", "2026-12-01T09:00Z", "2026-12-01T09:00:00.000Z", "2026-12-01T09:00:00-08:00"]
REFUSED = [
    *("2026-12-01T09", "2026-12-01T9:00", "2026-12-01T24:00", "2026-12-01T09:60", "2026-02-30T09:00"),
    *("2026-12-01T09:00:00.", "2026-12-01T09:00.5", "2026-12-01T09:00:00.1234567", "2026-12-01  09:00"),
    *("2026-12-01T09:00 ", "2026-12-01T09:00\n", "2026-12-01T09:00[Europe/Paris]", "2026-W01-1T09:00"),
    *(
        "0001-01-01T00:00",
        "9999-12-31T00:00",
        "0001-01-02T00:00",
        "9999-12-30T23:59",
        "12/01/2026 09:00",
        "2026-12-01T09:00 PM",
    ),
]
AUCKLAND = {"Time-Zone": "Pacific/Auckland"}


async def bulk(user: User, *tasks: dict[str, Any]) -> list[str]:
    """Create tasks and return their due dates."""
    operations = [{"op": "create", "task": {"title": "Buy milk", **task}} for task in tasks]
    response = await user.post("/bulk", json={"operations": operations})
    assert response.status_code == 200, response.text
    return [result["task"]["due_date"] for result in response.json()["results"]]


@pytest.mark.req("TASK-FR-235")
@pytest.mark.parametrize(("sent", "expected"), SPELLINGS)
async def test_a_local_time_becomes_an_instant_with_the_offset_of_the_zone(
    user: User, sent: str, expected: str
) -> None:
    body = {"title": "Buy milk", "due_date": sent}
    task = (await user.post(json=body, headers=AUCKLAND)).json()
    assert task["due_date"] == expected
    for method in ("PUT", "PATCH"):
        await user.patch(task["id"], json={"due_date": None})
        response = await user.request(method, task["id"], json={"due_date": sent}, headers=AUCKLAND)
        assert response.json()["due_date"] == expected, response.text
    assert await bulk(user, {"due_date": sent, "tz": "Pacific/Auckland"}) == [expected]
    stored = [each["due_date"] for each in await user.tasks()]
    assert stored == [expected, expected]


@pytest.mark.req("TASK-FR-073", "TASK-FR-235")
@pytest.mark.parametrize("sent", UNCHANGED)
async def test_days_and_instants_stay_as_they_were_sent(user: User, sent: str) -> None:
    response = await user.post(json={"title": "Buy milk", "due_date": sent}, headers=AUCKLAND)
    assert response.json()["due_date"] == sent


@pytest.mark.req("TASK-FR-074")
@pytest.mark.parametrize("sent", REFUSED)
async def test_other_spellings_are_refused_also_with_a_zone(user: User, sent: str) -> None:
    response = await user.post(json={"title": "Buy milk", "due_date": sent}, headers=AUCKLAND)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "due_date")
    assert await user.tasks() == []


@pytest.mark.req("TASK-FR-236", "TASK-FR-049")
async def test_without_a_zone_a_local_time_is_refused_with_what_to_send(user: User) -> None:
    task = await user.create(due_date="2026-12-01")
    body = {"title": "Buy tea", "due_date": "2026-12-01T09:00"}
    for response in (
        await user.post(json=body),
        await user.post(json=body, headers={"Idempotency-Key": "key"}),
        await user.put(task["id"], json=body),
        await user.patch(task["id"], json=body),
        await user.patch(task["id"], json=body | {"recurrence": "FREQ=DAILY"}),
        await user.get(params={"due_before": "2026-12-01T09:00"}),
        await user.get(params={"due_after": "2026-12-01T09:00"}),
    ):
        problem = response.json()
        assert (response.status_code, problem["type"]) == (422, "urn:problem-type:time-zone-unknown"), response.text
        for hint in ("offset", "'tz'", "'Time-Zone'", "/settings"):
            assert hint in problem["detail"]
        assert problem["errors"][0]["field"].startswith("due_")
    [result] = (
        await user.post("/bulk", json={"operations": [{"op": "create", "task": body}], "atomic": False})
    ).json()["results"]
    assert (result["status"], result["problem"]["type"]) == (422, "urn:problem-type:time-zone-unknown")
    assert (await user.get(task["id"])).json() == task
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-036", "TASK-FR-236")
async def test_a_refused_local_time_stores_no_user(user: User, sql: Any) -> None:
    task = {"title": "Buy milk", "due_date": "2026-12-01T09:00"}
    assert (await user.post(json=task)).status_code == 422
    assert (await user.post("/bulk", json={"operations": [{"op": "create", "task": task}]})).status_code == 409
    assert await sql.fetch("SELECT FROM users WHERE id = $1", user.id) == []


def local_times(change: ClockChange) -> Iterator[tuple[datetime, datetime]]:
    """Yield local times at a clock change, each with its instant by RFC 5545, section 3.3.5."""
    local = change.instant.replace(tzinfo=None)
    beginning, end = sorted((local + change.before, local + change.after))  # of the gap, or of what occurs twice
    for moment in (beginning - MINUTE, beginning, beginning + (end - beginning) / 2, end - MINUTE):
        yield moment, (moment - change.before).replace(tzinfo=UTC)
    yield end, (end - change.after).replace(tzinfo=UTC)


@pytest.mark.req("TASK-FR-235")
async def test_each_clock_change_of_each_zone_is_as_in_rfc_5545(user: User) -> None:
    cases = [(change, *each) for change in clock_changes(2027) for each in local_times(change)]
    assert len({change.zone for change, *_ in cases}) > 100
    for chunk in batched(cases, MAX_OPERATIONS, strict=False):
        tasks = [{"due_date": moment.isoformat(), "tz": change.zone} for change, moment, _ in chunk]
        for (change, moment, instant), due in zip(chunk, await bulk(user, *tasks), strict=True):
            expected = instant.astimezone(ZoneInfo(change.zone)).isoformat()
            assert due == expected, f"{moment} {change.zone}"


@pytest.mark.req("TASK-FR-235")
@pytest.mark.parametrize(
    ("zone", "sent", "expected"),
    [
        ("America/New_York", "2027-03-14T02:30", "2027-03-14T03:30:00-04:00"),  # skipped
        ("America/New_York", "2027-11-07T01:30", "2027-11-07T01:30:00-04:00"),  # occurs twice
        ("America/Santiago", "2027-09-05T00:00", "2027-09-05T01:00:00-03:00"),  # a midnight that is skipped
        ("America/Havana", "2027-11-07T00:30", "2027-11-07T00:30:00-04:00"),  # two midnights
        ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-03T02:45:00+11:00"),  # half an hour
        ("Antarctica/Troll", "2027-03-28T02:00", "2027-03-28T04:00:00+02:00"),  # two hours
        ("Pacific/Apia", "2011-12-30T09:00", "2011-12-31T09:00:00+14:00"),  # a whole day
    ],
)
async def test_examples_of_clock_changes(user: User, zone: str, sent: str, expected: str) -> None:
    assert (await user.create(due_date=sent, tz=zone))["due_date"] == expected


@pytest.mark.req("TASK-FR-237")
@pytest.mark.parametrize("headers", [AUCKLAND, {}])
async def test_bounds_of_a_list_may_be_local_times(user: User, headers: dict[str, str]) -> None:
    if not headers:
        await user.http.put(f"/api/{user.id}/settings", json={"time_zone": "Pacific/Auckland"})
    for due in ("2026-12-01", "2026-12-01T08:59:00+13:00", "2026-12-01T09:00:00+13:00", "2026-12-01T09:01:00+13:00"):
        await user.create(due, due_date=due)
    for name, minutes in (("due_before", {"08:59"}), ("due_after", {"09:01"})):
        found = (await user.get(params={name: "2026-12-01T09:00"}, headers=headers)).json()["tasks"]
        assert {task["title"][11:16] for task in found} == minutes
