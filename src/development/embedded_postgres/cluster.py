"""The files of the embedded PostgreSQL, and its programs initdb and postgres, which root can run, too."""

import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

_MAJOR = "18"
_PORT = "5432"
_FULL_DISK_BYTES = 2**20
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"LC_ALL": "C", "PATH": _PATH, "TZ": "UTC"}
_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",  # only root and the folder's owner can open the socket
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class Cluster:
    """A PostgreSQL cluster: a folder with `data` and `log`, and a private folder under /tmp with the socket.

    Every method raises an `OSError` with the reason if PostgreSQL cannot run here.
    """

    def __init__(self, folder: Path, binaries: Path, *, durable: bool) -> None:
        digest = hashlib.blake2s(os.fsencode(folder), digest_size=8).hexdigest()
        self.name = f"postgres-{os.geteuid()}-{digest}"
        """The cluster_name, which the title of each of its processes contains."""
        self.folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._run = Path("/tmp", self.name)  # noqa: S108 - short enough for a socket's path, and its owner is verified
        self._binaries = binaries
        self._durable = durable

    @property
    def url(self) -> str:
        """The URL, with the port because asyncpg would otherwise use PGPORT."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._run), safe='')}&port={_PORT}"

    @property
    def socket(self) -> Path:
        """The path of the socket on which a running server listens."""
        return self._run / f".s.PGSQL.{_PORT}"

    @property
    def state(self) -> str:
        """The state in the last line of postmaster.pid: starting, ready or stopping."""
        return "".join(_words(self._data / "postmaster.pid")[-1:])

    @property
    def postmaster_argument(self) -> str:
        """The argument that identifies the postmaster, because its backends do not show it."""
        return f"--cluster_name={self.name}"

    def make_folders(self) -> None:
        """Create missing folders; raise for one that belongs to another user."""
        for folder in (self.folder, self._run):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700, parents=True)
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                raise PermissionError(f"{folder} is not a folder of the current user")
            folder.chmod(0o700)

    def launch(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server; the caller must know that none of its processes is alive.

        Args:
            lock: A file descriptor that all processes of the server inherit.
        """
        self.remove_sockets()
        self.make_folders()
        self._ensure_data(lock)
        return self._spawn(self._command(), lock, PG_GRANDPARENT_PID=self._stale_pid())

    def remove_sockets(self) -> None:
        """Remove the folder with the socket and its lock file, which a killed server leaves behind."""
        shutil.rmtree(self._run, ignore_errors=True)

    def failure(self) -> str:
        """The reason for the failure, from the log or because the disk is full."""
        if shutil.disk_usage(self.folder).free < _FULL_DISK_BYTES:
            return "the disk is full"
        log = self._log.read_text(errors="replace")
        reasons = re.findall(r"(?:FATAL|PANIC|error): +(.+)", log) or log.splitlines()[-1:]
        return str(reasons[0]) if reasons else "it exited without a message"

    def _ensure_data(self, lock: int) -> None:
        """Initialize the data folder under another name and rename it, so that a partial one is never used."""
        version = _words(self._data / "PG_VERSION")
        if version and version != [_MAJOR]:
            raise OSError(f"its data is of PostgreSQL {version[0]}, not {_MAJOR}; move that folder away")
        if not version:
            unfinished = self.folder / "data.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            self._initialize(unfinished, lock)
            unfinished.rename(self._data)

    def _initialize(self, data: Path, lock: int) -> None:
        initdb = self._spawn([str(self._binaries / "initdb"), f"--pgdata={data}", *_INITDB_OPTIONS], lock)
        try:
            failed = initdb.wait()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(initdb.pid, signal.SIGKILL)
            initdb.wait()
            raise
        if failed:
            raise ChildProcessError(self.failure())

    def _spawn(self, command: list[str], lock: int, **environment: str) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - the binaries of our own dependency
                [*_unprivileged(), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_ENVIRONMENT | environment,
                pass_fds=[lock],
                start_new_session=True,  # Ctrl-C must not stop the server before the program that uses it
            )

    def _command(self) -> list[str]:
        arguments = [
            self.postmaster_argument,
            "--listen_addresses=",
            f"--port={_PORT}",
            f"--unix_socket_directories={self._run}",
            "--timezone=UTC",
            "--log_timezone=UTC",
        ]
        if not self._durable:
            arguments += ["--fsync=off", "--synchronous_commit=off", "--full_page_writes=off"]
            arguments += ["--max_connections=400"]  # a test session starts many applications
        return [str(self._binaries / "postgres"), "-D", str(self._data), *arguments]

    def _stale_pid(self) -> str:
        """The process id in postmaster.pid, which is stale: another process may have it by now.

        PostgreSQL does not treat the process in PG_GRANDPARENT_PID as a running server, but still refuses to start if
        a process is attached to the old server's shared memory (CreateLockFile in its miscinit.c).
        """
        pid_file = self._data / "postmaster.pid"
        words = _words(pid_file)
        if not words:
            pid_file.unlink(missing_ok=True)  # PostgreSQL refuses an empty one, which a killed start leaves behind
        return words[0] if words else "0"


def _unprivileged() -> list[str]:
    """The prefix with which root runs a command as `nobody`, because PostgreSQL refuses root, in root's folders."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv", path=_PATH)
    if setpriv is None:
        raise FileNotFoundError("running it as root needs setpriv (util-linux), which is not installed")
    nobody = pwd.getpwnam("nobody")
    identity = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    access = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return [setpriv, *identity, *access, "--"]  # access(2) ignores capabilities without that bit


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").split()
    except FileNotFoundError:
        return []
