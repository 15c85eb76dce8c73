"""Divide the processor cores: the first for the server that is measured, the others for everything else."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager


def pinned_to_first(count: int = 1) -> list[str]:
    """Return the command that keeps a server on the first cores, or nothing where cores cannot be divided."""
    taskset = shutil.which("taskset")
    first = ",".join(map(str, sorted(_ALL)[:count]))
    return [taskset, "--cpu-list", first] if taskset and _can_divide() else []


@contextmanager
def kept_off_first() -> Iterator[None]:
    """Keep this process, and what it starts meanwhile without `pinned_to_first`, on the other cores."""
    if not pinned_to_first():
        yield
        return
    os.sched_setaffinity(0, _ALL - {min(_ALL)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, _ALL)


def _can_divide() -> bool:
    return len(_ALL) > 1


_ALL = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
