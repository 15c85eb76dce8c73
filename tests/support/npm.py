"""Install the npm packages that tests need, from the package-lock.json of their folder."""

import fcntl
import hashlib
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, CalledProcessError, run

from tests.e2e.better_auth.node_version import node_problem

_INSTALL_SECONDS = 600


@cache
def npm_ci(folder: Path) -> None:
    """Install the packages, unless that has been done since the lock file has changed.

    Raises:
        RuntimeError: There is no Node.js, or `npm ci` failed.
    """
    if problem := node_problem():
        raise RuntimeError(problem)
    stamp = folder / "node_modules" / ".installed"
    with (folder / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # only one of two concurrent test runs installs
        wanted = hashlib.file_digest(lock, "sha256").hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(folder)
            stamp.write_text(wanted)


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        run(command, cwd=folder, stdin=DEVNULL, capture_output=True, timeout=_INSTALL_SECONDS, check=True)
    except CalledProcessError as error:
        raise RuntimeError(f"'npm ci' failed in {folder}:\n{error.stderr.decode()}") from error
