"""Rate limits shared by processes in Redis, and its outages, which fail no request."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, closing, contextmanager

import pytest

from src.rate_limiting import redis_store
from src.rate_limiting.redis_store import RedisCounterStore
from tests.conftest import StartApp, User
from tests.support.programs import eventually
from tests.support.servers import free_port

_PASSWORD = "hunter2"


@contextmanager
def redis(port: int) -> Iterator[None]:
    """Start a Redis without persistence, which listens on the loop-back address only."""
    if not shutil.which("redis-server"):
        pytest.skip("Redis is not installed")
    options = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--requirepass", _PASSWORD]
    with subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL) as server:
        try:
            eventually(lambda: _ping(port))
            yield
        finally:
            server.kill()


def _ping(port: int) -> None:
    assert _command(port, "ping") == b"PONG\n"


def _command(port: int, *arguments: str) -> bytes:
    command = ["redis-cli", "-p", str(port), "-a", _PASSWORD, "--no-auth-warning", *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout


def url(port: int) -> str:
    return f"redis://:{_PASSWORD}@127.0.0.1:{port}/0"


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def counters(port: int) -> AsyncIterator[RedisCounterStore]:
    shared = RedisCounterStore(url(port))
    yield shared
    await shared.aclose()


@pytest.mark.req("LIM-FR-008")
async def test_processes_with_the_same_storage_count_together(start_app: StartApp, port: int) -> None:
    with redis(port):
        users = [User(await start_app(rate_limit="3/day", rate_limit_storage_url=url(port)), "a-user") for _ in "ab"]
        responses = [await user.get() for user in users * 2]
        assert [response.status_code for response in responses] == [200, 200, 200, 429]
        assert [response.headers["RateLimit"].split(";")[1] for response in responses] == ["r=2", "r=1", "r=0", "r=0"]


@pytest.mark.req("LIM-FR-008")
async def test_concurrent_requests_are_all_counted(counters: RedisCounterStore, port: int) -> None:
    with redis(port):
        counts = await asyncio.gather(*(counters.increment("key", 60) for _ in range(200)))
        assert sorted(counts) == list(range(1, 201))
        assert 0 < int(_command(port, "ttl", "task-api:key")) <= 60


type Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        await reader.read()


async def _says_nonsense(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


async def _disconnects(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


@pytest.fixture(params=[None, _says_nothing, _says_nonsense, _disconnects])
async def broken_url(request: pytest.FixtureRequest, port: int) -> AsyncIterator[str]:
    talk: Talk | None = request.param
    async with await asyncio.start_server(talk, "127.0.0.1", port) if talk else AsyncExitStack():
        yield url(port)


@pytest.mark.req("LIM-FR-009")
async def test_a_storage_outage_delays_a_request_briefly_and_is_logged(
    start_app: StartApp, broken_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = await start_app(rate_limit="20/day", rate_limit_storage_url=broken_url)
    user = User(app)
    began = time.monotonic()
    statuses = [(await user.get()).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert time.monotonic() - began < 3
    lines = [record.getMessage() for record in caplog.records if record.name == redis_store.__name__]
    assert len(lines) == 1
    assert _PASSWORD not in caplog.text


@pytest.mark.req("LIM-FR-009")
async def test_in_a_storage_outage_concurrent_requests_wait_once_and_log_one_line(
    broken_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with aclosing(RedisCounterStore(broken_url)) as counters:
        began = time.monotonic()
        counts = await asyncio.gather(*(counters.increment("key", 60) for _ in range(100)))
        assert time.monotonic() - began < 3
        assert sorted(counts) == list(range(1, 101))
        monkeypatch.setattr(counters, "_fallback_until", time.monotonic())  # the pause is over
        responses = [asyncio.create_task(counters.increment("key", 60)) for _ in range(100)]
        await asyncio.sleep(0)
        assert sum(response.done() for response in responses) >= 99  # one request probes the storage
        await asyncio.gather(*responses)
    assert [record.name for record in caplog.records].count(redis_store.__name__) == 1


@pytest.mark.req("LIM-FR-009")
async def test_storage_is_used_again_after_an_outage(
    counters: RedisCounterStore, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_store, "_PROBE_INTERVAL_SECONDS", 0)
    with redis(port):
        assert [await counters.increment("key", 60) for _ in range(3)] == [1, 2, 3]
    assert [await counters.increment("key", 60) for _ in range(2)] == [1, 2]
    with redis(port):
        assert [await counters.increment("key", 60) for _ in range(3)] == [1, 2, 3]
