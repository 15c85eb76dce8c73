"""The life of the embedded PostgreSQL: one server per folder, which starts whatever was killed before."""

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

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # https://www.postgresql.org/docs/18/protocol-message-formats.html


class ServerProcess:
    """The server of a cluster, shared by all processes that use it.

    Three locks (flock(2)), which the kernel drops with their last holder, decide everything. `users.lock` is
    shared by all who use the server: whoever gets it alone is the last one, and stops the server. `start.lock`
    lets one of them start it at a time. `server.lock` is inherited by all processes of the server: whoever gets
    it knows that none of them lives, not even in another container, and that postmaster.pid is stale.

    Every method raises an `OSError` that says why the server cannot run.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._reaper: threading.Thread | None = None

    @contextmanager
    def used(self) -> Iterator[bool]:
        """Keep the server running while the block is open; yields whether it was started for that."""
        self.cluster.make_folders()
        with _opened(self.cluster, "users.lock") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self.ensure_running()
            finally:
                fcntl.flock(users, fcntl.LOCK_UN)  # or two who leave at once would each leave it to the other
                if _acquired(users):
                    self._stop()

    def ensure_running(self) -> bool:
        """Return when the server accepts connections; True if it was started for that."""
        if self._is_ready():
            return False
        with _opened(self.cluster, "start.lock") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if self._is_ready():
                return False
            self._start()
        return True

    def _is_ready(self) -> bool:
        return self._answers() and self.cluster.state == "ready"

    def _answers(self) -> bool:
        """Whether a server lives: one that was killed may still let us connect, and a busy one may let us wait."""
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
        _send(signal.SIGKILL, self._processes())  # what does not serve though nobody is starting it never will
        with _opened(self.cluster, "server.lock") as lock:
            deadline = time.monotonic() + _STOP_SECONDS
            while not _acquired(lock):
                _pause(deadline)
            server = self.cluster.launch(lock)
        self._reaper = threading.Thread(target=server.wait, name="embedded-postgres-reaper", daemon=True)
        self._reaper.start()
        try:
            self._await(server)
        except BaseException:
            server.kill()
            raise

    def _await(self, server: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if server.poll() is not None:
                raise ChildProcessError(self.cluster.failure())
            _pause(deadline)

    def _stop(self) -> None:
        """Shut down "fast", which waits for nobody: https://www.postgresql.org/docs/18/server-shutdown.html."""
        servers = [p for p in self._processes() if self.cluster.named_server in p.info["cmdline"]]
        _send(signal.SIGINT, servers)
        deadline = time.monotonic() + (_STOP_SECONDS if servers else 0)
        try:
            while self._processes():
                _pause(deadline)
        except TimeoutError:
            _send(signal.SIGKILL, self._processes())
        if self._reaper:
            self._reaper.join(_STOP_SECONDS)
        self.cluster.remove_sockets()

    def _processes(self) -> list[psutil.Process]:
        """All living processes of this server; a zombie has no command line."""
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
        with suppress(psutil.Error):  # it is gone, or out of reach, which a deadline will tell
            process.send_signal(number)


def _pause(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("it takes too long; is its folder in use in a container?")
    time.sleep(0.02)
