"""Run a script of this folder with the packages of package-lock.json, and always stop it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from select import select
from subprocess import PIPE, Popen, TimeoutExpired

from src.development.npm import npm_ci

HOME = Path(__file__).parent
START_SECONDS = 30
STOP_SECONDS = 5


@contextmanager
def node(script: str, options: Mapping[str, object]) -> Iterator[str]:
    """Run the script with these options inside the `with` block, and yield its URL.

    Raises:
        RuntimeError: `npm ci` failed, or the script did not start.
    """
    npm_ci(HOME)
    command = ["node", script, json.dumps(options)]
    # The script ends when this pipe to it does, however this process ends.
    with Popen(command, cwd=HOME, stdin=PIPE, stdout=PIPE, text=True) as process:
        try:
            yield _announced_url(process)
        finally:
            _stop(process)


def packages() -> Path:
    """Install the packages, and return the folder `node_modules`."""
    npm_ci(HOME)
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
