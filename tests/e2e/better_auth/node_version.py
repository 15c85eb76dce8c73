"""Whether the Node.js of this machine can run the front end of the tests."""

import json
import re
import shutil
from functools import cache
from pathlib import Path
from subprocess import run

PACKAGE = Path(__file__).parent / "package.json"


@cache
def node_problem() -> str | None:
    """Return one sentence about a Node.js that is missing or too old, or None."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return "Node.js with npm is not installed; the front end of these tests is written for it."
    found = run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    required = json.loads(PACKAGE.read_text())["engines"]["node"]
    if _numbers(found) < _numbers(required):
        return f"Node.js {found} is too old for Better Auth, which needs {required}."
    return None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
