"""Measure the CPU time of processes and their children."""

from collections.abc import Iterator

import psutil


def cpu_seconds(pid: int) -> float:
    """Return the user and system time of a process tree, with that of children which have ended."""
    return sum(_times(pid))


def _times(pid: int) -> Iterator[float]:
    process = psutil.Process(pid)
    for each in (process, *process.children(recursive=True)):
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue  # its parent has its time now
        yield times.user + times.system + times.children_user + times.children_system
