"""More connections, requests and streams than `python -m src serve` allows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress

import httpx
import pytest
from fastapi import FastAPI

from src.services.owner import OwnerId
from tests.conftest import NewDatabase, User
from tests.support.hostile_clients import (
    abort,
    connected,
    connections,
    exchange,
    failures,
    memory,
    reluctant,
    serving,
    stream,
)
from tests.support.lock_helpers import reached, uncommitted, waiting
from tests.support.servers import Server
from tests.support.sse_client import RemoteUser, Stream, served
from tests.support.stopwatch import Stopwatch

_MIB = 1024 * 1024
_CONNECTIONS = 40
_HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
_LONG = {"title": "Buy milk", "description": "milk " * 1900}
_LAST = b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
async def own_database(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, own_database: str) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), own_database, f"--connections={_CONNECTIONS}") as server:
        yield server


@asynccontextmanager
async def connected_user(server: Server, name: str = "connected_user") -> AsyncIterator[RemoteUser]:
    user = RemoteUser(server.url, name)
    async with user.http:
        yield user


async def assert_alive(server: Server) -> None:
    """Assert that `/health` responds over a new connection, as probes open one."""
    async with httpx.AsyncClient(base_url=server.url, timeout=5) as http:
        assert (await http.get("/health")).status_code == 200


@pytest.mark.req("HTTP-FR-008")
async def test_idle_connections_are_closed_for_new_requests(server: Server) -> None:
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(server)) for _ in range(400)]
        for each in idle[::2]:
            with suppress(OSError):
                each.sendall(b"GET / HT")
        took = Stopwatch(server.pid)
        for _ in range(20):
            await assert_alive(server)
        assert took.seconds < 5
        assert len(connections(server, idle)) <= _CONNECTIONS


@pytest.mark.req("HTTP-FR-008")
async def test_keep_alive_connections_are_closed_for_new_ones(server: Server) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(_CONNECTIONS):
            user = await stack.enter_async_context(connected_user(server))
            assert await user.tasks() == []
        for _ in range(10):
            await assert_alive(server)


@pytest.mark.req("HTTP-FR-010", "HTTP-FR-078")
async def test_the_health_check_works_while_all_requests_wait_for_the_database(
    server: Server, own_database: str
) -> None:
    async with connected_user(server) as user:
        async with uncommitted(own_database, "LOCK TABLE tasks, users"):
            blocked = [asyncio.create_task(user.get()) for _ in range(_CONNECTIONS * 7 // 8)]
            await reached(lambda: waiting(own_database) > 0)
            for _ in range(20):
                took = Stopwatch(server.pid)
                refused = await user.get()
                assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
                await assert_alive(server)
                assert took.seconds < 2
            assert {each.status_code for each in await asyncio.gather(*blocked)} == {503}
        assert 1 <= server.output.count("refusing requests with 503") <= 2  # or else the log adds to the load
        assert await user.tasks() == []


@pytest.mark.req("HTTP-FR-010", "HTTP-FR-008")
async def test_incomplete_requests_do_not_cause_refusals_of_others(server: Server) -> None:
    async with connected_user(server) as user:
        half = f"POST {user.path} HTTP/1.1\r\nHost: a\r\nAuthorization: {user.http.headers['Authorization']}\r\n"
        half += "Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        with ExitStack() as stack:
            for _ in range(60):
                stack.enter_context(connected(server)).sendall(half.encode())
            await asyncio.sleep(0.5)
            assert [await user.tasks() for _ in range(20)] == [[]] * 20


@pytest.mark.req("HTTP-FR-011")
async def test_streams_leave_half_of_the_connections_to_other_requests(server: Server) -> None:
    async with connected_user(server, "first") as first, connected_user(server, "second") as second:
        async with AsyncExitStack() as stack:
            users = [first] * 15 + [second] * 10
            streams = [await stack.enter_async_context(Stream(server.url, user)) for user in users]
            assert [each.response.status_code for each in streams] == [200] * 20 + [503] * 5
            assert {each.response.headers["Retry-After"] for each in streams[20:]} == {"15"}
            assert await second.tasks() == []
            await assert_alive(server)
        assert (await second.get()).status_code == 200


@pytest.mark.req("HTTP-FR-015")
async def test_streams_that_read_leave_the_database_to_other_requests(app: FastAPI, user: User) -> None:
    broker = app.state.components.broker
    async with served(app) as url, Stream(url, user) as stream:
        with broker.subscribe(OwnerId("others"), 60, 800) as others:
            async with AsyncExitStack() as read_slots:
                for _ in range(4):
                    await read_slots.enter_async_context(others.read_slot())
                await user.create()
                assert len(await user.tasks()) == 1
                reading = asyncio.create_task(stream.next())
                await asyncio.sleep(0.5)
                assert not reading.done()
        assert (await reading).name == "created"


@pytest.mark.req("HTTP-FR-009")
async def test_pipelined_requests_take_no_memory(server: Server) -> None:
    before = memory(server)
    async with AsyncExitStack() as stack, asyncio.timeout(20):
        clients = [await stack.enter_async_context(stream(server)) for _ in range(20)]
        for _, writer in clients:
            writer.write(_HEALTH * 14_000)
        for reader, _ in clients:
            with suppress(OSError):
                assert (await reader.read()).count(b"200 OK") < 14_000
    assert memory(server) - before < 50 * _MIB


@pytest.mark.req("HTTP-FR-009")
@pytest.mark.parametrize(("sent", "responses"), [(17, 17), (18, 0)])
async def test_sixteen_pipelined_requests_are_served(server: Server, sent: int, responses: int) -> None:
    head, body = await exchange(server, _HEALTH * (sent - 1) + _LAST)
    assert (head + b"\r\n" + body).count(b"HTTP/1.1 200") == responses


@pytest.mark.req("HTTP-FR-012")
async def test_a_disconnected_client_gets_no_response(server: Server) -> None:
    """Even if further requests wait behind the current response: a stream, or one that its client does not read."""
    async with connected_user(server, "vanishing") as user:
        await user.post("/bulk", json={"operations": [{"op": "create", "task": _LONG}] * 100})
        head = f" HTTP/1.1\r\nHost: a\r\nAuthorization: {user.http.headers['Authorization']}\r\n\r\n"
        for path in ("/events", ""):
            for _ in range(5):
                with reluctant(server) as client:
                    client.sendall(f"GET {user.path}{path}{head}".encode() * 4)
                    await asyncio.sleep(0.2)
                    abort(client)
        for _ in range(3):
            await user.create()
    assert failures(server) == []
