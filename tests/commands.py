"""The programs of this repository, run as an operator runs them: in a folder, with an environment."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python(*arguments: str, **environment: str) -> list[str]:
    """The command that runs Python with these variables and this repository, from any folder."""
    variables = {"PYTHONPATH": str(ROOT), **environment}
    return ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, *arguments]


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    command = python(*arguments, **environment)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def assert_one_sentence(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    """It failed and said why in one line, without a word of what it was told in confidence."""
    lines = (ended.stdout + ended.stderr).splitlines()
    assert (ended.returncode, len(lines)) == (1, 1), lines[-1:]
    assert sentence in lines[0], lines
    assert "hunter2" not in lines[0], lines
