"""Servers started from the command line, which are stopped with their test and all that they started."""

import asyncio
import os
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Self

import httpx
import psutil

from tests.support.commands import python
from tests.support.programs import kill_everything, processes, remove_sockets

_START_SECONDS = 40


class Server(subprocess.Popen[bytes]):
    """A command that serves HTTP from a folder, in a session of its own like one that is started in a terminal."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.data = folder / ".data" / "postgres"
        self._output = folder / f"output-{self.port}"
        command = python(*arguments, f"--port={self.port}", **environment)
        with self._output.open("wb") as output:
            super().__init__(command, cwd=folder, stdout=output, stderr=output, start_new_session=True)

    def __enter__(self) -> Self:
        try:
            self.wait_until_it_serves()
        except BaseException:
            self.clean_up()
            raise
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clean_up()
        super().__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    def wait_until_it_serves(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.serves():
            assert time.monotonic() < deadline, self.output
            time.sleep(0.02)

    @property
    def output(self) -> str:
        """Return its output so far."""
        return self._output.read_text()

    def listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def serves(self) -> bool:
        """Whether it runs and responds."""
        assert self.poll() is None, self.output
        if not self.listens():
            return False  # a request by httpx takes CPU time that the server needs to start
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/health").status_code == 200
        return False

    def processes(self) -> list[psutil.Process]:
        """Return the running processes of the server and of its embedded database."""
        return [*filter(self._is_ours, psutil.process_iter()), *processes(self.data)]

    def assert_nothing_runs(self) -> None:
        assert self.processes() == []

    def kill_all(self) -> None:
        """Kill all processes at once, as a power failure does."""
        victims = self.processes()
        SystemRandom().shuffle(victims)
        for process in victims:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.wait()
        kill_everything(self.data)

    def clean_up(self) -> None:
        self.kill_all()
        remove_sockets(self.data)

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            return os.getsid(process.pid) == self.pid and process.status() != psutil.STATUS_ZOMBIE
        return False


def free_port() -> int:
    """Return a port on which no process listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
