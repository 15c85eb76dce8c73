"""Whether the Node.js of this machine can run the example and the front ends of the tests."""

import json
import re
import shutil
from functools import cache
from pathlib import Path
from subprocess import run

EXAMPLE = Path(__file__).parents[2] / "examples/nextjs"
"""The folder of the example, whose package.json names the version of Node.js that Better Auth needs."""


@cache
def node_problem() -> str | None:
    """Return one sentence about a Node.js that is missing or too old, or None."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return "Node.js with npm is not installed; the front ends of this project need it."
    found = run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - a constant
    required = json.loads((EXAMPLE / "package.json").read_text())["engines"]["node"]
    if _numbers(found) < _numbers(required):
        return f"Node.js {found} is too old for Better Auth, which needs {required}."
    return None


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]
