"""Run a script of this folder with the packages of package-lock.json, and always stop it."""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from select import select
from subprocess import DEVNULL, PIPE, CalledProcessError, Popen, TimeoutExpired, run

from tests.e2e.better_auth.node_version import node_problem

HOME = Path(__file__).parent
LOCK = HOME / "package-lock.json"
STAMP = HOME / "node_modules" / ".installed"
INSTALL_SECONDS = 300
START_SECONDS = 30
STOP_SECONDS = 5


@contextmanager
def node(script: str, options: Mapping[str, object]) -> Iterator[str]:
    """Run the script with these options inside the `with` block, and yield its URL.

    Raises:
        RuntimeError: `npm ci` failed, or the script did not start.
    """
    _install()
    command = ["node", script, json.dumps(options)]
    # The script ends when this pipe to it does, however this process ends.
    with Popen(command, cwd=HOME, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield _announced_url(process)
        finally:
            _stop(process)


def packages() -> Path:
    """Install the packages, and return the folder `node_modules`."""
    _install()
    return HOME / "node_modules"


def _announced_url(process: Popen[str]) -> str:
    assert process.stdout is not None
    ready, _, _ = select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise RuntimeError("The script did not start; it says why on standard error.")
    return str(json.loads(line)["url"])


def _stop(process: Popen[str]) -> None:
    try:
        process.communicate(timeout=STOP_SECONDS)
    except TimeoutExpired:
        process.kill()


@cache
def _install() -> None:
    if problem := node_problem():
        raise RuntimeError(problem)
    with LOCK.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # only one of two concurrent test runs installs
        wanted = hashlib.file_digest(lock, "sha256").hexdigest()
        if not STAMP.exists() or STAMP.read_text() != wanted:
            _npm_ci()
            STAMP.write_text(wanted)


def _npm_ci() -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run(command, cwd=HOME, stdin=DEVNULL, capture_output=True, timeout=INSTALL_SECONDS, check=True)
    except CalledProcessError as error:
        raise RuntimeError(f"'npm ci' failed in {HOME}:\n{error.stderr.decode()}") from error
