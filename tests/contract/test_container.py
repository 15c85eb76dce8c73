"""The container: its files are linted, and what the Dockerfile copies is all that the service needs."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import httpx
import pytest

from tests.support.commands import ROOT, python
from tests.support.servers import Server
from tests.support.tokens import SECRET

_DOCKERFILE = (ROOT / "Dockerfile").read_text()
_COPIED = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.*)$", _DOCKERFILE, re.MULTILINE)]
_SOURCES = [source for words in _COPIED for source in words]


@pytest.mark.req("RUN-FR-060")
@pytest.mark.parametrize("command", [["hadolint", "Dockerfile"], ["compose-lint", "check", "--quiet", "compose.yaml"]])
def test_the_linters_find_nothing(command: list[str]) -> None:
    program = Path(sys.executable).parent / command[0]
    linted = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout + linted.stderr


@pytest.mark.req("RUN-FR-060")
def test_the_build_context_is_what_is_copied_and_no_more() -> None:
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == set(_SOURCES)
    assert not any(fnmatch(name, source) for source in _SOURCES for name in (".env", ".data", ".git", "tests"))


@pytest.mark.req("RUN-FR-060", "RUN-FR-061")
def test_what_is_copied_migrates_and_serves(tmp_path: Path, database_url: str) -> None:
    for source in _SOURCES:
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        copy(ROOT / source, tmp_path / source)
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "PYTHONPATH": str(tmp_path)}
    migrated = subprocess.run(python("-m", "src", "migrate", **settings), cwd=tmp_path, check=False)
    assert migrated.returncode == 0
    with Server(tmp_path, "-m", "src", "serve", **settings) as server:
        assert httpx.get(f"{server.url}/ready").status_code == 200
        assert httpx.get(f"{server.url}/docs/swagger-ui.css").status_code == 200
        check = _health_check()
        for port, status in ((server.port, 0), (9, 1)):
            checked = subprocess.run(
                [sys.executable, "-c", check], env={"PORT": str(port)}, stderr=subprocess.DEVNULL, check=False
            )
            assert checked.returncode == status


def _health_check() -> str:
    [command] = re.findall(r'CMD \["python", "-c", "(.*)"\]', _DOCKERFILE)
    return str(command).replace('\\"', '"')
