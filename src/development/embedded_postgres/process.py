"""The server process of the embedded PostgreSQL: one per folder, shared, and restarted after any `kill -9`."""

import fcntl
import os
import signal
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

from src.development.embedded_postgres.cluster import Cluster

_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 10.0
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # https://www.postgresql.org/docs/18/protocol-message-formats.html


class ServerProcess:
    """The server of a cluster, shared by all processes that use it.

    Three file locks (flock(2)) coordinate them, because the kernel releases a lock when its last holder dies.
    `users.lock` is held shared by every process that uses the server; the process that acquires it exclusively is the
    last one, and stops the server. `start.lock` lets one process at a time start it. `server.lock` is inherited by all
    processes of the server: if it can be acquired, none of them is alive, not even in another container, and
    postmaster.pid is stale.

    Every method raises an `OSError` with the reason if the server cannot run.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._reaper: threading.Thread | None = None

    @contextmanager
    def in_use(self) -> Iterator[bool]:
        """Use the server while the block is open; yield whether it had to be started."""
        self.cluster.make_folders()
        with _opened(self.cluster, "users.lock") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self.ensure_running()
            finally:
                fcntl.flock(users, fcntl.LOCK_UN)  # else two that end at once would both leave the server running
                if _acquired(users):
                    self._stop()

    def ensure_running(self) -> bool:
        """Start the server unless it runs; return, once it accepts connections, whether it was started."""
        if self._is_ready():
            return False
        with _opened(self.cluster, "start.lock") as start_lock:
            fcntl.flock(start_lock, fcntl.LOCK_EX)
            if self._is_ready():
                return False
            self._start()
        return True

    def _is_ready(self) -> bool:
        return self._accepts_connections() and self.cluster.state == "ready"

    def _accepts_connections(self) -> bool:
        """Whether a server responds; a killed one may still accept the connection, and a busy one may time out."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.cluster.socket))
                client.sendall(_SSL_REQUEST)
                return client.recv(1) != b""
            except (TimeoutError, BlockingIOError):
                return True
            except (ConnectionError, FileNotFoundError, PermissionError):
                return False

    def _start(self) -> None:
        _send(signal.SIGKILL, self._processes())  # leftovers: while `start.lock` is held, no other process starts them
        with _opened(self.cluster, "server.lock") as lock:
            deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
            while not _acquired(lock):
                _sleep_or_time_out(deadline)
            server = self.cluster.launch(lock)
        self._reaper = threading.Thread(target=server.wait, name="embedded-postgres-reaper", daemon=True)
        self._reaper.start()
        try:
            self._wait_until_ready(server)
        except BaseException:
            server.kill()
            raise

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while not self._is_ready():
            if server.poll() is not None:
                raise ChildProcessError(self.cluster.failure())
            _sleep_or_time_out(deadline)

    def _stop(self) -> None:
        """Shut down in "fast" mode, without waiting for clients: https://www.postgresql.org/docs/18/server-shutdown.html."""
        servers = [p for p in self._processes() if self.cluster.postmaster_argument in p.info["cmdline"]]
        _send(signal.SIGINT, servers)
        deadline = time.monotonic() + (_STOP_TIMEOUT_SECONDS if servers else 0)
        try:
            while self._processes():
                _sleep_or_time_out(deadline)
        except TimeoutError:
            _send(signal.SIGKILL, self._processes())
        if self._reaper:
            self._reaper.join(_STOP_TIMEOUT_SECONDS)
        self.cluster.remove_sockets()

    def _processes(self) -> list[psutil.Process]:
        """All running processes of this server, without zombies, which have no command line."""
        found = (p for p in psutil.process_iter(["name", "cmdline"]) if p.info["name"] == "postgres")
        return [p for p in found if self.cluster.name in " ".join(p.info["cmdline"] or ())]


@contextmanager
def _opened(cluster: Cluster, name: str) -> Iterator[int]:
    lock = os.open(cluster.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _acquired(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _send(number: signal.Signals, processes: Iterable[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):  # it has ended, or may not be signalled, which the deadline reveals
            process.send_signal(number)


def _sleep_or_time_out(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("it takes too long; is its folder in use in a container?")
    time.sleep(0.02)
