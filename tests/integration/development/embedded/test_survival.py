"""Whatever is killed, the server restarts with all acknowledged rows."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import psutil
import pytest

from src.development.embedded_postgres import EmbeddedPostgres
from tests.support.programs import (
    Program,
    assert_dead,
    assert_nothing_runs,
    eventually,
    kill_everything,
    remove_sockets,
    server_pid,
    sql,
)

type Run = Callable[..., Program]


def assert_row_exists(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        assert sql(server.url, "SELECT id FROM kept") == 42


def name_in_pid_file(folder: Path, pid: int) -> None:
    pid_file = folder / "data" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(server_pid(folder)), str(pid), 1))


@pytest.mark.req("RUN-FR-016")
def test_a_row_that_was_acknowledged_survives_kill_9_of_everything(crashed: Path) -> None:
    began = time.monotonic()
    assert_row_exists(crashed)
    assert time.monotonic() - began < 5


@pytest.mark.req("RUN-FR-016")
def test_a_pid_file_that_names_another_program_does_not_matter(crashed: Path, server_user: str | None) -> None:
    with subprocess.Popen(["sleep", "60"], user=server_user) as stranger:
        try:
            name_in_pid_file(crashed, stranger.pid)
            assert_row_exists(crashed)
            assert stranger.poll() is None
        finally:
            stranger.kill()


@pytest.mark.req("RUN-FR-016")
def test_a_pid_file_that_names_a_zombie_does_not_matter(crashed: Path, server_user: str | None) -> None:
    with subprocess.Popen(["true"], user=server_user) as zombie:
        eventually(lambda: assert_dead(psutil.Process(zombie.pid)))
        name_in_pid_file(crashed, zombie.pid)
        assert_row_exists(crashed)


@pytest.mark.req("RUN-FR-016")
def test_an_empty_pid_file_does_not_matter(crashed: Path) -> None:
    (crashed / "data" / "postmaster.pid").write_text("")
    assert_row_exists(crashed)


@pytest.mark.req("RUN-FR-016")
def test_a_living_server_without_its_program_is_adopted_and_stopped(folder: Path, run: Run) -> None:
    program = run(folder)
    program.url()
    orphan = server_pid(folder)
    program.kill()
    program.wait()
    with EmbeddedPostgres(folder) as server:
        assert server_pid(folder) == orphan
        assert sql(server.url, "SELECT 1") == 1
    assert_nothing_runs(folder)


@pytest.mark.req("RUN-FR-016")
def test_a_session_that_outlived_its_server_does_not_prevent_a_start(folder: Path, run: Run) -> None:
    program = run(folder)
    program.url()
    server = psutil.Process(server_pid(folder))
    session = server.children()[0]
    session.suspend()  # so that it cannot notice the death of its server
    program.kill()
    server.kill()
    eventually(lambda: assert_dead(server))
    with EmbeddedPostgres(folder) as again:
        assert sql(again.url, "SELECT 1") == 1
        assert_dead(session)


@pytest.mark.req("RUN-FR-016")
def test_an_initialization_that_was_killed_half_way_starts_over(fresh: Path, run: Run) -> None:
    program = run(fresh)
    eventually((fresh / "data.unfinished" / "PG_VERSION").read_text)
    kill_everything(fresh, program)
    assert not (fresh / "data").exists()
    with EmbeddedPostgres(fresh) as server:
        assert sql(server.url, "SELECT 1") == 1
    assert not (fresh / "data.unfinished").exists()


@pytest.mark.req("RUN-FR-018")
def test_a_server_that_is_killed_is_restarted_in_five_seconds(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), EmbeddedPostgres(folder) as server:
        sql(server.url, "CREATE TABLE kept AS SELECT 42 AS id")
        os.kill(server_pid(folder), signal.SIGKILL)
        assert eventually(lambda: sql(server.url, "SELECT id FROM kept")) == 42
    assert_nothing_runs(folder)
    assert [record.message.partition(" in ")[0] for record in caplog.records] == [
        "The embedded PostgreSQL started",
        "The embedded PostgreSQL had died and was restarted.",
    ]


@pytest.mark.req("RUN-FR-018")
def test_a_server_in_smart_shutdown_is_restarted(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, ThreadPoolExecutor(1) as pool:
        session = pool.submit(sql, server.url, "SELECT pg_sleep(30)")
        eventually(lambda: assert_a_session_sleeps(server.url))
        stopping = server_pid(folder)
        os.kill(stopping, signal.SIGTERM)
        assert eventually(lambda: sql(server.url, "SELECT 1")) == 1
        assert server_pid(folder) != stopping
        assert isinstance(session.exception(), asyncpg.PostgresError | OSError)


def assert_a_session_sleeps(url: str) -> None:
    assert sql(url, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == 1


@pytest.mark.req("RUN-FR-018")
def test_a_server_whose_socket_was_deleted_is_restarted(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        remove_sockets(folder)
        assert eventually(lambda: sql(server.url, "SELECT 1")) == 1


@pytest.mark.req("RUN-FR-018")
def test_a_folder_that_was_deleted_under_its_server_is_initialized_again(folder: Path, run: Run) -> None:
    program = run(folder)
    program.url()
    ghost = psutil.Process(server_pid(folder))
    program.kill()
    program.wait()
    shutil.rmtree(folder)
    with EmbeddedPostgres(folder) as server:
        assert sql(server.url, "SELECT 1") == 1
        assert_dead(ghost)
