"""Install and build npm packages, once for each version of their files."""

import fcntl
import hashlib
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, CalledProcessError, run

from src.development.node import node_problem

_SECONDS = 600


class NpmError(RuntimeError):
    """There is no Node.js, or npm has failed; the message says why."""


@cache
def npm_ci(folder: Path, *sources: Path) -> None:
    """Install the packages of package-lock.json, unless that has been done since it or `sources` have changed.

    Raises:
        NpmError: There is no Node.js, or `npm ci` failed.
    """
    lock = folder / "package-lock.json"
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run_if_changed(folder, folder / "node_modules/.installed", (lock, *sources), command)


@cache
def npm_build(folder: Path, *sources: Path) -> None:
    """Build a package into its folder `dist`, unless that has been done since `sources` have changed.

    Raises:
        NpmError: There is no Node.js, or `npm run build` failed.
    """
    _run_if_changed(folder, folder / "dist/.built", sources, ["run", "build"])


def _run_if_changed(folder: Path, stamp: Path, sources: tuple[Path, ...], command: list[str]) -> None:
    if problem := node_problem():
        raise NpmError(problem)
    with (folder / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # only one of two concurrent programs does it
        digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
        if not stamp.exists() or stamp.read_text() != digest:
            _npm(folder, command)
            stamp.write_text(digest)


def _npm(folder: Path, command: list[str]) -> None:
    try:
        run(["npm", *command], cwd=folder, stdin=DEVNULL, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603, S607 - the npm that node_problem has found
    except CalledProcessError as error:
        raise NpmError(f"'npm {command[0]}' failed in {folder}:\n{(error.stdout + error.stderr).decode()}") from error
