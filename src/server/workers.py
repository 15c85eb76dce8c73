"""The supervisor of several worker processes, and the server of one."""

import asyncio
import multiprocessing
import os
import signal
import socket
import threading
import time

import uvicorn
from uvicorn.supervisors import multiprocess

from src.server.listening import has_waiting_connections, refuse_new_connections

_ACCEPT_SECONDS = 0.1
"""The maximum time for accepting the connections that are established when the server stops."""

_POLL_SECONDS = 0.01
_ACCEPT_ATTEMPTS = int(_ACCEPT_SECONDS / _POLL_SECONDS)


class Server(uvicorn.Server):
    """A server that accepts every established connection before it closes its listening sockets, which no other has."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down gracefully."""
        refuse_new_connections(sockets or [])
        for _ in range(_ACCEPT_ATTEMPTS):
            if has_waiting_connections(sockets or []):
                await asyncio.sleep(_POLL_SECONDS)
        await super().shutdown(sockets)


class Worker(multiprocess.Process):
    """A worker process that stops when its supervisor has been killed."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until the shutdown."""
        threading.Thread(target=_stop_with_supervisor, daemon=True).start()
        super().target(sockets)


class Supervisor(multiprocess.Multiprocess):
    """A supervisor that refuses new connections shortly before its workers stop accepting them.

    The workers and the supervisor share the listening sockets, which the kernel closes with the last of them, and
    resets the connections that none of them has accepted.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket], shutdown_delay: float) -> None:
        super().__init__(config, sockets)
        self._delay = shutdown_delay
        multiprocess.Process = Worker  # type: ignore[misc]  # the class by which uvicorn creates each worker

    def terminate_all(self) -> None:
        """Send SIGTERM to the workers, which accept connections for the shutdown delay."""
        waits = self._delay > _ACCEPT_SECONDS
        if waits:
            super().terminate_all()
            self._sleep_until(time.monotonic() + self._delay - _ACCEPT_SECONDS)
        refuse_new_connections(self.sockets)
        for _ in range(_ACCEPT_ATTEMPTS):
            if has_waiting_connections(self.sockets):
                time.sleep(_POLL_SECONDS)
        for each in self.sockets:
            each.close()
        if not waits:
            super().terminate_all()

    def _sleep_until(self, deadline: float) -> None:
        """Sleep, but no longer than a worker runs."""
        while time.monotonic() < deadline and any(each.exitcode is None for each in self.processes):
            time.sleep(_POLL_SECONDS)


def _stop_with_supervisor() -> None:
    """Wait until the supervisor has died, and stop this process, without the shutdown delay."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGINT)
