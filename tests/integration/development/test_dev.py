"""`python -m src dev`: from a clone to a response, and nothing left behind."""

import os
import shlex
import signal
import socket
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.conftest import NewDatabase
from tests.support.commands import ROOT, assert_one_sentence, invoke, run
from tests.support.programs import eventually, sql
from tests.support.servers import Server
from tests.support.tokens import SECRET, mint

_WAYS_TO_END: list[tuple[str, signal.Signals, Callable[[int, int], None]]] = [
    ("--reload", signal.SIGINT, os.killpg),  # Ctrl-C signals all processes in the foreground
    ("--reload", signal.SIGTERM, os.kill),
    ("--no-reload", signal.SIGTERM, os.kill),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like a clone's, shared by the tests of this file."""
    return tmp_path_factory.mktemp("project")


def dev(folder: Path, *options: str, **environment: str) -> Server:
    return Server(folder, "-m", "src", "dev", *options, **environment)


def paste(output: str) -> httpx.Response:
    """Send the request of the printed `curl` line."""
    [line] = [line for line in output.splitlines() if line.startswith("curl ")]
    curl = ArgumentParser()
    curl.add_argument("-i", action="store_true")
    curl.add_argument("-H", action="append")
    curl.add_argument("-d")
    curl.add_argument("url")
    sent = curl.parse_args(shlex.split(line)[1:])
    return httpx.post(sent.url, content=sent.d, headers=[tuple(header.split(": ")) for header in sent.H])


@pytest.mark.req("RUN-FR-015", "RUN-FR-023")
def test_a_fresh_clone_prints_a_line_that_creates_a_task(project: Path) -> None:
    with dev(project) as server:
        created = paste(server.output)
        assert (created.status_code, created.json()["title"]) == (201, "Buy milk")
        assert httpx.get(f"{server.url}/ready").status_code == 200
        assert f"Documentation: {server.url}/docs" in server.output
        assert httpx.get(f"{server.url}/docs").status_code == 200


@pytest.mark.req("HTTP-FR-057", "RUN-FR-023")
def test_a_port_in_use_is_reported_before_anything_is_started_or_printed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run(tmp_path, "-m", "src", "dev", f"--port={port}")
    assert_one_sentence(ended, f"port {port}: Address already in use")
    assert not (tmp_path / ".data").exists()


@pytest.mark.req("RUN-FR-007", "RUN-FR-017", "RUN-FR-024", "RUN-FR-025")
def test_a_signal_ends_all_processes_and_the_next_start_has_all_tasks(project: Path) -> None:
    (project / ".env").write_text((ROOT / ".env.example").read_text())
    created: list[httpx.Response] = []
    for option, number, send in _WAYS_TO_END:
        with dev(project, option) as server:
            for earlier in created:
                assert again(server, earlier).json() == earlier.json()
            created.append(paste(server.output).raise_for_status())
            send(server.pid, number)
            server.wait(20)
            eventually(server.assert_nothing_runs)


def again(server: Server, created: httpx.Response) -> httpx.Response:
    """Read the created task with the token that created it."""
    token = {"Authorization": created.request.headers["Authorization"]}
    return httpx.get(f"{server.url}{created.headers['Location']}", headers=token)


@pytest.fixture
async def empty_database(new_database: NewDatabase) -> str:
    return await new_database(migrated=False)


@pytest.mark.req("RUN-FR-001", "RUN-FR-024")
def test_chosen_settings_are_used(tmp_path: Path, empty_database: str) -> None:
    (tmp_path / ".env").write_text(f"BETTER_AUTH_SECRET='{SECRET}'\nDATABASE_URL=postgresql://nowhere.invalid/x\n")
    with dev(tmp_path, "--no-reload", "--host=localhost", DATABASE_URL=empty_database) as server:
        assert f"Documentation: http://localhost:{server.port}/docs" in server.output
        created = paste(server.output)
        assert sql(empty_database, "SELECT title FROM tasks") == created.json()["title"]
        ours = {"Authorization": f"Bearer {mint('dev-user')}"}
        assert httpx.get(f"{server.url}{created.headers['Location']}", headers=ours).status_code == 200
        assert not server.data.exists()


@pytest.mark.req("RUN-FR-024")
@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ENVIRONMENT", "production", "This command is for development, but ENVIRONMENT is production."),
        ("BETTER_AUTH_SECRET", "hunter2", "Invalid settings: BETTER_AUTH_SECRET: must have at least 32 characters"),
        ("DATABASE_URL", "postgresql://somebody:hunter2@127.0.0.1:9/tasks", "database"),
    ],
)
def test_chosen_settings_that_do_not_work_are_reported(
    tmp_path: Path, database_url: str, name: str, value: str, sentence: str
) -> None:
    assert_one_sentence(invoke(tmp_path, "dev", **({"DATABASE_URL": database_url} | {name: value})), sentence)
