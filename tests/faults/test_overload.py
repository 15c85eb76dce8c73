"""Overload: requests beyond the database's capacity, or blocked by locks, are refused in time."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from src.db.admission import AdmissionControl
from src.db.statement import Statement
from src.errors.server import ServiceUnavailable
from tests.conftest import Connection, User
from tests.faults.lock_rounds import lock_owners
from tests.support.lock_helpers import reached, uncommitted, waiting
from tests.support.stopwatch import Stopwatch

pytestmark = pytest.mark.serial

_SLEEP = Statement(select(func.pg_sleep(30)))
_SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
_IN_TIME = 5.0
"""The bound in production, where the API waits four seconds, unless a test shortens its `patience`."""
_MANY = 500
_DAYS, _EVERY_MONTH_DAY = "MO,TU,WE,TH,FR,SA,SU", ",".join(str(-day) for day in range(1, 32))
_LABORIOUS = f"FREQ=YEARLY;BYMONTHDAY={_EVERY_MONTH_DAY};BYDAY={_DAYS};BYWEEKNO=53,52,51,50;BYSETPOS=366"


@pytest.mark.req("DB-FR-010")
async def test_a_statement_that_takes_too_long_is_ended_in_the_database_too(
    app: FastAPI, server: Connection, patience: float
) -> None:
    took = Stopwatch()
    with pytest.raises(ServiceUnavailable):
        await app.state.components.database.fetch(_SLEEP)
    assert took.seconds < patience + 1
    await asyncio.sleep(1)
    assert await server.fetchval(_SLEEPING) == 0


@pytest.mark.req("DB-FR-013")
async def test_operations_that_take_too_long_to_plan_are_refused_and_change_nothing(user: User) -> None:
    """Expanding the slowest recurrence rule takes tens of milliseconds."""
    tasks = [{"title": "Buy milk", "due_date": "0001-01-02", "recurrence": _LABORIOUS}] * _MANY
    await user.post("/bulk", json={"operations": [{"op": "create", "task": task} for task in tasks]})
    complete = [{"op": "complete", "id": task["id"]} for task in await user.tasks()]
    assert len(complete) == _MANY
    took = Stopwatch()
    response = await user.post("/bulk", json={"operations": complete})
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert took.seconds < _IN_TIME
    assert len(await user.tasks(status="pending")) == _MANY


@pytest.mark.req("DB-FR-011")
async def test_an_owner_whose_row_is_locked_delays_no_other_owner(
    app: FastAPI, own_database: str, patience: float
) -> None:
    locked, others = User(app), [User(app) for _ in range(5)]
    await locked.create()
    async with uncommitted(own_database, f"SELECT FROM users WHERE id = '{locked.id}' FOR UPDATE"):
        took = Stopwatch()
        blocked = [asyncio.create_task(locked.post(json={"title": "Buy milk"})) for _ in range(50)]
        await reached(lambda: waiting(own_database) > 0)
        for other in others:
            await other.create()
            assert len(await other.tasks()) == 1
        assert not any(task.done() for task in blocked)
        assert {response.status_code for response in await asyncio.gather(*blocked)} == {503}
        assert took.seconds < patience + 1
        await reached(lambda: waiting(own_database) == 0)
    took = Stopwatch()
    await locked.create()
    assert len(await locked.tasks()) == 2
    assert took.seconds < 1


@pytest.mark.req("DB-FR-011")
async def test_transactions_of_a_locked_owner_delay_no_other_owner(
    app: FastAPI, own_database: str, patience: float
) -> None:
    """Later requests get a connection late, but wait no longer than others."""
    locked, other = User(app), User(app)
    await locked.create()
    async with uncommitted(own_database, f"SELECT FROM users WHERE id = '{locked.id}' FOR UPDATE"):
        blocked = [asyncio.create_task(after(part * patience, locked)) for part in (0, 0, 0.25, 0.25, 0.75, 0.75)]
        await reached(lambda: waiting(own_database) > 0)
        took = Stopwatch()
        assert await create_with_key(other) == 201
        assert took.seconds < 1
        assert not any(task.done() for task in blocked)
        responses = await asyncio.gather(*blocked)
    assert {status for status, _ in responses} == {503}
    assert max(seconds for _, seconds in responses) < patience + 1


async def after(seconds: float, user: User) -> tuple[int, float]:
    """Send a request later, and return its status and the seconds that it took."""
    await asyncio.sleep(seconds)
    took = Stopwatch()
    return await create_with_key(user), took.seconds


async def create_with_key(user: User) -> int:
    """The status."""
    return (await user.post(json={"title": "Buy milk"}, headers={"Idempotency-Key": str(uuid4())})).status_code


@pytest.mark.req("DB-FR-011", "DB-FR-014")
async def test_locked_owners_who_exhaust_the_pool_delay_others_briefly_only(app: FastAPI, own_database: str) -> None:
    lock = await lock_owners(app, own_database, seconds=5)
    assert lock.is_sound, lock


@pytest.mark.req("DB-FR-002", "DB-FR-012")
async def test_a_database_that_hangs_blocks_requests_briefly_only(app: FastAPI, own_database: str) -> None:
    users = [User(app) for _ in range(100)]
    async with uncommitted(own_database, "LOCK TABLE tasks, users"):
        took = Stopwatch()
        requests = [asyncio.create_task(user.get()) for user in users]
        await reached(lambda: waiting(own_database) > 0)
        stopwatch = Stopwatch()
        assert (await users[0].http.get("/health")).status_code == 200
        assert stopwatch.seconds < 1
        assert {response.status_code for response in await asyncio.gather(*requests)} == {503}
        assert took.seconds < _IN_TIME
    assert {response.status_code for response in await asyncio.gather(*(user.get() for user in users))} == {200}


async def queue(admission: AdmissionControl, owners: int, each: int, end: asyncio.Event) -> list[asyncio.Task[str]]:
    """Queue this many requests of each owner until the test ends."""

    async def stay(owner: str) -> str:
        try:
            async with admission.queue(owner):
                await end.wait()
        except ServiceUnavailable:
            return "refused"
        return "served"

    tasks = [asyncio.create_task(stay(f"owner {n}")) for n in range(owners) for _ in range(each)]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.req("DB-FR-012")
@pytest.mark.parametrize(("owners", "each", "served"), [(1, 300, 202), (50, 10, 410), (3, 200, 410)])
async def test_beyond_a_number_of_waiting_requests_the_next_is_refused_at_once(
    owners: int, each: int, served: int
) -> None:
    end = asyncio.Event()
    admission = AdmissionControl(10)
    tasks = await queue(admission, owners, each, end)
    refused = [task for task in tasks if task.done()]
    assert {task.result() for task in refused} == {"refused"}
    assert len(tasks) - len(refused) == served
    end.set()
    responses = await asyncio.gather(*tasks)
    assert responses.count("served") == served
    assert (admission.in_flight, admission.queues) == (0, {})


@pytest.mark.req("DB-FR-012")
async def test_a_client_that_stops_waiting_frees_its_slot_in_the_queue() -> None:
    end = asyncio.Event()
    admission = AdmissionControl(10)
    tasks = await queue(admission, 3, 100, end)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (admission.in_flight, admission.queues) == (0, {})
