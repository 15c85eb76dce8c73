"""Which tests run, in which order and in which processes: the hooks of pytest and xdist."""

import os
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # it has none

_SLOW_FIRST = ("faults", "e2e", "contract", "integration", "unit")
"""The folders, so that no worker begins with what takes long when the others have nothing left to do."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=1, help="number of random seeds for generated tests")
    parser.addoption("--req", action="append", default=[], help="only the tests of this requirement; may be repeated")
    parser.addoption(
        "--all", action="store_true", help="also the slow tests, which run if their file or folder is named"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.args_source is pytest.Config.ArgsSource.ARGS or config.getoption("req"):
        config.option.all = True  # the workers get the options of this process


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Start three workers for two cores, as tests wait for half of their time, but no more than files are named.

    The tests of a file stay together, so that one file needs no worker at all. Neither do those of a requirement,
    because every worker would collect all tests to find these few.
    """
    if config.getoption("req"):
        return 0
    workers = (os.process_cpu_count() or 1) * 3 // 2
    named = [Path(argument.partition("::")[0]) for argument in config.args]
    if not all(path.is_file() for path in named):
        return workers
    count = len(set(named))
    return 0 if count == 1 else min(count, workers)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # as above
    """Keep the tests of a file in one worker, as they share what they have started, and all files that are serial."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "serial" if _is_serial(self.config.rootpath / file) else file


@cache
def _is_serial(file: Path) -> bool:
    """Whether the file says so; the process that distributes tests does not import them."""
    return "pytest.mark.serial" in file.read_text()


# Groups of xdist have no effect: pytest 9.2 does not see that xdist 3.8 adds them to the ids of tests.
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile | None:
    return _ByFile(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted, is_all = set(config.getoption("req")), config.getoption("all")
    chosen: list[pytest.Item] = []
    others: list[pytest.Item] = []
    for item in items:
        is_named = not wanted or not wanted.isdisjoint(_requirements(item))
        (chosen if is_named and (is_all or not item.get_closest_marker("slow")) else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = sorted(chosen, key=_rank)


def _requirements(item: pytest.Item) -> set[str]:
    return {name for marker in item.iter_markers("req") for name in marker.args}


def _rank(item: pytest.Item) -> tuple[bool, int]:
    folder = item.path.relative_to(Path(__file__).parents[1]).parts[0]
    return not _is_serial(item.path), _SLOW_FIRST.index(folder)
