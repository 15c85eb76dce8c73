"""A Node.js that is too old is reported in one sentence, instead of by the stack of the script that fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.development.node import node_problem


@pytest.fixture(autouse=True)
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    node_problem.cache_clear()
    yield tmp_path
    node_problem.cache_clear()


def install(folder: Path, version: str) -> None:
    for name in ("node", "npm"):
        (folder / name).write_text(f"#!/bin/sh\necho {version}\n")
        (folder / name).chmod(0o755)


@pytest.mark.parametrize("version", ["v18.20.8", "v20.9.0", "v20.18.3"])
def test_an_old_version_is_named_with_the_required_one(path: Path, version: str) -> None:
    install(path, version)
    assert node_problem() == f"Node.js {version} is too old for Better Auth, which needs >=20.19."


@pytest.mark.parametrize("version", ["v20.19.0", "v22.0.0", "v100.1.2"])
def test_a_later_version_is_accepted(path: Path, version: str) -> None:
    install(path, version)
    assert node_problem() is None


def test_a_missing_one_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(path))
    assert str(node_problem()).startswith("Node.js with npm is not installed")
