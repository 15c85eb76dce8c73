"""Start each peer: one process, on one processor core where `taskset` exists, on the same database."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from benchmarks import cores, npm
from benchmarks.load import Address, LoadError, exchange
from benchmarks.workload import HEALTH, SIGNING_KEY

_ROOT = Path(__file__).parents[1]
_START_SECONDS = 20.0
_STOP_SECONDS = 10.0
_PYTHON_SETTINGS = {
    "PYTHONPATH": str(_ROOT),
    "ENVIRONMENT": "production",
    "BETTER_AUTH_SECRET": SIGNING_KEY,
    "ALLOWED_ORIGINS": "http://localhost:3000",
    "RATE_LIMIT": "1000000/second",  # counted, but never reached
    "SHUTDOWN_DELAY": "0",
}


class PeerName(StrEnum):
    """The servers that can be measured."""

    API = "api"
    BASELINE = "baseline"
    FASTIFY = "fastify"
    FASTIFY_TUNED = "fastify-tuned"
    ASGI = "asgi"


class Start(NamedTuple):
    """How this project is started: its modules and arguments, processes, and further environment variables."""

    arguments: Sequence[str] = ("src", "serve")
    workers: int = 1
    settings: Mapping[str, str] = {}


class Peer(NamedTuple):
    """A running server: its address and its process."""

    name: PeerName
    address: Address
    pid: int


DESCRIPTIONS = {
    PeerName.API: "this project (`serve`)",
    PeerName.BASELINE: "FastAPI in the usual style",
    PeerName.FASTIFY: "Fastify + pg, ordinary",
    PeerName.FASTIFY_TUNED: "Fastify + pg, tuned",
    PeerName.ASGI: "bare ASGI + asyncpg",
}
_UVICORN = ("--loop=uvloop", "--http=httptools", "--no-access-log")
_UVICORN_PEERS = {
    PeerName.BASELINE: ("uvicorn", "benchmarks.baseline:app", *_UVICORN),
    PeerName.ASGI: ("uvicorn", "benchmarks.floor:app", *_UVICORN),
}
_FASTIFY_PEERS = {PeerName.FASTIFY: "ordinary", PeerName.FASTIFY_TUNED: "tuned"}
FASTIFY = frozenset(_FASTIFY_PEERS)
_ORDINARY = Start()


@contextmanager
def serving(name: PeerName, database_url: str, folder: Path, start: Start = _ORDINARY) -> Iterator[Peer]:
    """Serve as production does, in a folder without a `.env` file.

    Raises:
        RuntimeError: The server does not start; the message is its output.
    """
    address = ("127.0.0.1", _free_port())
    command = [*cores.pinned_to_first(start.workers), *_command(name, address[1], start)]
    environment = _environment(name, address[1], start) | {"DATABASE_URL": database_url}
    with TemporaryFile() as log, _started(command, environment, folder, log) as process:
        if not _responds(process, address):
            log.seek(0)
            raise RuntimeError(log.read().decode())
        yield Peer(name, address, process.pid)


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)  # noqa: S603 - our own command
    try:
        yield process
    finally:
        _stop(process)


def _command(name: PeerName, port: int, start: Start) -> list[str]:
    if name in FASTIFY:
        return [npm.node(), str(npm.HOME / "server.js"), _FASTIFY_PEERS[name]]
    arguments = start.arguments if name is PeerName.API else _UVICORN_PEERS[name]
    return [sys.executable, "-m", *arguments, f"--port={port}"]


def _environment(name: PeerName, port: int, start: Start) -> dict[str, str]:
    if name in FASTIFY:
        return {"NODE_ENV": "production", "PORT": str(port), "SIGNING_KEY": SIGNING_KEY}
    return {**_PYTHON_SETTINGS, "WEB_CONCURRENCY": str(start.workers), **start.settings}


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


def _responds(process: subprocess.Popen[bytes], address: Address) -> bool:
    """Wait for a response, because the supervisor of several processes listens before one of them serves."""
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, LoadError):
            return exchange(address, HEALTH).status == HTTPStatus.OK
        time.sleep(0.05)
    return False
