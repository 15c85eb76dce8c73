"""No connection that is accepted is reset by a shutdown, and no worker outlives its supervisor."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.hostile_clients import connected
from tests.support.lock_helpers import reached
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

pytestmark = pytest.mark.serial

_CLIENTS = 24
_ENOUGH = 100
_LIST = (
    f"GET /api/somebody/tasks?limit=20 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mint('somebody')}\r\n\r\n".encode()
)


def serving(folder: Path, database_url: str, *options: str, **settings: str) -> Server:
    settings |= {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "RATE_LIMIT": "off"}
    return Server(folder, "-m", "src", "serve", *options, **settings)


async def request_until_refused(port: int, results: Counter[str], *, reuse: bool) -> None:
    """Send requests, on new connections or as long as one is kept, until the server accepts no connection."""
    while True:
        try:
            async with asyncio.timeout(3):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except (ConnectionRefusedError, TimeoutError):
            return
        try:
            async with asyncio.timeout(20):
                await send_requests(reader, writer, results, reuse=reuse)
        except ConnectionError:
            results["reset"] += 1
        except asyncio.IncompleteReadError:
            results["closed"] += 1
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def send_requests(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, results: Counter[str], *, reuse: bool
) -> None:
    """Send a request, and further ones until the connection is closed, by a response or while it is idle."""
    is_first = True
    while True:
        writer.write(_LIST)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
        except asyncio.IncompleteReadError as end:
            if is_first or end.partial:
                raise
            results["closed while idle"] += 1
            return
        is_first = False
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        results[head[9:12].decode()] += 1
        if not reuse or b"connection: close" in head:
            return


async def shut_down_under_load(server: Server, terminate: Callable[[int, int], None] = os.kill) -> Counter[str]:
    """Send SIGTERM while clients send requests, and count how their requests ended."""
    results: Counter[str] = Counter()
    clients = [
        asyncio.create_task(request_until_refused(server.port, results, reuse=number % 3 == 0))
        for number in range(_CLIENTS)
    ]
    await reached(lambda: results["200"] > _ENOUGH)
    terminate(server.pid, signal.SIGTERM)
    await asyncio.gather(*clients)
    await asyncio.to_thread(server.wait, 15)
    return results


@pytest.mark.req("HTTP-FR-054")
@pytest.mark.parametrize(
    ("workers", "delay"),
    [
        ("2", "1"),
        pytest.param("2", "0", marks=pytest.mark.slow),
        pytest.param("1", "1", marks=pytest.mark.slow),
        ("1", "0"),
    ],
)
async def test_a_shutdown_resets_no_connection(tmp_path: Path, database_url: str, workers: str, delay: str) -> None:
    with serving(tmp_path, database_url, f"--workers={workers}", SHUTDOWN_DELAY=delay) as server:
        results = await shut_down_under_load(server)
    if delay == "0":  # no response announces the close of an idle connection (RFC 9112, section 9.5)
        del results["closed while idle"]
    assert results.keys() == {"200"}


@pytest.mark.req("HTTP-FR-054")
async def test_an_established_connection_is_served_although_its_first_request_is_late(
    tmp_path: Path, database_url: str
) -> None:
    with serving(tmp_path, database_url, SHUTDOWN_DELAY="0") as server:
        with connected(server) as client:
            server.send_signal(signal.SIGTERM)
            await reached(lambda: not server.listens())
            client.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            response = client.recv(10_000).lower()
        assert response.startswith(b"http/1.1 200")
        assert b"connection: close" in response
        await asyncio.to_thread(server.wait, 5)


@pytest.mark.req("HTTP-FR-054", "HTTP-FR-058")
async def test_a_shutdown_of_all_processes_at_once_resets_no_connection(tmp_path: Path, database_url: str) -> None:
    """As service managers do; the supervisor then signals its workers again."""
    with serving(tmp_path, database_url, "--workers=2", SHUTDOWN_DELAY="1") as server:
        results = await shut_down_under_load(server, os.killpg)
    assert results.keys() == {"200"}


@pytest.mark.req("HTTP-FR-058")
async def test_a_second_signal_later_does_not_wait_for_the_delay(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, SHUTDOWN_DELAY="60") as server:
        server.send_signal(signal.SIGTERM)
        await asyncio.sleep(1.2)
        assert server.listens()
        server.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait, 5)


@pytest.mark.req("HTTP-FR-055")
async def test_workers_end_when_their_supervisor_is_killed(tmp_path: Path, database_url: str) -> None:
    with serving(tmp_path, database_url, "--workers=2") as server:
        await reached(lambda: len(workers_of(server)) == 2)
        workers = workers_of(server)
        server.kill()
        await asyncio.to_thread(server.wait, 5)
        await reached(lambda: not any(map(runs, workers)), 5)
        assert not server.listens()


def workers_of(server: Server) -> list[psutil.Process]:
    """Return the processes that serve, without that which tracks resources."""
    return [each for each in psutil.Process(server.pid).children() if "spawn_main" in " ".join(each.cmdline())]


def runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
