"""The two servers, each one process of uvicorn with uvloop and httptools, on the same database."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from benchmarks.load import Address
from benchmarks.workload import SIGNING_KEY

_ROOT = Path(__file__).parents[1]
OURS = ("src", "serve")
USUAL = ("uvicorn", "benchmarks.usual:app", "--loop=uvloop", "--http=httptools", "--no-access-log")
_SETTINGS = {
    "ENVIRONMENT": "production",
    "BETTER_AUTH_SECRET": SIGNING_KEY,
    "ALLOWED_ORIGINS": "http://localhost:3000",
    "RATE_LIMIT": "1000000/second",
}
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0


@contextmanager
def serving(module: Sequence[str], database_url: str, folder: Path) -> Iterator[Address]:
    """Serve as production does, in a folder without a `.env`; where it listens.

    Raises:
        RuntimeError: It does not start; the message is what it wrote.
    """
    address = ("127.0.0.1", _free_port())
    with TemporaryFile() as log, _started(module, address, database_url, folder, log) as process:
        if not _listens(process, address):
            log.seek(0)
            raise RuntimeError(log.read().decode())
        yield address


@contextmanager
def _started(
    module: Sequence[str], address: Address, database_url: str, folder: Path, log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", *module, f"--port={address[1]}"]
    environment = _SETTINGS | {"DATABASE_URL": database_url, "PYTHONPATH": str(_ROOT), "WEB_CONCURRENCY": "1"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, cwd=folder, stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _listens(process: subprocess.Popen[bytes], address: Address) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionRefusedError), socket.create_connection(address):
            return True
        time.sleep(0.05)
    return False
