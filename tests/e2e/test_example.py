"""The example in `examples/nextjs`: it compiles, works in a real Chromium, and is served by `python -m src dev`.

All its tests are in this file, and so in one process, because `next dev` and `next build` write to the same folder.
"""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import STDOUT, Popen

import httpx
import psutil
import pytest

from src.config import environment_with
from src.development.example import install_example
from src.development.node import EXAMPLE
from tests.conftest import NewDatabase
from tests.e2e.better_auth_server import PASSWORD, needs_node
from tests.support.commands import IN_CI, ROOT, assert_one_sentence, run
from tests.support.programs import eventually
from tests.support.servers import Server, free_port
from tests.support.tokens import SECRET

_CHROMIUM = shutil.which("chromium")
_SECONDS = 400
_START_SECONDS = 120
_COMMAND = ("-m", "src", "dev", "--with-example")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed() -> None:
    install_example()


@pytest.fixture(scope="module")
async def environment(new_database: NewDatabase, installed: None) -> dict[str, str]:  # noqa: ARG001 - it comes first
    """Return the variables of the app and of the API, whose ports are free."""
    app_url = f"http://localhost:{free_port()}"
    return environment_with(
        PYTHON=sys.executable,
        PYTHONPATH=str(ROOT),
        CHROMIUM=str(_CHROMIUM),
        DATABASE_URL=await new_database(migrated=False),
        BETTER_AUTH_SECRET=SECRET,
        BETTER_AUTH_URL=app_url,
        ALLOWED_ORIGINS=app_url,
        NEXT_PUBLIC_API_URL=f"http://127.0.0.1:{free_port()}",
        NEXT_TELEMETRY_DISABLED="1",
        TOKEN_LIFETIME="15s",
    )


@pytest.fixture(scope="module")
def built(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    npm("build", environment, tmp_path_factory.mktemp("build"))
    return environment


def npm(script: str, environment: dict[str, str], folder: Path) -> None:
    """Run a script of the example, and end what it has started."""
    log = folder / "log"
    command = ["npm", "run", "--silent", script]
    with log.open("w") as output:
        process = Popen(command, cwd=EXAMPLE, env=environment, stdout=output, stderr=STDOUT, process_group=0)
    try:
        status = process.wait(_SECONDS)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert status == 0, log.read_text()[-20_000:]


@needs_node
@pytest.mark.req("CLIENT-FR-103")
def test_the_example_and_its_tests_compile(built: dict[str, str]) -> None:
    assert built


@needs_node
@pytest.mark.skipif(_CHROMIUM is None and not IN_CI, reason="Chromium is not installed.")
def test_the_tests_of_the_example_pass(built: dict[str, str], tmp_path: Path) -> None:
    npm("test", built, tmp_path)


class Both(Server):
    """The command, whose app has a port of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.app_port = free_port()
        self.app_url = f"http://localhost:{self.app_port}"
        super().__init__(folder, *_COMMAND, f"--example-port={self.app_port}", **environment)


@needs_node
@pytest.mark.usefixtures("installed")
@pytest.mark.req("RUN-FR-105", "RUN-FR-106", "RUN-FR-107")
@pytest.mark.parametrize(("number", "send"), [(signal.SIGINT, os.killpg), (signal.SIGTERM, os.kill)])
def test_the_api_and_the_app_are_served_until_a_signal(
    tmp_path: Path, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    with Both(tmp_path) as server:
        eventually(lambda: assert_opened(server), _START_SECONDS)
        assert list_tasks(server) == []
        send(server.pid, number)
        server.wait(20)
        eventually(server.assert_nothing_runs)


def assert_opened(server: Both) -> None:
    assert f"\nOpen {server.app_url}\n" in server.output


def list_tasks(server: Both) -> object:
    """Sign up, and send the token of Better Auth to the API, as the app does."""
    with httpx.Client(base_url=server.app_url, headers={"Origin": server.app_url}, timeout=60) as browser:
        user = {"name": "Demo user", "email": "demo@example.com", "password": PASSWORD}
        browser.post("/api/auth/sign-up/email", json=user).raise_for_status()
        token = browser.get("/api/auth/token").raise_for_status().json()["token"]
    response = httpx.get(f"{server.url}/api/tasks", headers={"Authorization": f"Bearer {token}"})
    return response.raise_for_status().json()["tasks"]


@needs_node
@pytest.mark.usefixtures("installed")
@pytest.mark.req("RUN-FR-109")
def test_the_command_ends_with_the_app(tmp_path: Path) -> None:
    with Both(tmp_path) as server:
        eventually(lambda: assert_opened(server), _START_SECONDS)
        app_of(server).kill()
        assert server.wait(20) == 1
        assert "The example has ended" in server.output
        eventually(server.assert_nothing_runs)


def app_of(server: Both) -> psutil.Process:
    return next(each for each in server.processes() if f"--port={server.app_port}" in each.cmdline())


@pytest.mark.req("RUN-FR-108")
def test_a_missing_node_is_reported_in_one_sentence(tmp_path: Path) -> None:
    ended = run(tmp_path, *_COMMAND, f"--port={free_port()}", f"--example-port={free_port()}", PATH=str(tmp_path))
    assert_one_sentence(ended, "Node.js with npm is not installed")
    assert not (tmp_path / ".data").exists()


@pytest.mark.req("RUN-FR-108")
@pytest.mark.parametrize("option", ["--port", "--example-port"])
def test_a_port_in_use_is_reported_in_one_sentence(tmp_path: Path, option: str) -> None:
    ports = {"--port": free_port(), "--example-port": free_port()}
    with socket.create_server(("127.0.0.1", ports[option])):
        ended = run(tmp_path, *_COMMAND, *(f"{name}={port}" for name, port in ports.items()))
    assert_one_sentence(ended, f"port {ports[option]}: Address already in use")
    assert not (tmp_path / ".data").exists()
