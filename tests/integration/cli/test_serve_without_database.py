"""`python -m src serve` says at its start that the database is out of reach, and serves nevertheless."""

import re
from pathlib import Path

import httpx
import pytest

from tests.support.programs import eventually
from tests.support.servers import Server
from tests.support.tokens import SECRET

_REASONS = {
    "postgresql://somebody:hunter2@127.0.0.1:9/tasks": "ConnectionRefusedError",
    "postgresql://somebody:hunter2@absent.invalid/tasks": "gaierror",
    "postgresql://somebody:hunter2@/tasks?host=/absent": "FileNotFoundError",
}


@pytest.mark.req("OBS-FR-025")
@pytest.mark.parametrize("url", [*_REASONS, "absent"])
def test_one_warning_has_the_reason_and_no_password(tmp_path: Path, database_url: str, url: str) -> None:
    if url == "absent":
        url = re.sub(r"/test_\w+", "/absent", database_url)
    with Server(tmp_path, "-m", "src", "serve", DATABASE_URL=url, BETTER_AUTH_SECRET=SECRET) as server:
        eventually(lambda: _one_warning(server, _REASONS.get(url, "3D000")))
        assert httpx.get(f"{server.url}/health").status_code == 200
        assert "hunter2" not in server.output


def _one_warning(server: Server, reason: str) -> None:
    warnings = [line for line in server.output.splitlines() if '"warning"' in line]
    assert len(warnings) == 1
    assert "cannot connect to the database" in warnings[0]
    assert reason in warnings[0]
