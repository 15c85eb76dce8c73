"""Measure time on a machine that runs other programs, too."""

import os
import time
from contextlib import suppress
from pathlib import Path

_HOPS = 2
"""A request runs in this process and in another one, which waits for the CPU as often."""


class Stopwatch:
    """Measure seconds since its creation, without those in which the CPU was busy with other programs.

    What the process itself has computed always counts. The kernel measures both for each process:
    https://docs.kernel.org/scheduler/sched-stats.html. Where it does not, all seconds count.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._pid = pid or os.getpid()
        self._began = time.monotonic()
        self._ran, self._preempted = self._scheduled()

    @property
    def seconds(self) -> float:
        ran, preempted = self._scheduled()
        elapsed = time.monotonic() - self._began
        return max(ran - self._ran, elapsed - _HOPS * (preempted - self._preempted))

    def _scheduled(self) -> tuple[float, float]:
        """Return how long the process has run so far, and how long it has waited for a CPU to run on."""
        with suppress(OSError):
            ran, preempted, _ = Path(f"/proc/{self._pid}/schedstat").read_text().split()
            return int(ran) / 1e9, int(preempted) / 1e9
        return 0, 0
