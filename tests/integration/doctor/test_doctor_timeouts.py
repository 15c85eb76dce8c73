"""The doctor's findings about clocks, versions and counters, and its timeouts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from src.config import load_settings
from src.doctor import connection, database
from tests.conftest import Connection
from tests.integration.doctor.test_doctor import doctor, examined
from tests.integration.rate_limiting.test_redis_rate_limits import redis
from tests.support.commands import run
from tests.support.proxy import Proxy
from tests.support.servers import free_port

type Examined = tuple[int, dict[str, str], float]

_SECRET = "3pJ0Zk8mVtQy5rNw1cXe7uBh9sLa2dFg"


async def _says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with closing(writer):
        while await reader.read(1000):
            pass


@pytest.fixture(scope="module", autouse=True)
async def kept_waiting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[asyncio.Task[Examined]]:
    """Start a doctor that waits, beside the other tests, for a server that accepts and sends nothing."""
    async with await asyncio.start_server(_says_nothing, "127.0.0.1", 0) as silent:
        address = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        settings = {"DATABASE_URL": f"postgresql://u:hunter2@{address}/x", "BETTER_AUTH_URL": f"http://{address}"}
        settings |= {"RATE_LIMIT_STORAGE_URL": f"redis://{address}"}
        examination = asyncio.to_thread(_examined, tmp_path_factory.mktemp("doctor"), settings)
        task = asyncio.create_task(examination)
        yield task
        await asyncio.wait([task])


def _examined(folder: Path, settings: dict[str, str]) -> Examined:
    """Return its findings and the seconds after its start, which takes long on a busy machine."""
    began = time.monotonic()
    run(folder, "-m", "src", "--help")
    began += 2 * (time.monotonic() - began)
    status, findings = examined(run(folder, "-m", "src", "doctor", **settings), **settings)
    return status, findings, time.monotonic() - began


@pytest.mark.req("OBS-FR-018")
@pytest.mark.parametrize(
    ("ahead", "level", "expected"),
    [(1, "ok", "1.0 s ahead"), (-5, "WARN", "5.0 s behind"), (61, "FAILED", "tokens tolerate"), (-61, "FAILED", "NTP")],
)
async def test_a_wrong_clock_is_reported(
    sql: Connection, monkeypatch: pytest.MonkeyPatch, ahead: float, level: str, expected: str
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + ahead)
    finding = await database.CHECKS["clock"](sql)
    assert (finding.level, expected in finding.explanation) == (level, True), finding


@pytest.mark.req("OBS-FR-018")
async def test_a_version_that_is_too_old_is_reported(sql: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    version = sql.get_server_version()
    monkeypatch.setattr(database, "_MIN_VERSION", version.major + 1)
    finding = await database.CHECKS["version"](sql)
    assert (finding.level, f"PostgreSQL {version.major} is too old" in finding.explanation) == ("FAILED", True)


@pytest.mark.req("OBS-FR-024")
async def test_shared_counters_are_tried(tmp_path: Path) -> None:
    port = free_port()
    settings = {"BETTER_AUTH_SECRET": _SECRET, "RATE_LIMIT_STORAGE_URL": f"redis://:hunter2@127.0.0.1:{port}/0"}
    assert "no Redis or Valkey responds there" in doctor(tmp_path, **settings)[1]["rate limits"]
    with redis(port):
        assert doctor(tmp_path, **settings)[1]["rate limits"].startswith("ok")
        settings["RATE_LIMIT_STORAGE_URL"] = f"redis://:wrong@127.0.0.1:{port}/0"
        assert "refuses this user or password" in doctor(tmp_path, **settings)[1]["rate limits"]


@pytest.mark.req("OBS-SC-002", "OBS-FR-017", "OBS-FR-022", "OBS-FR-024")
async def test_servers_that_never_respond_do_not_block_the_doctor(kept_waiting: asyncio.Task[Examined]) -> None:
    status, findings, seconds = await kept_waiting
    assert (status, seconds < 30) == (1, True)
    assert all("within 4 s" in findings[check] for check in ("database", "JWKS", "rate limits")), findings


@pytest.mark.req("OBS-SC-002", "OBS-FR-015")
async def test_a_database_that_stops_responding_is_a_finding_in_each_check(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SECONDS", 1)
    monkeypatch.setattr(database, "SECONDS", 1)
    async with Proxy(database_url) as proxy:
        settings = load_settings(_env_file=None, database_url=proxy.url, better_auth_secret=_SECRET)
        began, findings = time.monotonic(), []
        async for finding in database.run_checks(settings):
            findings.append(finding)
            proxy.freeze()
        assert time.monotonic() - began < 5
        assert findings[0].level == "ok"
        assert {finding.check for finding in findings[2:]} == {
            "encoding",
            "clock",
            "migrations",
            "privileges",
            "TLS",
            "pooler",
        }
        assert {finding.level for finding in findings[2:] if finding.check != "TLS"} <= {"FAILED", "WARN"}
