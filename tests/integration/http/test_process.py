"""`uvicorn src.main:app` as a process: it starts before its database, and shuts down gracefully."""

import asyncio
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.conftest import NewDatabase
from tests.support.commands import run
from tests.support.lock_helpers import reached, uncommitted, waiting
from tests.support.programs import eventually, sql
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_TOKEN = {"Authorization": f"Bearer {mint('somebody')}"}
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def production(folder: Path, database_url: str) -> Server:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET}
    return Server(folder, "-m", "uvicorn", "src.main:app", **settings)


@pytest.mark.req("RUN-FR-012")
def test_it_starts_before_its_database_and_serves_as_soon_as_the_database_runs(
    tmp_path: Path, database_url: str
) -> None:
    sockets = parse_qs(urlsplit(database_url).query)["host"][0]
    with TemporaryDirectory() as folder:
        absent = Path(folder, "absent")
        url = urlsplit(database_url)._replace(query=urlencode({"host": absent})).geturl()
        with production(tmp_path, url) as server, httpx.Client(base_url=server.url, headers=_TOKEN) as http:
            assert http.get("/health").status_code == 200
            for path in ("/ready", "/api/somebody/tasks"):
                refusal = http.get(path)
                assert (refusal.status_code, refusal.headers["Retry-After"]) == (503, "1")
            absent.symlink_to(sockets)
            eventually(lambda: http.post("/api/somebody/tasks", json={"title": "Buy milk"}).raise_for_status())
            assert http.get("/ready").status_code == 200


@pytest.mark.req("RUN-FR-014")
async def test_at_shutdown_it_finishes_requests_in_flight(tmp_path: Path, new_database: NewDatabase) -> None:
    url = await new_database()
    with production(tmp_path, url) as server:
        async with httpx.AsyncClient(base_url=server.url, headers=_TOKEN) as http:
            await http.post("/api/somebody/tasks", json={"title": "Buy milk"})
            async with uncommitted(url, "SELECT FROM users FOR UPDATE"):
                begun = asyncio.create_task(http.post("/api/somebody/tasks", json={"title": "Buy tea"}))
                await reached(lambda: waiting(url) == 1)
                server.send_signal(signal.SIGTERM)
                await reached(lambda: not server.listens())
                assert server.poll() is None
            assert (await begun).status_code == 201
        assert await asyncio.to_thread(server.wait, 10) in {0, -signal.SIGTERM, 128 + signal.SIGTERM}
    await reached(lambda: sql(url, _OTHERS) == 0)
    assert sql(url, "SELECT count(*) FROM tasks") == 2


def test_the_heap_is_frozen_after_startup(tmp_path: Path, database_url: str) -> None:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET}
    frozen = run(tmp_path, "-c", "import gc, src.main; print(gc.get_freeze_count())", **settings)
    assert int(frozen.stdout) > 100_000
