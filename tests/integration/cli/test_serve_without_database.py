"""The service says at its start that the database is out of reach, and serves nevertheless."""

import re
from pathlib import Path

import httpx
import pytest

from tests.conftest import StartApp
from tests.support.lock_helpers import reached
from tests.support.programs import eventually
from tests.support.servers import Server
from tests.support.tokens import SECRET

_REASONS = {
    "postgresql://somebody:hunter2@127.0.0.1:9/tasks": "ConnectionRefusedError",
    "postgresql://somebody:hunter2@absent.invalid/tasks": "gaierror",
    "postgresql://somebody:hunter2@/tasks?host=/absent": "FileNotFoundError",
}


@pytest.mark.req("OBS-FR-025")
@pytest.mark.parametrize("url", _REASONS)
async def test_one_warning_has_the_reason_and_no_password(
    start_app: StartApp, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    await start_app(database_url=url)
    await reached(lambda: _one_warning(caplog.messages, _REASONS[url]), 10)
    assert "hunter2" not in caplog.text


@pytest.mark.req("OBS-FR-025")
def test_the_process_serves_without_its_database(tmp_path: Path, database_url: str) -> None:
    url = re.sub(r"/test_\w+", "/absent", database_url)
    with Server(tmp_path, "-m", "src", "serve", DATABASE_URL=url, BETTER_AUTH_SECRET=SECRET) as server:
        eventually(lambda: _one_warning(server.output.splitlines(), "3D000"))
        assert httpx.get(f"{server.url}/health").status_code == 200


def _one_warning(log: list[str], reason: str) -> None:
    assert len([line for line in log if "cannot connect to the database" in line and reason in line]) == 1
