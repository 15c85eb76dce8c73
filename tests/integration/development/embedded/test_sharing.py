"""Programs share one server, and the last one stops it, however that one ends."""

import fcntl
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.programs import (
    Program,
    assert_dead,
    assert_nothing_runs,
    eventually,
    processes,
    server_pid,
    socket_folder,
    sql,
)

type Run = Callable[..., Program]


@pytest.mark.req("RUN-FR-017")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_first_and_then_its_server(folder: Path, run: Run, number: signal.Signals) -> None:
    program = run(folder)
    program.url()
    os.killpg(program.pid, number)  # as a terminal does
    output, _ = program.communicate(timeout=20)
    assert output == "still here\n"
    assert program.returncode in {-number, 128 + number}
    assert_nothing_runs(folder)
    assert not socket_folder(folder).exists()


@pytest.mark.req("RUN-FR-017")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_very_first_start_leaves_nothing_behind(
    fresh: Path, run: Run, number: signal.Signals
) -> None:
    program = run(fresh)
    eventually((fresh / "data.unfinished" / "PG_VERSION").read_text)
    os.killpg(program.pid, number)
    assert program.wait(20) in {-number, 128 + number}
    assert_nothing_runs(fresh)


@pytest.mark.req("RUN-FR-019")
def test_the_server_runs_until_the_last_program_ends_and_is_restarted_if_killed(folder: Path, run: Run) -> None:
    first, second = run(folder), run(folder)
    assert first.url() == (url := second.url())
    shared = server_pid(folder)
    first.leave()
    assert server_pid(folder) == shared
    os.kill(shared, signal.SIGKILL)
    assert eventually(lambda: sql(url, "SELECT 1")) == 1
    second.leave()
    assert_nothing_runs(folder)


@pytest.mark.req("RUN-FR-019")
def test_the_last_one_stops_the_server_that_a_killed_program_started(folder: Path, run: Run) -> None:
    first = run(folder)
    first.url()
    second = run(folder)
    second.url()
    first.kill()
    second.leave()
    assert_nothing_runs(folder)


@pytest.mark.req("RUN-FR-019")
def test_programs_that_start_concurrently_share_one_server_and_leave_none(fresh: Path, run: Run) -> None:
    programs = [run(fresh) for _ in range(4)]
    assert len({program.url() for program in programs}) == 1
    assert sum("-D" in process.cmdline() for process in processes(fresh)) == 1
    for program in programs:
        program.terminate()
    for program in programs:
        assert program.wait(20) == 128 + signal.SIGTERM
    assert_nothing_runs(fresh)


@pytest.mark.req("RUN-FR-019")
def test_no_second_server_starts_while_any_process_of_the_first_lives(folder: Path, run: Run) -> None:
    program = run(folder)
    program.url()
    server = psutil.Process(server_pid(folder))
    session = server.children()[0]
    session.suspend()
    program.kill()
    server.kill()
    eventually(lambda: assert_dead(server))
    with (folder / "server.lock").open() as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        session.kill()
        eventually(lambda: fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB))
