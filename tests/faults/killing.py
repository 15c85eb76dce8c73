"""Rounds in which the database, or everything, is killed while clients write."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import NamedTuple

import httpx
import psutil

from tests.faults.durability import Writer
from tests.integration.embedded.programs import processes
from tests.integration.servers import Server
from tests.tokens import SECRET

_PATIENCE_SECONDS = 20


class Round(NamedTuple):
    """What one round found; the figures count from its beginning."""

    killed: str
    acknowledged: int
    lost: int
    duplicates: int
    failures: int
    """Answers that were neither a success nor one that says to try again."""
    back_seconds: float
    """From the killing of the database, or from the start of the new process, to `/ready`."""

    @property
    def is_sound(self) -> bool:
        """Whether no client was told something wrong."""
        return self.lost == self.failures == self.duplicates == 0


def kill_everything_under_load(folder: Path, writers: list[Writer]) -> Round:
    """Power fails; then everything starts again."""
    with _serving(folder) as server, _writing(server, writers, threading.Event()):
        _write_for_a_while()
        server.kill_all()
    began = time.monotonic()
    with _serving(folder) as server:
        return _compared("everything", server, writers, _ready_after(server, began))


def kill_the_database_under_load(folder: Path, writers: list[Writer]) -> Round:
    """The embedded PostgreSQL is killed, and comes back, while the API lives and its clients go on."""
    with _serving(folder) as server:
        stop = threading.Event()
        with _writing(server, writers, stop):
            _write_for_a_while()
            for process in processes(server.data):
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            back = _ready_after(server, time.monotonic())
            _write_for_a_while()
            stop.set()
        return _compared("the database", server, writers, back)


def _write_for_a_while() -> None:
    time.sleep(SystemRandom().uniform(0.3, 0.9))


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


def _compared(killed: str, server: Server, writers: list[Writer], back_seconds: float) -> Round:
    there = [writer.read(server.url) for writer in writers]
    titles = Counter(task["title"] for tasks in there for task in tasks)
    return Round(
        killed,
        acknowledged=sum(writer.answers for writer in writers),
        lost=sum(writer.lost(tasks) for writer, tasks in zip(writers, there, strict=True)),
        duplicates=titles.total() - len(titles),
        failures=sum(writer.failures for writer in writers),
        back_seconds=back_seconds,
    )
