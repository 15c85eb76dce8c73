"""Skip an occurrence: a pending recurring task moves to its next due date."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import User, listed
from tests.support.bulk_requests import bulk, on, results
from tests.support.idempotent_requests import assert_replayed, key
from tests.support.task_values import FILLED

RECURRING: dict[str, Any] = FILLED | {"completed": False, "due_date": "2999-01-01", "recurrence": "FREQ=DAILY;COUNT=3"}
REFUSED = (409, "urn:problem-type:not-skippable")


async def skip(user: User, task: dict[str, Any], **options: Any) -> dict[str, Any]:
    response = await user.post(f"/{task['id']}/skip", **options)
    assert response.status_code == 200, response.text
    skipped: dict[str, Any] = response.json()
    assert response.headers["ETag"] == f'"{skipped["revision"]}"'
    return skipped


@pytest.mark.req("TASK-FR-286")
async def test_a_skipped_task_has_the_next_due_date_and_the_remaining_count_and_is_else_unchanged(user: User) -> None:
    task = await user.create(**RECURRING)
    for number, due_date in ((2, "2999-01-02"), (1, "2999-01-03")):
        skipped = await skip(user, task)
        changed = {"due_date": due_date, "recurrence": f"FREQ=DAILY;COUNT={number}", "revision": task["revision"] + 1}
        assert skipped == task | changed | {"updated_at": skipped["updated_at"]}
        task = skipped
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-286")
@pytest.mark.parametrize("basis", ["due_date", "completion"])
async def test_the_occurrence_after_the_due_date_is_next_whatever_the_rule_continues_from(
    user: User, basis: str
) -> None:
    members = {"recurrence": "FREQ=DAILY;INTERVAL=3", "recurrence_from": basis}
    task = await user.create(due_date="2999-01-01T09:00:00+01:00", **members)
    assert (await skip(user, task))["due_date"] == "2999-01-04T09:00:00+01:00"


@pytest.mark.req("TASK-FR-286")
async def test_a_task_that_is_overdue_is_next_due_in_the_future(user: User) -> None:
    today = datetime.now(UTC).date()
    task = await user.create(due_date=f"{today - timedelta(days=10)}", recurrence="FREQ=DAILY;INTERVAL=7")
    assert (await skip(user, task))["due_date"] == f"{today + timedelta(days=4)}"
    without = await user.create(recurrence="FREQ=DAILY;INTERVAL=7")
    assert (await skip(user, without))["due_date"] == f"{today + timedelta(days=7)}"


@pytest.mark.req("TASK-FR-287", "TASK-FR-049")
@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"due_date": "2999-01-01"}, "recur"),
        (RECURRING | {"completed": True}, "completed"),
        (RECURRING | {"recurrence": "FREQ=DAILY;COUNT=1"}, "last"),
        (RECURRING | {"recurrence": "FREQ=DAILY;UNTIL=29990101"}, "last"),
    ],
)
async def test_a_task_without_an_occurrence_to_skip_is_refused(user: User, members: dict[str, Any], word: str) -> None:
    task = await user.create(**members)
    response = await user.post(f"/{task['id']}/skip")
    assert (response.status_code, response.json()["type"]) == REFUSED
    assert word in response.json()["detail"]
    problem = (await bulk(user, on("skip", task))).json()["results"][0]["problem"]
    assert problem == {name: value for name, value in response.json().items() if name in problem}
    assert (await results(user, on("skip", task), atomic=False))[0]["status"] == 409
    assert await user.tasks() == listed(task)
    assert await user.revision() == task["revision"]


@pytest.mark.req("TASK-FR-286", "TASK-FR-112")
async def test_a_task_in_the_trash_cannot_be_skipped(user: User) -> None:
    task = await user.create(**RECURRING)
    await user.delete(task["id"])
    assert (await user.post(f"/{task['id']}/skip")).status_code == 404


@pytest.mark.req("TASK-FR-286", "TASK-FR-120")
async def test_a_retry_with_a_key_skips_once(user: User) -> None:
    task = await user.create(**RECURRING)
    first = await user.post(f"/{task['id']}/skip", headers=key("skip"))
    assert_replayed(first, await user.post(f"/{task['id']}/skip", headers=key("skip")))
    assert await user.tasks() == listed(first.json())


@pytest.mark.req("TASK-FR-286", "TASK-FR-053", "TASK-FR-067")
async def test_concurrent_skips_are_applied_one_after_the_other(user: User) -> None:
    task = await user.create(due_date="2999-01-01", recurrence="FREQ=DAILY")
    skipped = await asyncio.gather(*(skip(user, task) for _ in range(5)))
    assert sorted(each["due_date"] for each in skipped) == [f"2999-01-0{number}" for number in range(2, 7)]
    if_match = {"If-Match": f'"{await user.revision()}"'}
    again = await asyncio.gather(*(user.post(f"/{task['id']}/skip", headers=if_match) for _ in range(5)))
    assert sorted(response.status_code for response in again) == [200] + [412] * 4


@pytest.mark.req("TASK-FR-286", "TASK-FR-151")
async def test_sync_learns_of_the_new_due_date(user: User) -> None:
    task = await user.create(**RECURRING)
    skipped = await skip(user, task)
    assert (await user.get("/changes", params={"since": task["revision"]})).json()["tasks"] == listed(skipped)


@pytest.mark.req("TASK-FR-286", "TASK-FR-131", "TASK-FR-134")
async def test_a_bulk_skips_with_a_revision(user: User) -> None:
    one, other = await user.create(**RECURRING), await user.create(**RECURRING)
    done = await results(user, on("skip", one, revision=one["revision"]), on("skip", other, revision=1), atomic=False)
    assert [each["status"] for each in done] == [200, 412]
    assert done[0]["task"]["due_date"] == "2999-01-02"
    assert done[0]["task"] == (await user.get(one["id"])).json()


@pytest.mark.req("TASK-FR-286", "TASK-FR-252")
async def test_a_rule_without_a_time_zone_is_skipped_in_that_of_the_request(user: User) -> None:
    task = await user.create(due_date="2027-03-13T09:00:00-05:00", recurrence="FREQ=DAILY")
    skipped = await skip(user, task, params={"tz": "America/New_York"})
    assert (skipped["due_date"], skipped["recurrence_tz"]) == ("2027-03-14T09:00:00-04:00", "America/New_York")
    day = await user.create(due_date="2999-01-01", recurrence="FREQ=DAILY")
    assert (await skip(user, day, headers={"Time-Zone": "Asia/Tokyo"}))["recurrence_tz"] is None
