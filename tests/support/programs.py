"""Programs that use the embedded PostgreSQL, and checks of its processes and sockets."""

import asyncio
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from src.development.embedded_postgres.cluster import Cluster

_PROJECT = Path(__file__).parents[2]

_PROGRAM = """
import asyncio, sys
from pathlib import Path
import asyncpg
from src.development.embedded_postgres import EmbeddedPostgres

async def say_goodbye(url):
    connection = await asyncpg.connect(url)
    print(await connection.fetchval("SELECT 'still here'"), flush=True)
    await connection.close()

with EmbeddedPostgres(Path(sys.argv[1])) as server:
    try:
        print(server.url, flush=True)
        sys.stdin.read()
    finally:
        asyncio.run(say_goodbye(server.url))
"""


class Program(subprocess.Popen[str]):
    """A program, in its own session, that uses the server until its input ends."""

    def __init__(self, folder: Path, *prefix: str, **environment: str) -> None:
        super().__init__(
            [*prefix, sys.executable, "-c", _PROGRAM, str(folder)],
            cwd=_PROJECT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def url(self) -> str:
        """Wait for the server."""
        assert self.stdout
        return self.stdout.readline().strip()

    def leave(self) -> None:
        output, _ = self.communicate(timeout=20)
        assert (output, self.returncode) == ("still here\n", 0)


def sql(url: str, statement: str) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:  # the event loop of this thread is pytest's
        return pool.submit(asyncio.run, run()).result()


def eventually[T](attempt: Callable[[], T], seconds: float = 5) -> T:
    """Retry with increasing pauses until the function neither raises nor returns False."""
    deadline, pause = time.monotonic() + seconds, 0.01
    while True:
        try:
            result = attempt()
            assert result is not False
        except (OSError, AssertionError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise
            time.sleep(pause)
            pause = min(2 * pause, 0.1)
        else:
            return result


def socket_folder(folder: Path) -> Path:
    return Cluster(folder, Path(), durable=True).socket.parent


def processes(folder: Path) -> list[psutil.Process]:
    """Return every running PostgreSQL process of the folder."""
    marks = (str(folder), socket_folder(folder).name)
    found = psutil.process_iter(["name", "cmdline"])
    programs = (p for p in found if p.info["name"] in {"postgres", "initdb", "setpriv"})
    return [p for p in programs if any(mark in " ".join(p.info["cmdline"] or ()) for mark in marks)]


def server_pid(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


def kill_everything(folder: Path, *programs: Program) -> None:
    for program in programs:
        program.kill()
        program.wait()
    for process in processes(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    eventually(lambda: assert_nothing_runs(folder))


def remove_sockets(folder: Path) -> None:
    shutil.rmtree(socket_folder(folder), ignore_errors=True)


def assert_nothing_runs(folder: Path) -> None:
    assert processes(folder) == []


def assert_dead(process: psutil.Process) -> None:
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
