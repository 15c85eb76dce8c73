"""The files of the embedded PostgreSQL, and how its programs are run on them: as any user, from any path."""

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
    "--auth=trust",  # who can reach the socket is root or the folder's owner
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)


class Cluster:
    """A folder with `data` and `log`, and a private folder under /tmp with the socket.

    Every method raises an `OSError` that says why PostgreSQL cannot run here.
    """

    def __init__(self, folder: Path, binaries: Path, *, durable: bool) -> None:
        digest = hashlib.blake2s(os.fsencode(folder), digest_size=8).hexdigest()
        self.name = f"postgres-{os.geteuid()}-{digest}"
        """What the title of each of its processes contains."""
        self.folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._run = Path("/tmp", self.name)  # noqa: S108 - short enough for a socket, and verified to be ours
        self._binaries = binaries
        self._durable = durable

    @property
    def url(self) -> str:
        """Where it is; it names the port because PGPORT would count otherwise."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._run), safe='')}&port={_PORT}"

    @property
    def socket(self) -> Path:
        """Where a running server listens."""
        return self._run / f".s.PGSQL.{_PORT}"

    @property
    def state(self) -> str:
        """What the last server here was doing: its postmaster.pid ends with starting, ready or stopping."""
        return "".join(_words(self._data / "postmaster.pid")[-1:])

    @property
    def named_server(self) -> str:
        """The argument that the server itself has, and that none of its sessions shows."""
        return f"--cluster_name={self.name}"

    def make_folders(self) -> None:
        """Make what is missing, and refuse what belongs to somebody else."""
        for folder in (self.folder, self._run):
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700, parents=True)
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                raise PermissionError(f"{folder} is not a folder of the user who runs this")
            folder.chmod(0o700)

    def launch(self, lock: int) -> subprocess.Popen[bytes]:
        """Start the server; whoever does must know that none of its processes lives.

        Args:
            lock: A file descriptor that all processes of the server will have open.
        """
        self.remove_sockets()
        self.make_folders()
        self._ensure_data(lock)
        return self._spawn(self._command(), lock, PG_GRANDPARENT_PID=self._stale_pid())

    def remove_sockets(self) -> None:
        """Remove the folder of the socket and its lock file, both of which outlive a killed server."""
        shutil.rmtree(self._run, ignore_errors=True)

    def failure(self) -> str:
        """The reason that PostgreSQL logged, if there was room for it."""
        if shutil.disk_usage(self.folder).free < _FULL_DISK_BYTES:
            return "the disk is full"
        log = self._log.read_text(errors="replace")
        reasons = re.findall(r"(?:FATAL|PANIC|error): +(.+)", log) or log.splitlines()[-1:]
        return str(reasons[0]) if reasons else "it ended without a word"

    def _ensure_data(self, lock: int) -> None:
        """Make an empty database beside its place and move it there, so that it is never there half made."""
        version = _words(self._data / "PG_VERSION")
        if version and version != [_MAJOR]:
            raise OSError(f"its data is of PostgreSQL {version[0]}, not {_MAJOR}; move that folder away")
        if not version:
            unfinished = self.folder / "data.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            self._initialise(unfinished, lock)
            unfinished.rename(self._data)

    def _initialise(self, data: Path, lock: int) -> None:
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
                start_new_session=True,  # Ctrl-C is for the program, which stops its server last
            )

    def _command(self) -> list[str]:
        arguments = [
            self.named_server,
            "--listen_addresses=",
            f"--port={_PORT}",
            f"--unix_socket_directories={self._run}",
            "--timezone=UTC",
            "--log_timezone=UTC",
        ]
        if not self._durable:
            arguments += ["--fsync=off", "--synchronous_commit=off", "--full_page_writes=off"]
        return [str(self._binaries / "postgres"), "-D", str(self._data), *arguments]

    def _stale_pid(self) -> str:
        """The process that postmaster.pid names: whatever it is by now, it is not our server.

        PostgreSQL does not take the process in PG_GRANDPARENT_PID for a rival, and still refuses to start if
        anything is attached to the old server's shared memory (CreateLockFile in its miscinit.c).
        """
        pid_file = self._data / "postmaster.pid"
        words = _words(pid_file)
        if not words:
            pid_file.unlink(missing_ok=True)  # PostgreSQL gives up on one that was killed before it wrote a word
        return words[0] if words else "0"


def _unprivileged() -> list[str]:
    """What lets root run a command as `nobody`, for PostgreSQL refuses root, but inside root's folders."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv", path=_PATH)
    if setpriv is None:
        raise FileNotFoundError("to run it as root takes setpriv, of util-linux, which is not installed")
    nobody = pwd.getpwnam("nobody")
    identity = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    access = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    return [setpriv, *identity, *access, "--"]  # access(2) ignores capabilities without that bit


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(errors="replace").split()
    except FileNotFoundError:
        return []
