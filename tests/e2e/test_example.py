"""The example in `examples/nextjs`: it compiles, and works in a real Chromium, with a real API and Better Auth."""

import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from subprocess import STDOUT, Popen

import pytest

from src.config import environment_with
from src.development.example import install_example
from src.development.node import EXAMPLE
from tests.conftest import NewDatabase
from tests.e2e.better_auth_server import needs_node
from tests.support.commands import IN_CI, ROOT
from tests.support.servers import free_port
from tests.support.tokens import SECRET

_CHROMIUM = shutil.which("chromium")
_SECONDS = 400

pytestmark = [needs_node, pytest.mark.slow]


@pytest.fixture(scope="module")
async def environment(new_database: NewDatabase) -> dict[str, str]:
    """Install the example, and return the variables of the app and of the API, whose ports are free."""
    install_example()
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


@pytest.mark.req("CLIENT-FR-103")
def test_the_example_and_its_tests_compile(built: dict[str, str]) -> None:
    assert built


@pytest.mark.skipif(_CHROMIUM is None and not IN_CI, reason="Chromium is not installed.")
def test_the_tests_of_the_example_pass(built: dict[str, str], tmp_path: Path) -> None:
    npm("test", built, tmp_path)
