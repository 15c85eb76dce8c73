"""The API as the README starts it: a process of its own that ends with its block and leaves nothing behind."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from tests.support.servers import free_port

PROJECT = Path(__file__).parents[2]
START_SECONDS = 30
STOP_SECONDS = 10
ANSWER_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class ApiServer:
    """The API, serving at `url`; `http` is a client that sends nothing by itself."""

    url: str
    http: httpx.Client
    log_file: Path

    @property
    def log(self) -> str:
        """Return its output so far: standard output and standard error."""
        return self.log_file.read_text()

    def request(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request with a bearer token, or without; the options are httpx's."""
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.http.request(method, path, headers=bearer | options.pop("headers", {}), **options)

    def tasks(self, user_id: str, token: str | None = None) -> httpx.Response:
        """Request a user's tasks, which returns 200 to this user only."""
        return self.request("GET", f"/api/{user_id}/tasks", token)


@contextmanager
def api_server(**settings: str) -> Iterator[ApiServer]:
    """Run `python -m src dev` inside the `with` block, with these settings and no other; `src.config` names them.

    `port` is that of the server, by default a free one.

    Raises:
        RuntimeError: It did not start; the message is its log.
        TimeoutExpired: It did not end on SIGTERM and was killed.
    """
    port = int(settings.pop("port", "") or free_port())
    url = f"http://127.0.0.1:{port}"
    with (
        TemporaryDirectory() as folder,
        _process(port, Path(folder), settings) as process,
        httpx.Client(base_url=url, timeout=ANSWER_SECONDS, trust_env=False) as http,
    ):
        server = ApiServer(url=url, http=http, log_file=_log_file(Path(folder)))
        _await_ready(process, server)
        yield server


@contextmanager
def _process(port: int, folder: Path, settings: Mapping[str, str]) -> Iterator[Popen[bytes]]:
    command = [sys.executable, "-m", "src", "dev", "--no-reload", "--port", str(port)]
    # Neither the developer's environment nor their .env: the folder is empty.
    environment = {"PYTHONPATH": str(PROJECT)} | {name.upper(): value for name, value in settings.items()}
    with (
        _log_file(folder).open("wb") as log,
        Popen(command, cwd=folder, env=environment, stdin=DEVNULL, stdout=log, stderr=STDOUT) as process,
    ):
        try:
            yield process
        finally:
            _stop(process)


def _log_file(folder: Path) -> Path:
    return folder / "log"


def _await_ready(process: Popen[bytes], server: ApiServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(server.http):
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The API did not start:\n{server.log}")
        time.sleep(0.05)


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/ready").is_success
    except httpx.TransportError:
        return False


def _stop(process: Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except TimeoutExpired:
        process.kill()
        raise
