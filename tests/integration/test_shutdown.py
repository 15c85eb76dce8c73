"""What happens between SIGTERM and the end, however the service is started."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import NewDatabase
from tests.integration.embedded.programs import sql
from tests.integration.hostile_clients import connected
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
@pytest.mark.req("OPS-FR-010", "OPS-FR-014")
async def test_told_to_end_under_load_it_keeps_what_it_acknowledged(
    tmp_path: Path, new_database: NewDatabase, command: tuple[str, ...]
) -> None:
    url = await new_database()
    with serving(tmp_path, url, *command, RATE_LIMIT="off") as server:
        acknowledged, failures = await write_until_told_to_end(server)
        await ended(server, 10)
        assert "Traceback" not in server.output
    stored = sql(url, "SELECT array_agg(title) FROM tasks")
    assert sorted(stored) == sorted(acknowledged)
    assert len(acknowledged) > 20
    assert all(issubclass(each, httpx.TransportError) for each in failures)


@pytest.mark.req("OPS-FR-011", "OPS-FR-012")
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


@pytest.mark.req("OPS-FR-011")
async def test_without_a_delay_it_ends_at_once(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, *_COMMANDS["serve"], SHUTDOWN_DELAY="0") as server:
        server.send_signal(signal.SIGTERM)
        await ended(server, 2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.req("OPS-FR-013")
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
@pytest.mark.req("OPS-FR-014")
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


@asynccontextmanager
async def client(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.url, headers=_TOKEN) as http:
        yield http


async def write_until_told_to_end(server: Server) -> tuple[list[str], set[type[Exception]]]:
    """The titles that were acknowledged, and how the others failed."""
    writing = asyncio.gather(*(write(server, number) for number in range(8)))
    await asyncio.sleep(1)
    server.send_signal(signal.SIGTERM)
    written = await writing
    return [title for titles, _ in written for title in titles], {failure for _, failure in written}


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
