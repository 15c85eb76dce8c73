"""What happens between SIGTERM and the end, however the service is started."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from tests.conftest import NewDatabase
from tests.faults.proxy import Proxy
from tests.integration.embedded.programs import sql
from tests.integration.hostile_clients import connected, failures, fill, reluctant
from tests.integration.servers import Server
from tests.integration.waiting import reached
from tests.tokens import SECRET, mint

_TOKEN = {"Authorization": f"Bearer {mint('somebody')}"}
_TASKS = "/api/somebody/tasks"
_COMMANDS = {
    "serve": ("-m", "src", "serve"),
    "serve workers": ("-m", "src", "serve", "--workers=2"),
    "uvicorn": ("-m", "uvicorn", "src.main:app"),
}


def serving(folder: Path, database_url: str, *command: str, **settings: str) -> Server:
    return Server(folder, *command, DATABASE_URL=database_url, BETTER_AUTH_SECRET=SECRET, **settings)


@pytest.mark.parametrize("command", _COMMANDS.values(), ids=_COMMANDS)
@pytest.mark.req("HTTP-FR-017", "HTTP-FR-021")
async def test_told_to_end_under_load_it_keeps_what_it_acknowledged(
    tmp_path: Path, new_database: NewDatabase, command: tuple[str, ...]
) -> None:
    url = await new_database()
    with serving(tmp_path, url, *command, RATE_LIMIT="off") as server:
        told, acknowledged, errors = await write_until_told_to_end(server)
        await ended(server, told + 10 - time.monotonic())
        assert failures(server) == []
    stored = sql(url, "SELECT array_agg(title) FROM tasks")
    assert sorted(stored) == sorted(acknowledged)
    assert len(acknowledged) > 20
    assert all(issubclass(each, httpx.TransportError) for each in errors)


@pytest.mark.req("HTTP-FR-018", "HTTP-FR-019")
async def test_it_is_not_ready_before_it_takes_no_more_connections(tmp_path: Path, database_url: str) -> None:
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
async def test_without_a_delay_it_ends_at_once(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, *_COMMANDS["serve"], SHUTDOWN_DELAY="0") as server:
        server.send_signal(signal.SIGTERM)
        await ended(server, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.req("HTTP-FR-020")
async def test_what_is_streamed_ends_by_itself(tmp_path: Path, database_url: str, number: signal.Signals) -> None:
    command = ("-m", "uvicorn", "tests.integration.streaming:app")
    with serving(tmp_path, database_url, *command) as server:
        async with client(server) as http, http.stream("GET", "/stream") as response:
            words = response.aiter_raw()
            assert await anext(words) == b"hello "
            started = time.monotonic()
            server.send_signal(number)
            assert await anext(words) == b"goodbye"
            assert time.monotonic() - started < 1.5
        await ended(server, 5)


@pytest.mark.parametrize("command", [_COMMANDS["serve"], _COMMANDS["uvicorn"]], ids=["serve", "uvicorn"])
@pytest.mark.req("HTTP-FR-021")
async def test_a_client_that_is_stuck_does_not_keep_it(
    tmp_path: Path, database_url: str, command: tuple[str, ...]
) -> None:
    with serving(tmp_path, database_url, *command) as server, connected(server) as half, connected(server) as idle:
        idle.sendall(b"GET / HTTP/1.1\r\nHost:")
        half.sendall(
            b"POST /api/somebody/tasks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
            + f"Authorization: {_TOKEN['Authorization']}\r\n\r\n{{".encode()
        )
        await asyncio.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        await ended(server, 15 if "uvicorn" in command else 10)


@pytest.mark.parametrize(("stuck", "seconds"), [(False, 10), (True, 15)])
@pytest.mark.req("HTTP-FR-021")
async def test_neither_a_silent_collector_nor_a_client_that_does_not_read_keeps_it(
    tmp_path: Path, database_url: str, *, stuck: bool, seconds: float
) -> None:
    fill(database_url, "leisurely", tasks=1000)
    asking = f"GET /api/leisurely/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mint('leisurely')}\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as collector:
        endpoint = f"http://127.0.0.1:{collector.getsockname()[1]}"
        command = _COMMANDS["serve"]
        with (
            serving(tmp_path, database_url, *command, OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as server,
            reluctant(server) as reader,
        ):
            reader.sendall(asking.encode() * 2)
            await asyncio.sleep(0.5)
            if not stuck:
                reader.close()
            server.send_signal(signal.SIGTERM)
            await ended(server, seconds)


@pytest.mark.req("HTTP-FR-021", "DB-FR-002")
async def test_a_database_that_does_not_answer_does_not_keep_it(tmp_path: Path, new_database: NewDatabase) -> None:
    async with Proxy(await new_database()) as proxy:
        with serving(tmp_path, proxy.url, *_COMMANDS["serve"]) as server:
            async with client(server) as http:
                assert (await http.get(_TASKS)).status_code == 200
                proxy.swallow()
                held_up = [asyncio.create_task(each) for _ in range(20) for each in (http.get(_TASKS), create(http))]
                await asyncio.sleep(0.5)
                server.send_signal(signal.SIGTERM)
                told = time.monotonic()
                assert {each.status_code for each in await asyncio.gather(*held_up)} == {503}
            await ended(server, told + 10 - time.monotonic())
            assert failures(server) == []


async def create(http: httpx.AsyncClient) -> httpx.Response:
    return await http.post(_TASKS, json={"title": "Buy milk"}, headers={"Idempotency-Key": str(uuid4())})


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, headers=_TOKEN) as http:
        yield http


async def write_until_told_to_end(server: Server) -> tuple[float, list[str], set[type[Exception]]]:
    """When it was told, the titles that were acknowledged, and how the others failed."""
    writing = asyncio.gather(*(write(server, number) for number in range(8)))
    await asyncio.sleep(1)
    server.send_signal(signal.SIGTERM)
    told = time.monotonic()
    written = await writing
    return told, [title for titles, _ in written for title in titles], {failure for _, failure in written}


async def write(server: Server, number: int) -> tuple[list[str], type[Exception]]:
    titles: list[str] = []
    async with client(server) as http:
        while True:
            title = f"{number}.{len(titles)}"
            try:
                (await http.post(_TASKS, json={"title": title})).raise_for_status()
            except httpx.HTTPError as error:
                return titles, type(error)
            titles.append(title)


async def ended(server: Server, seconds: float) -> None:
    code = await asyncio.to_thread(server.wait, seconds)
    assert code in {0, -signal.SIGTERM, 128 + signal.SIGTERM, -signal.SIGINT}, server.output
    await reached(lambda: server.processes() == [])
