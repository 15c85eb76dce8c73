"""The commands of the README work as they are printed, from the first task on."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.support.commands import ROOT
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_BASE = "http://127.0.0.1:8000"
_BEFORE = """
set -eu
uv() { echo "$TOKEN"; }
curl() {
    local code=0 time=20 expected=0
    case "$*" in */events) time=2 expected=28 ;; esac  # a stream goes on until it is given up
    command curl --silent --show-error --fail-with-body --max-time $time "$@" || code=$?
    test $code = $expected
    echo
}
"""

_PRINTED_BY_DEV = f"""
curl -H "Authorization: Bearer $TOKEN" {_BASE}/api/dev-user/tasks --json '{{"title": "Buy milk"}}'
"""
"""A reader may have run this line before those of the README."""


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="it is curl lines for a shell")
@pytest.mark.req("RUN-FR-035")
async def test_every_curl_line_works_as_it_is_printed(tmp_path: Path, new_database: NewDatabase) -> None:
    settings = {"DATABASE_URL": await new_database(), "BETTER_AUTH_SECRET": SECRET}
    with Server(tmp_path, "-m", "src", "serve", **settings) as server:
        script = _BEFORE + (_PRINTED_BY_DEV + _printed()).replace(_BASE, server.url)
        ended = await asyncio.to_thread(_typed, script)
    assert ended.returncode == 0, ended
    for shown in ("304 Not Modified", '"due_today"', '"next_task":{', '"results"', '"next_since"', "event: "):
        assert shown in ended.stdout


def _typed(script: str) -> subprocess.CompletedProcess[str]:
    command = ["env", f"TOKEN={mint('dev-user')}", "bash", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


def _printed() -> str:
    """Return all code blocks with a `curl` line."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    return "".join(block for block in blocks if "curl" in block)
