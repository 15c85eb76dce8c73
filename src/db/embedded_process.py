"""The life of the embedded PostgreSQL: one server per folder, which starts whatever was killed before."""

import errno
import fcntl
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil

from src.db.embedded_cluster import Cluster

_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_UNREACHABLE_SECONDS = 5.0


class ServerProcess:
    """The server of a cluster, shared by all processes that use it.

    Two locks (flock(2)), which the kernel drops with their last holder, decide everything. `server.lock` is
    inherited by all processes of the server: whoever gets it knows that none of them lives, and starts the
    next server under it. `users.lock` is shared by all who use the server: whoever gets it alone is the last
    one, and stops the server.

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
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            with _opened(self.cluster, "server.lock") as lock:
                if _acquired(lock):
                    self._start(lock)
                    return True
            self._clear_the_way()
            _pause(deadline)
        return False

    def _is_ready(self) -> bool:
        return self._answers() and self.cluster.state == "ready"

    def _answers(self) -> bool:
        """Whether a server listens; one with a full queue does."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            return client.connect_ex(str(self.cluster.socket)) in {0, errno.EAGAIN}

    def _start(self, lock: int) -> None:
        _send(signal.SIGKILL, self._processes())  # those whose folder, of the same name, was deleted under them
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

    def _clear_the_way(self) -> None:
        """End what will not serve again: sessions without a server, one without a socket, one told to stop."""
        processes = self._processes()
        servers = [process for process in processes if self._is_server(process)]
        if not self._answers() and all(_age(server) > _UNREACHABLE_SECONDS for server in servers):
            _send(signal.SIGKILL, processes)
        elif self.cluster.state == "stopping":
            _send(signal.SIGINT, servers)

    def _stop(self) -> None:
        """Shut down "fast", which waits for nobody: https://www.postgresql.org/docs/18/server-shutdown.html."""
        servers = [process for process in self._processes() if self._is_server(process)]
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

    def _is_server(self, process: psutil.Process) -> bool:
        return self.cluster.named_server in process.info["cmdline"]


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


def _age(process: psutil.Process) -> float:
    return time.time() - process.create_time()


def _pause(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError("it does not answer; is its folder in use in a container?")
    time.sleep(0.02)
