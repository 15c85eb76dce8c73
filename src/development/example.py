"""The example in `examples/nextjs`, which `python -m src dev --with-example` serves beside the API."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from subprocess import DEVNULL, Popen, TimeoutExpired

import httpx
import typer

from src.development.node import EXAMPLE, node_problem
from src.development.npm import NpmError, npm_build, npm_ci

_CLIENT = EXAMPLE.parents[1] / "clients/typescript"
_NEXT = "node_modules/next/dist/bin/next"
_POLL_SECONDS = 0.2
_STOP_SECONDS = 5


def install_example() -> None:
    """Build the TypeScript client and install the example, unless that has been done since they have changed.

    Raises:
        NpmError: There is no Node.js, or npm failed.
    """
    sources = [path for path in sorted(_CLIENT.glob("src/**/*")) if path.is_file()]
    sources += [_CLIENT / "package.json", _CLIENT / "tsup.config.ts"]
    npm_ci(_CLIENT)
    npm_build(_CLIENT, *sources)
    npm_ci(EXAMPLE, *sources)


def prepare_example() -> None:
    """Install the example, as `install_example` does, and say so.

    Raises:
        SystemExit: There is no Node.js, or npm failed; the message says why.
    """
    if problem := node_problem():
        raise SystemExit(problem)
    typer.echo("Preparing the example; the first time, this takes a minute.")
    try:
        install_example()
    except NpmError as error:
        raise SystemExit(str(error)) from None


@contextmanager
def running_example(port: int, api_url: str, environment: Mapping[str, str]) -> Iterator[None]:
    """Run `next dev` while the block is open, and print its address when it and the API respond.

    If it ends before, this process gets SIGTERM and exits with status 1.
    """
    command = ["node", _NEXT, "dev", "--hostname=localhost", f"--port={port}"]
    # In a process group, so that all its processes can be stopped; Ctrl-C does not reach it.
    process = Popen(command, cwd=EXAMPLE, env=environment, stdin=DEVNULL, stdout=DEVNULL, process_group=0)  # noqa: S603 - see above
    stopping = threading.Event()
    urls = [f"{api_url}/health", f"http://localhost:{port}"]
    watcher = threading.Thread(target=_watch, args=(process, stopping, urls), name="example", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        has_ended = process.poll() is not None
        stopping.set()
        _stop(process)
        watcher.join()
    if has_ended:
        raise SystemExit(1)


def _watch(process: Popen[bytes], stopping: threading.Event, urls: list[str]) -> None:
    is_ready = False
    while not stopping.wait(_POLL_SECONDS):
        if process.poll() is not None:
            typer.echo("The example has ended; its reason is above.", err=True)
            os.kill(os.getpid(), signal.SIGTERM)
            return
        if not is_ready and all(map(_responds, urls)):
            is_ready = True
            typer.echo(f"\nOpen {urls[-1]}\n")


def _responds(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=30, trust_env=False).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    return False


def _stop(process: Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutExpired):
            process.wait(_STOP_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
