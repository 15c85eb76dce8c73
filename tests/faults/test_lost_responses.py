"""Connections that break before the response: reads are retried, and no change is made twice."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from fastapi import FastAPI
from sqlalchemy import func, literal_column, select

from src.db.statement import Statement
from src.errors.server import ServiceUnavailable
from tests.conftest import Connection, User
from tests.faults.sessions import end_all
from tests.support.proxy import Proxy

_ANY = b""
_ONE = Statement(select(literal_column("1").label("one")))
_DEFECT = Statement(select(literal_column("1/0")))
_LOCK = Statement(select(func.pg_advisory_xact_lock(4711)))
_FLAKY = """
    CREATE SEQUENCE attempts;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF nextval('attempts') {when} THEN RAISE EXCEPTION USING ERRCODE = '{code}'; END IF;
        RETURN new;
    END $$;
    CREATE TRIGGER flaky BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION fail();
"""


@pytest.mark.req("DB-FR-004")
async def test_a_read_whose_response_is_lost_is_retried(user: User, proxy: Proxy) -> None:
    task = await user.create()
    for _ in range(12):
        proxy.answer_to_lose = _ANY
        assert (await user.get(task["id"])).json() == task


@pytest.mark.req("DB-FR-005")
async def test_a_change_whose_response_is_lost_is_not_made_twice(user: User, proxy: Proxy) -> None:
    for n in range(12):
        await user.create(f"before {n}")  # prepares the statement on the connection that the next request uses
        proxy.answer_to_lose = _ANY
        refusal = await user.post(json={"title": f"task {n}"})
        assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
    titles = [task["title"] for task in await user.tasks() if task["title"].startswith("task")]
    assert len(titles) == len(set(titles)) >= 1


@pytest.mark.req("DB-FR-004", "DB-FR-005")
async def test_every_read_succeeds_while_all_sessions_are_killed_again_and_again(
    user: User, server: Connection
) -> None:
    async def kill() -> None:
        for _ in range(5):
            await end_all(server)
            await asyncio.sleep(0.3)

    async def work(n: int) -> list[tuple[str, int]]:
        writes = [
            user.post(json={"title": f"task {n}"}),
            user.post(json={"title": f"once {n}"}, headers={"Idempotency-Key": f"key {n}"}),
            user.post("/bulk", json={"operations": [{"op": "create", "task": {"title": f"bulk {n}"}}]}),
            user.patch(f"/{recurring['id']}/complete"),
            user.put(recurring["id"], json={"title": f"task of old, {n}"}),
        ]
        reads = [user.get(path) for path in ("", recurring["id"], "/stats", "/tags", "/changes")]
        responses = await asyncio.gather(*writes, *reads)
        return [("write" if n < len(writes) else "read", response.status_code) for n, response in enumerate(responses)]

    recurring = await user.create(recurrence="FREQ=DAILY")
    killing = asyncio.create_task(kill())
    responses: list[tuple[str, int]] = []
    while not killing.done():
        responses += await work(len(responses))
    assert {*responses, ("write", 503)} == {("read", 200), ("write", 200), ("write", 201), ("write", 503)}
    titles = [task["title"] for task in await user.tasks() if task["recurrence"] is None]
    assert len(titles) == len(set(titles)) >= responses.count(("write", 201)) > 0


@pytest.mark.req("DB-FR-007")
@pytest.mark.parametrize("code", ["40001", "40P01", "55P03"])
async def test_a_change_that_the_database_rolled_back_is_retried_once(
    user: User, server: Connection, code: str
) -> None:
    await server.execute(_FLAKY.format(when="= 1", code=code))
    await user.create()
    assert len(await user.tasks()) == 1
    assert await server.fetchval("SELECT last_value FROM attempts") == 2


@pytest.mark.req("DB-FR-007")
async def test_a_change_that_is_rolled_back_twice_is_refused(user: User, server: Connection) -> None:
    await server.execute(_FLAKY.format(when="> 0", code="40001"))
    refusal = await user.post(json={"title": "Buy milk"})
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
    assert await server.fetchval("SELECT last_value FROM attempts") == 2
    assert await user.revision() == 0


@pytest.mark.req("DB-FR-007")
async def test_a_transaction_that_the_database_rolled_back_is_refused_and_changes_nothing(
    user: User, server: Connection
) -> None:
    await server.execute(_FLAKY.format(when="= 1", code="40P01"))
    refusal = await user.post(json={"title": "Buy milk"}, headers={"Idempotency-Key": "breakfast"})
    assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
    assert await user.revision() == 0
    again = await user.post(json={"title": "Buy milk"}, headers={"Idempotency-Key": "breakfast"})
    assert (again.status_code, await user.revision()) == (201, again.json()["revision"])


@pytest.mark.req("DB-FR-004")
async def test_a_transaction_begins_on_a_living_connection(app: FastAPI, proxy: Proxy) -> None:
    for _ in range(3):
        proxy.answer_to_lose = b"BEGIN"
        async with app.state.components.database.transaction("somebody") as transaction:
            assert (await transaction.fetch_row(_ONE))["one"] == 1


@pytest.mark.req("DB-FR-005")
async def test_a_transaction_whose_commit_is_not_confirmed_is_refused(app: FastAPI, proxy: Proxy) -> None:
    async def use() -> None:
        async with app.state.components.database.transaction("somebody") as transaction:
            await transaction.fetch(_ONE)
            proxy.answer_to_lose = b"COMMIT"

    with pytest.raises(ServiceUnavailable):
        await use()
    assert len(await app.state.components.database.fetch(_ONE)) == 1


@pytest.mark.req("DB-FR-005")
async def test_a_transaction_that_was_rolled_back_is_not_reported_as_committed(app: FastAPI) -> None:
    async def go_on() -> None:
        async with app.state.components.database.transaction("somebody") as transaction:
            with suppress(asyncpg.DivisionByZeroError):
                await transaction.fetch(_DEFECT)

    with pytest.raises(RuntimeError):
        await go_on()


@pytest.mark.req("DB-FR-005")
async def test_a_transaction_that_fails_is_rolled_back_and_its_connection_is_reused(app: FastAPI) -> None:
    async def fail() -> None:
        async with app.state.components.database.transaction("somebody") as transaction:
            await transaction.fetch(_LOCK)
            raise ZeroDivisionError

    for _ in range(12):
        with pytest.raises(ZeroDivisionError):
            await fail()
