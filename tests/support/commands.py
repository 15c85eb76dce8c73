"""Run the programs of this repository as an operator does: in a folder, with an environment."""

import logging
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path
from unittest.mock import patch

from typer.testing import CliRunner

from src.cli import command_line

IN_CI = os.environ.get("CI") == "true"  # noqa: TID251 - about the test run, not a setting of the product
"""Whether nothing may be skipped because something is not installed."""

ROOT = Path(__file__).parents[2]


def python(*arguments: str, **environment: str) -> list[str]:
    """Return the command that runs Python with these variables and this repository, from any folder."""
    variables = {"PYTHONPATH": str(ROOT), **environment}
    return ["env", *(f"{name}={value}" for name, value in variables.items()), sys.executable, *arguments]


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python until it exits."""
    command = python(*arguments, **environment)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def invoke(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m src` in this process, without the second that it takes to start one."""
    variables = patch.dict("os.environ", environment)  # and without those that some commands set
    with chdir(folder), variables, ThreadPoolExecutor(1) as pool:  # the event loop of this thread is pytest's
        result = pool.submit(CliRunner().invoke, command_line(), arguments).result()
    logging.disable(logging.NOTSET)  # some commands disable logging until their process exits
    assert isinstance(result.exception, SystemExit | None), result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def assert_one_sentence(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    """Assert that the command failed with a one-line message that contains no secret."""
    lines = (ended.stdout + ended.stderr).splitlines()
    assert (ended.returncode, len(lines)) == (1, 1), lines[-1:]
    assert sentence in lines[0], lines
    assert "hunter2" not in lines[0], lines
