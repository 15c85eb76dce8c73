"""Time as a test may bound it on a machine that others use, too."""

import os
import time
from contextlib import suppress
from pathlib import Path

_HOPS = 2
"""A request runs in this process and in another one, which waits for the CPU as often."""


class Stopwatch:
    """Measure seconds since its creation, without those in which the CPU was busy with other programs.

    The kernel counts them for each process: https://docs.kernel.org/scheduler/sched-stats.html. Where it does not, all
    seconds count.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = pid or os.getpid()
        self._began = time.monotonic()
        self._preempted = self._runnable_seconds()

    @property
    def seconds(self) -> float:
        preempted = self._runnable_seconds() - self._preempted
        return max(0, time.monotonic() - self._began - _HOPS * preempted)

    def _runnable_seconds(self) -> float:
        """Return how long the process has waited for a CPU so far."""
        with suppress(OSError):
            return int(Path(f"/proc/{self._pid}/schedstat").read_text().split()[1]) / 1e9
        return 0
