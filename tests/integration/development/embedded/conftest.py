"""Fixtures: folders and programs that are removed after their test."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from src.development.embedded_postgres import EmbeddedPostgres
from tests.support.programs import Program, kill_everything, remove_sockets, sql

type Run = Callable[..., Program]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """Return the path of a folder that does not exist yet."""
    folder = tmp_path / "postgres"
    yield folder
    kill_everything(folder)
    remove_sockets(folder)


@pytest.fixture
def folder(fresh: Path, initialized: Path) -> Path:
    """Return a folder with an empty database."""
    subprocess.run(["cp", "-a", initialized, fresh], check=True)
    return fresh


@pytest.fixture(scope="session")
def initialized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("initialized") / "postgres"
    with EmbeddedPostgres(folder):
        return folder


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as stack:

        def run(folder: Path, *prefix: str, **environment: str) -> Program:
            program = stack.enter_context(Program(folder, *prefix, **environment))
            stack.callback(program.kill)
            return program

        yield run


@pytest.fixture
def crashed(folder: Path, run: Run) -> Path:
    """Return a folder whose program and server were killed after they had acknowledged a row."""
    program = run(folder)
    sql(program.url(), "CREATE TABLE kept AS SELECT 42 AS id")
    kill_everything(folder, program)
    return folder


@pytest.fixture
def server_user() -> str | None:
    """Return the user as which the server runs, unless it is the current one."""
    return "nobody" if os.geteuid() == 0 else None


@pytest.fixture
def as_nobody() -> list[str]:
    """Return the prefix that runs a command as an unprivileged user, with access to a Python below /root."""
    if os.geteuid() != 0:
        return []
    ids = ["--reuid=nobody", "--regid=65534", "--clear-groups"]
    access = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return ["setpriv", *ids, *access, "--"]
