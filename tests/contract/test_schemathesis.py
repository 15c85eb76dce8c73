"""The real server keeps its contract for requests generated from it; `--seeds=3` tries more."""

import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.support.commands import ROOT, python
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

pytestmark = pytest.mark.slow

_SECONDS = 240
_EXAMPLES = 6
_USER = "somebody"
_AUTHORIZATION = {"Authorization": f"Bearer {mint(_USER)}"}
_STREAM = "stream_events"
_CONFIGURATION = ROOT / "tests/contract/schemathesis.toml"
_OPTIONS = [
    *("--checks=all", f"--max-examples={_EXAMPLES}", "--continue-on-failure", "--generation-database=none"),
    "--no-color",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, metafunc.config.getoption("--seeds") + 1))


@pytest.mark.req("HTTP-FR-025")
def test_every_response_is_one_that_the_contract_names(
    app: FastAPI, tmp_path: Path, database_url: str, seed: int
) -> None:
    with _server(tmp_path, database_url, "src") as server:
        ended = _schemathesis(tmp_path, server, f"--seed={seed}", *_OPTIONS, f"--exclude-operation-id={_STREAM}")
        assert ended.returncode == 0, ended.stdout[-10_000:]
        assert " failed" not in ended.stdout
        assert f"{len(_operations(app)) - 1} selected" in ended.stdout


@pytest.mark.req("HTTP-FR-025", "TASK-FR-310")
def test_every_stream_is_one_that_the_contract_names(tmp_path: Path, database_url: str, seed: int) -> None:
    with _server(tmp_path, database_url, "tests.support.bounded_streams") as server:
        for title in ("Buy milk", "Bake bread"):
            httpx.post(f"{server.url}/api/{_USER}/tasks", json={"title": title}, headers=_AUTHORIZATION)
        ended = _schemathesis(tmp_path, server, f"--seed={seed}", *_OPTIONS, f"--include-operation-id={_STREAM}")
        assert ended.returncode == 0, ended.stdout[-10_000:]
        assert " failed" not in ended.stdout
        assert "1 selected" in ended.stdout


def _server(folder: Path, database_url: str, module: str) -> Server:
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "RATE_LIMIT_AUTH_FAILURES": "off"}
    return Server(folder, "-m", module, "serve", RATE_LIMIT="1000000/second", **settings)


def _operations(app: FastAPI) -> list[dict[str, Any]]:
    return [operation for path in app.openapi()["paths"].values() for operation in path.values()]


def _schemathesis(folder: Path, server: Server, *options: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "API_USER": _USER,
        "API_TOKEN": mint(_USER),
    }
    command = [f"--config-file={_CONFIGURATION}", "run", *options, f"{server.url}/openapi.json"]
    return subprocess.run(
        python("-m", "schemathesis.cli", *command, **environment),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
