"""Rounds in which the database, or everything, is killed while clients write."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

import httpx
import psutil

from tests.faults.durability import Writer
from tests.support.programs import processes, server_pid
from tests.support.servers import Server
from tests.support.tokens import SECRET

_PATIENCE_SECONDS = 40


class Round(NamedTuple):
    """The result of one round; the counts are totals since the first round, except for the acknowledged writes."""

    fault: str
    acknowledged: int
    lost: int
    duplicates: int
    failures: int
    """Responses that were neither a success nor an error that may be retried."""
    back_seconds: float
    """The seconds from the end of the database, or the start of the new process, until `/ready` succeeds."""

    @property
    def is_sound(self) -> bool:
        """Whether writes were acknowledged, and none was lost."""
        return self.acknowledged > 0 and self.lost == self.failures == self.duplicates == 0


def kill_everything_under_load(folder: Path, writers: list[Writer]) -> Round:
    """Kill all processes, as a power failure does, then start everything again."""
    before = _acknowledged(writers)
    with _serving(folder) as server, _writing(server, writers, threading.Event()):
        _write_for_a_while(writers)
        server.kill_all()
    began = time.monotonic()
    with _serving(folder) as server:
        return _compared("kill -9 of all", server, writers, before, _ready_after(server, began))


def kill_the_database_under_load(folder: Path, writers: list[Writer]) -> Round:
    """Kill the embedded PostgreSQL, which restarts, while the API runs and its clients continue."""
    return _end_the_database_under_load("kill -9 of database", folder, writers, _kill)


def restart_the_database_under_load(folder: Path, writers: list[Writer]) -> Round:
    """Restart the database with a fast shutdown (https://www.postgresql.org/docs/current/server-shutdown.html)."""
    return _end_the_database_under_load("fast restart", folder, writers, _shut_down)


def _end_the_database_under_load(
    fault: str, folder: Path, writers: list[Writer], end: Callable[[Server], None]
) -> Round:
    before = _acknowledged(writers)
    with _serving(folder) as server:
        stop = threading.Event()
        with _writing(server, writers, stop):
            _write_for_a_while(writers)
            end(server)
            back = _ready_after(server, time.monotonic())
            _write_for_a_while(writers)
            stop.set()
        return _compared(fault, server, writers, before, back)


def _kill(server: Server) -> None:
    for process in processes(server.data):
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _shut_down(server: Server) -> None:
    postmaster = psutil.Process(server_pid(server.data))
    postmaster.send_signal(signal.SIGINT)
    postmaster.wait(_PATIENCE_SECONDS)


def _write_for_a_while(writers: list[Writer]) -> None:
    """Wait until writes have been acknowledged, however busy the machine is."""
    enough, deadline = _acknowledged(writers) + len(writers), time.monotonic() + _PATIENCE_SECONDS
    while _acknowledged(writers) < enough:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(SystemRandom().uniform(0.1, 0.7))


def _serving(folder: Path) -> Server:
    return Server(folder, "-m", "src", "dev", "--no-reload", BETTER_AUTH_SECRET=SECRET)


@contextmanager
def _writing(server: Server, writers: list[Writer], stop: threading.Event) -> Iterator[None]:
    with ThreadPoolExecutor() as pool:
        writing = [pool.submit(writer.write, server.url, stop) for writer in writers]
        try:
            yield
        finally:
            stop.set()
    for ended in writing:
        ended.result()


def _ready_after(server: Server, began: float) -> float:
    while not _is_ready(server):
        assert time.monotonic() - began < _PATIENCE_SECONDS, server.output
        time.sleep(0.02)
    return time.monotonic() - began


def _is_ready(server: Server) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{server.url}/ready", timeout=_PATIENCE_SECONDS).status_code == 200
    return False


def _acknowledged(writers: list[Writer]) -> int:
    return sum(writer.responses for writer in writers)


def _compared(fault: str, server: Server, writers: list[Writer], before: int, back_seconds: float) -> Round:
    there = [writer.read(server.url) for writer in writers]
    deleted = [writer.read(server.url, trashed=True) for writer in writers]
    titles = Counter(task["title"] for tasks in there + deleted for task in tasks)
    return Round(
        fault,
        acknowledged=_acknowledged(writers) - before,
        lost=sum(writer.lost(tasks) for writer, tasks in zip(writers, there, strict=True)),
        duplicates=titles.total() - len(titles),
        failures=sum(writer.failures for writer in writers),
        back_seconds=back_seconds,
    )
