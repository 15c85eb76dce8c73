"""Graceful shutdown from SIGTERM to exit, whichever command started the service."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import NewDatabase
from tests.support.hostile_clients import connected, failures, fill, reluctant
from tests.support.lock_helpers import reached
from tests.support.programs import sql
from tests.support.proxy import Proxy
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_TOKEN = {"Authorization": f"Bearer {mint('somebody')}"}
_TASKS = "/api/somebody/tasks"
_LONG_RESPONSES = (
    f"GET /api/leisurely/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mint('leisurely')}\r\n\r\n".encode() * 2
)
_ENOUGH = 20
_COMMANDS = {
    "serve": ("-m", "src", "serve"),
    "serve workers": ("-m", "src", "serve", "--workers=2"),
    "uvicorn": ("-m", "uvicorn", "src.main:app"),
}


def serving(folder: Path, database_url: str, *command: str, **settings: str) -> Server:
    return Server(folder, *command, DATABASE_URL=database_url, BETTER_AUTH_SECRET=SECRET, **settings)


@pytest.mark.parametrize("command", [pytest.param("serve", marks=pytest.mark.slow), "serve workers", "uvicorn"])
@pytest.mark.req("HTTP-FR-017", "HTTP-FR-021")
async def test_a_shutdown_under_load_loses_no_acknowledged_write(
    tmp_path: Path, new_database: NewDatabase, command: str
) -> None:
    url = await new_database()
    with serving(tmp_path, url, *_COMMANDS[command], RATE_LIMIT="off") as server:
        signalled, acknowledged, errors = await write_until_shutdown(server)
        await ended(server, signalled + 10 - time.monotonic())
        assert failures(server) == []
    stored = sql(url, "SELECT array_agg(title) FROM tasks")
    assert sorted(stored) == sorted(acknowledged)
    assert all(issubclass(each, httpx.TransportError) for each in errors)


@pytest.mark.req("HTTP-FR-018", "HTTP-FR-019")
async def test_it_reports_not_ready_before_it_stops_accepting_connections(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, *_COMMANDS["serve"], SHUTDOWN_DELAY="2") as server:
        async with client(server) as http:
            assert (await http.get("/ready")).status_code == 200
            server.send_signal(signal.SIGTERM)
            started = time.monotonic()
            await reached(lambda: httpx.get(f"{server.url}/ready").status_code == 503)
            last = await http.get(_TASKS)
            assert (last.status_code, last.headers["connection"]) == (200, "close")
            await reached(lambda: not server.listens())
            assert 1.5 < time.monotonic() - started < 8
            await ended(server, 5)


@pytest.mark.req("HTTP-FR-018")
async def test_without_a_delay_it_exits_at_once(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, *_COMMANDS["serve"], SHUTDOWN_DELAY="0") as server:
        server.send_signal(signal.SIGTERM)
        await ended(server, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.req("HTTP-FR-020")
async def test_streams_end_at_shutdown(tmp_path: Path, database_url: str, number: signal.Signals) -> None:
    command = ("-m", "uvicorn", "tests.support.slow_app:app")
    with serving(tmp_path, database_url, *command) as server:
        async with client(server) as http, http.stream("GET", "/stream") as response:
            words = response.aiter_raw()
            assert await anext(words) == b"hello "
            started = time.monotonic()
            server.send_signal(number)
            assert await anext(words) == b"goodbye"
            assert time.monotonic() - started < 1.5
        await ended(server, 5)


async def end_with_stuck_clients(folder: Path, url: str, command: str) -> None:
    async with serving(folder, url, *_COMMANDS[command]) as server:
        with connected(server) as half, connected(server) as idle:
            idle.sendall(b"GET / HTTP/1.1\r\nHost:")
            half.sendall(
                b"POST /api/somebody/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + f"Content-Length: 9\r\nAuthorization: {_TOKEN['Authorization']}\r\n\r\n{{".encode()
            )
            await asyncio.sleep(0.3)
            server.send_signal(signal.SIGTERM)
            await ended(server, 15 if command == "uvicorn" else 10)


async def end_with_a_silent_collector(folder: Path, url: str, *, stuck: bool) -> None:
    """Also with a client that does not read."""
    with socket.create_server(("127.0.0.1", 0)) as collector:
        endpoint = f"http://127.0.0.1:{collector.getsockname()[1]}"
        async with serving(folder, url, *_COMMANDS["serve"], OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as server:
            with reluctant(server) as reader:
                reader.sendall(_LONG_RESPONSES)
                await asyncio.sleep(0.5)
                if not stuck:
                    reader.close()
                server.send_signal(signal.SIGTERM)
                await ended(server, 15 if stuck else 10)


async def end_with_a_response_in_progress(folder: Path, url: str) -> None:
    """Serve would end it after ten seconds, like uvicorn, if it waited for it without a limit."""
    async with serving(folder, url, *_COMMANDS["serve"], SHUTDOWN_DELAY="0") as server:
        with reluctant(server) as reader:
            reader.sendall(_LONG_RESPONSES)
            await asyncio.sleep(0.5)
            server.send_signal(signal.SIGTERM)
            started = time.monotonic()
            await ended(server, 9)
            assert time.monotonic() - started > 5


async def end_with_a_silent_database(folder: Path, url: str) -> None:
    async with Proxy(url) as proxy, serving(folder, proxy.url, *_COMMANDS["serve"]) as server:
        async with client(server) as http:
            assert (await http.get(_TASKS)).status_code == 200
            proxy.swallow()
            blocked = [asyncio.create_task(each) for _ in range(20) for each in (http.get(_TASKS), create(http))]
            await asyncio.sleep(0.5)
            server.send_signal(signal.SIGTERM)
            signalled = time.monotonic()
            assert {each.status_code for each in await asyncio.gather(*blocked)} == {503}
        await ended(server, signalled + 10 - time.monotonic())
        assert failures(server) == []


_STUCK: dict[str, Callable[[Path, str], Coroutine[Any, Any, None]]] = {
    "clients of serve": partial(end_with_stuck_clients, command="serve"),
    "clients of uvicorn": partial(end_with_stuck_clients, command="uvicorn"),
    "collector": partial(end_with_a_silent_collector, stuck=False),
    "collector and client": partial(end_with_a_silent_collector, stuck=True),
    "response": end_with_a_response_in_progress,
    "database": end_with_a_silent_database,
}


@pytest.fixture(scope="module")
async def endings(
    tmp_path_factory: pytest.TempPathFactory, new_database: NewDatabase
) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """All at once, as each takes its time."""
    url = await new_database()
    fill(url, "leisurely", tasks=1000)
    folder = tmp_path_factory.mktemp
    tasks = {name: asyncio.create_task(end(folder("server"), url)) for name, end in _STUCK.items()}
    yield tasks
    for task in tasks.values():
        task.cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("stuck", _STUCK)
@pytest.mark.req("HTTP-FR-021", "HTTP-FR-029", "DB-FR-002")
async def test_stuck_clients_do_not_delay_the_exit(endings: dict[str, asyncio.Task[None]], stuck: str) -> None:
    await endings[stuck]


async def create(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post(_TASKS, json={"title": "Buy milk"}, headers={"Idempotency-Key": str(uuid4())})


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, headers=_TOKEN) as http:
        yield http


async def write_until_shutdown(server: Server) -> tuple[float, list[str], set[type[Exception]]]:
    """Return the time of the signal, the acknowledged titles, and the errors of the other requests."""
    titles: list[str] = []
    writing = asyncio.gather(*(write(server, titles) for _ in range(8)))
    await reached(lambda: len(titles) > _ENOUGH)
    server.send_signal(signal.SIGTERM)
    return time.monotonic(), titles, set(await writing)


async def write(server: Server, titles: list[str]) -> type[Exception]:
    """Create tasks and record their titles until a request fails; return the error."""
    async with client(server) as http:
        while True:
            title = str(uuid4())
            try:
                (await http.post(_TASKS, json={"title": title})).raise_for_status()
            except httpx.HTTPError as error:
                return type(error)
            titles.append(title)


async def ended(server: Server, seconds: float) -> None:
    code = await asyncio.to_thread(server.wait, seconds)
    assert code in {0, -signal.SIGTERM, 128 + signal.SIGTERM, -signal.SIGINT}, server.output
    await reached(lambda: server.processes() == [])
