"""The shell commands of the documents work as they are printed, from the first task on."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import ROOT
from tests.support.documents import blocks, name_of
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_BASE = "http://127.0.0.1:8000"
_USER = "dev-user"
_BEFORE = """
set -euo pipefail
uv() {
    case "$*" in
        sync* | *"src dev"* | *"src serve"*) return ;;  # it is installed, and serves
        *"src token $USER_ID") echo "$TOKEN" && return ;;  # which takes a second
    esac
    while [ "$1" != python ]; do shift; done
    "$PYTHON" "${@:2}"
}
curl() {
    local code=0 time=20 expected=0
    case "$*" in */events) time=2 expected=28 ;; esac  # a stream goes on until it is given up
    command curl --silent --show-error --fail-with-body --max-time $time "$@" || code=$?
    test $code = $expected
    echo
}
"""

_PRINTED_BY_DEV = f"""
curl -H "Authorization: Bearer $TOKEN" {_BASE}/api/{_USER}/tasks --json '{{"title": "Buy milk"}}'
"""
"""A reader may have run this line before those of a page."""

_SHOWN = {
    "README.md": ("201 Created", '"title":"Buy oat milk"', "migrations"),
    "docs/tutorial.md": ("201 Created", "http://localhost:3000/#"),
    "docs/guides/better-auth.md": ("The API accepts this token.",),
    "docs/guides/bulk-and-retries.md": ('"results"', "idempotency-replayed: true"),
    "docs/guides/deploy.md": (),
    "docs/guides/existing-front-ends.md": ("ignored-names: color",),
    "docs/guides/lists.md": ('"total":null', '"due_today"', '"tag" : "home"'),
    "docs/guides/offline-and-live.md": ('"next_since"', '"tasks":[]', "event: "),
    "docs/guides/operate.md": ("Purged 0 tasks.", "Erased 1 task."),
    "docs/guides/tasks.md": ("304 Not Modified", '"next_task":{', "Pacific/Auckland"),
}
"""What the commands of each page print; a page without shell commands is missing here."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Server]:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "ENVIRONMENT": "development"}
    with Server(tmp_path_factory.mktemp("server"), "-m", "src", "serve", **settings) as running:
        yield running


def test_the_pages_with_commands_are_known() -> None:
    assert {name_of(block.page) for block in blocks("sh")} == _SHOWN.keys()


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="it is curl lines for a shell")
@pytest.mark.req("RUN-FR-035", "RUN-FR-100")
@pytest.mark.parametrize("page", _SHOWN)
def test_the_commands_of_a_page_work_as_they_are_printed(
    page: str, tmp_path: Path, server: Server, database_url: str
) -> None:
    commands = "".join(block.code for block in blocks("sh") if name_of(block.page) == page)
    script = _BEFORE + (_PRINTED_BY_DEV + commands).replace(_BASE, server.url)
    user = f"reader-of-{Path(page).stem.lower()}"
    ended = _run(script.replace(_USER, user), tmp_path, database_url, USER_ID=user, TOKEN=mint(user))
    assert ended.returncode == 0, ended
    for shown in _SHOWN[page]:
        assert shown in ended.stdout, ended.stdout


def _run(script: str, folder: Path, database_url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "ENVIRONMENT": "development"}
    variables |= {"PYTHON": sys.executable, "PYTHONPATH": str(ROOT), **settings}
    command = ["env", *(f"{name}={value}" for name, value in variables.items()), "bash", "-c", script]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
