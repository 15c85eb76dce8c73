"""Database outages, short or long: no request gets a 500 or hangs, and the API recovers by itself."""

import asyncio
from collections.abc import Awaitable

import httpx
import pytest
from fastapi import FastAPI

from src.db.connect import connect
from src.db.database import Database
from src.errors.server import ServiceUnavailable
from src.services.tasks.statements import REVISION
from tests.conftest import Connection, User
from tests.faults.sessions import end_all
from tests.support.proxy import Proxy
from tests.support.stopwatch import Stopwatch

pytestmark = pytest.mark.serial

_PRODUCTION = 4.0
"""The seconds that the API waits for its database, unless a test shortens its `patience`."""


async def timed(request: Awaitable[httpx.Response]) -> tuple[int, float]:
    """Return the status of the response, and its time in seconds."""
    took = Stopwatch()
    response = await request
    assert response.status_code != 503 or int(response.headers["Retry-After"]) > 0
    return response.status_code, took.seconds


async def read_and_write(user: User, times: int = 10) -> set[int]:
    """Send these requests concurrently, and return their statuses."""
    reads = [user.get() for _ in range(times)]
    writes = [user.post(json={"title": "Buy milk"}) for _ in range(times)]
    return {response.status_code for response in await asyncio.gather(*reads, *writes)}


async def assert_refused_in_time(user: User, patience: float) -> None:
    responses = await asyncio.gather(timed(user.get()), timed(user.post(json={"title": "Buy milk"})))
    assert [status for status, _ in responses] == [503, 503]
    assert max(seconds for _, seconds in responses) < patience + 1
    assert (await user.http.get("/health")).status_code == 200


async def assert_serves_within(user: User, seconds: float) -> None:
    took = Stopwatch()
    while (await user.post(json={"title": "Buy milk"})).status_code != 201:
        assert took.seconds < seconds
    assert took.seconds < seconds
    assert await read_and_write(user) == {200, 201}


@pytest.mark.req("DB-FR-001")
@pytest.mark.parametrize("seconds", [0.8, 3])
async def test_a_database_that_refuses_for_an_instant_causes_no_error(user: User, proxy: Proxy, seconds: float) -> None:
    await proxy.refuse()
    await asyncio.sleep(0.1)
    responses = asyncio.create_task(read_and_write(user))
    await asyncio.sleep(seconds)
    await proxy.accept()
    assert await responses == {200, 201}


@pytest.mark.req("DB-FR-001")
@pytest.mark.parametrize("seconds", [0.8, 3])
async def test_a_database_that_wakes_up_causes_no_error(
    user: User, proxy: Proxy, server: Connection, seconds: float
) -> None:
    await end_all(server)
    await asyncio.sleep(0.1)
    proxy.freeze()
    responses = asyncio.create_task(read_and_write(user))
    await asyncio.sleep(seconds)
    proxy.thaw()
    assert await responses == {200, 201}


@pytest.mark.req("DB-FR-002", "DB-FR-003")
async def test_a_server_that_resets_every_connection_is_503_until_it_does_not(
    user: User, proxy: Proxy, patience: float
) -> None:
    proxy.rejects = True
    proxy.reset()
    await assert_refused_in_time(user, patience)
    proxy.rejects = False
    await assert_serves_within(user, 1)


@pytest.mark.req("DB-FR-002", "DB-FR-003")
async def test_a_server_that_refuses_connections_is_503_until_it_does_not(
    user: User, proxy: Proxy, patience: float
) -> None:
    await proxy.refuse()
    await assert_refused_in_time(user, patience)
    await proxy.accept()
    await assert_serves_within(user, 1)


@pytest.mark.req("DB-FR-002", "DB-FR-003")
async def test_a_frozen_network_is_503_until_it_thaws(user: User, proxy: Proxy) -> None:
    proxy.freeze()
    await assert_refused_in_time(user, _PRODUCTION)
    proxy.thaw()
    await assert_serves_within(user, 1)


@pytest.mark.req("DB-FR-002", "DB-FR-003")
async def test_a_black_hole_is_503_until_it_ends(user: User, proxy: Proxy, patience: float) -> None:
    proxy.swallow()
    for _ in range(2):
        await assert_refused_in_time(user, patience)
    proxy.surface()
    await assert_serves_within(user, 10)


@pytest.mark.req("DB-FR-003")
async def test_closing_a_connection_to_an_unreachable_server_ends(proxy: Proxy) -> None:
    session = await connect(dsn=proxy.url)
    proxy.swallow()
    took = Stopwatch()
    await session.close()
    assert session.is_closed()
    assert took.seconds < 4


@pytest.mark.req("DB-FR-010")
async def test_a_transaction_waits_no_longer_than_a_single_statement(
    app: FastAPI, user: User, proxy: Proxy, patience: float
) -> None:
    took = Stopwatch()
    with pytest.raises(ServiceUnavailable):
        await fall_silent(app.state.components.database, user.id, proxy)
    assert took.seconds < patience + 1


async def fall_silent(database: Database, owner: str, proxy: Proxy) -> None:
    async with database.transaction(owner) as outer, outer.transaction(owner) as inner:
        proxy.swallow()
        await inner.fetch_row(REVISION, owner=owner)


@pytest.mark.req("DB-FR-006")
@pytest.mark.usefixtures("patience")
async def test_when_all_connections_died_unnoticed_only_requests_in_flight_fail(user: User, proxy: Proxy) -> None:
    proxy.swallow()
    proxy.surface()
    assert (await user.get()).status_code == 503
    await asyncio.sleep(1.5)  # the time that the server has to confirm the cancellation
    assert [(await user.post(json={"title": "Buy milk"})).status_code for _ in range(12)] == [201] * 12


@pytest.mark.req("DB-FR-003", "DB-FR-006")
async def test_when_all_connections_are_reset_the_next_requests_use_new_ones(user: User, proxy: Proxy) -> None:
    proxy.reset()
    await asyncio.sleep(0.1)
    assert [(await user.post(json={"title": "Buy milk"})).status_code for _ in range(12)] == [201] * 12


@pytest.mark.req("DB-FR-006")
async def test_connections_to_a_server_that_has_become_read_only_are_replaced(
    user: User, proxy: Proxy, server: Connection
) -> None:
    database = await server.fetchval("SELECT current_database()")
    await server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    proxy.reset()
    await asyncio.sleep(0.1)
    assert (await asyncio.gather(*(user.get() for _ in range(20))))[0].status_code == 200
    assert (await user.post(json={"title": "Buy milk"})).status_code == 503
    assert (await user.get()).status_code == 200
    await server.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    assert (await user.post(json={"title": "Buy milk"})).status_code == 201
