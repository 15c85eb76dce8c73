"""The real server keeps its contract for requests generated from it; `--seeds=3` tries more."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.support.commands import ROOT, python
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_SECONDS = 240
_EXAMPLES = 15
_ENDLESS = "text/event-stream"
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
    settings = {"DATABASE_URL": database_url, "BETTER_AUTH_SECRET": SECRET, "RATE_LIMIT_AUTH_FAILURES": "off"}
    with Server(tmp_path, "-m", "src", "serve", RATE_LIMIT="1000000/second", **settings) as server:
        skipped = [f"--exclude-operation-id={name}" for name in _endless(app)]
        ended = _schemathesis(tmp_path, f"{server.url}/openapi.json", f"--seed={seed}", *_OPTIONS, *skipped)
        assert ended.returncode == 0, ended.stdout[-10_000:]
        assert " failed" not in ended.stdout
        assert f"{len(_operations(app)) - len(_endless(app))} selected" in ended.stdout


def _operations(app: FastAPI) -> list[dict[str, Any]]:
    return [operation for path in app.openapi()["paths"].values() for operation in path.values()]


def _endless(app: FastAPI) -> list[str]:
    """Schemathesis cannot check a response that never ends."""
    return [each["operationId"] for each in _operations(app) if _ENDLESS in str(each["responses"])]


def _schemathesis(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    user = "somebody"
    environment = {
        "SCHEMATHESIS_HOOKS": "tests.contract.schemathesis_hooks",
        "API_USER": user,
        "API_TOKEN": mint(user),
    }
    command = python("-m", "schemathesis.cli", f"--config-file={_CONFIGURATION}", "run", *options, **environment)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS)
