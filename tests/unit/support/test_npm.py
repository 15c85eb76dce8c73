"""npm packages are installed once for each version of their files, and a failure says why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.development.node import node_problem
from src.development.npm import NpmError, npm_ci

NPM = """#!/bin/sh
mkdir -p node_modules
echo "$1" >> runs
test ! -e broken || { echo "the reason"; exit 1; }
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the folder of a package, where the program `npm` counts its runs."""
    for name, script in {"npm": NPM, "node": "#!/bin/sh\necho v20.19.0\n"}.items():
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    node_problem.cache_clear()
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "source").write_text("1")
    yield tmp_path
    node_problem.cache_clear()


def runs_after_install(package: Path) -> int:
    npm_ci.cache_clear()  # as in another process
    npm_ci(package, package / "source")
    return len((package / "runs").read_text().splitlines())


@pytest.mark.req("RUN-FR-105")
def test_packages_are_installed_again_only_after_a_change(package: Path) -> None:
    assert runs_after_install(package) == 1
    assert runs_after_install(package) == 1
    (package / "package-lock.json").write_text("{ }")
    assert runs_after_install(package) == 2
    (package / "source").write_text("2")
    assert runs_after_install(package) == 3


def test_a_failure_says_why_and_is_retried(package: Path) -> None:
    (package / "broken").touch()
    with pytest.raises(NpmError, match="the reason"):
        runs_after_install(package)
    (package / "broken").unlink()
    assert runs_after_install(package) == 2
