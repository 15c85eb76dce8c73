"""Load one process for minutes, and observe its latency, its memory and the pauses of its garbage collector."""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import psutil

from benchmarks import cores
from benchmarks.database import database
from benchmarks.load import Sample, measure
from benchmarks.peers import Peer, PeerName, Start, serving
from benchmarks.report import row
from benchmarks.versions import versions
from benchmarks.workload import create_clients, mixed

_TASKS = 500
_MINUTE = 60.0
_MEGABYTE = 2**20
_LONG, _TOO_LONG = 0.005, 0.02
_HEADING = (
    "minute",
    "requests",
    "p50 ms",
    "p99 ms",
    "longest ms",
    "resident MB",
    "pauses over 5 ms",
    "pauses over 20 ms",
)


class Minute(NamedTuple):
    """What was observed in one minute: its sample, the resident bytes at its end, and the seconds of each pause."""

    sample: Sample
    memory: int
    pauses: Sequence[float]

    def longer_than(self, seconds: float) -> int:
        """Return the number of pauses that took longer."""
        return sum(pause > seconds for pause in self.pauses)


def soak(seconds: float, connections: int) -> Iterator[str]:
    """Serve as production does, send lists, reads, creations and toggles in turn, and yield a line for each minute.

    Raises:
        RuntimeError: The server does not start, or does not respond with success.
    """
    with cores.kept_off_first(), database() as db:
        requests = mixed(create_clients(db, _TASKS))
        log = db.folder / "pauses"
        start = Start(("benchmarks.gc_watch", str(log), "serve"))
        yield f"{connections} connections to one process; {versions(db.version)}.\n"
        yield from (row(_HEADING), row(["---"] * len(_HEADING)))
        minutes = []
        with serving(PeerName.API, db.url, db.folder, start) as api:
            for duration in _minutes(seconds):
                minutes.append(_minute(api, requests, connections, duration, log))
                yield row(_cells(len(minutes), minutes[-1]))
        yield f"\n{_conclusion(minutes)}"


def _minutes(seconds: float) -> Iterator[float]:
    whole, rest = divmod(seconds, _MINUTE)
    return chain(repeat(_MINUTE, int(whole)), [rest] if rest else [])


def _minute(api: Peer, requests: Sequence[bytes], connections: int, seconds: float, log: Path) -> Minute:
    begin = monotonic()
    sample = measure(api.address, requests, connections, seconds)
    memory = psutil.Process(api.pid).memory_info().rss
    return Minute(sample, memory, [pause for ended, pause in _pauses(log) if ended >= begin])


def _pauses(log: Path) -> Iterator[tuple[float, float]]:
    for line in log.read_text().splitlines():
        ended, seconds = line.split()
        yield float(ended), float(seconds)


def _cells(number: int, minute: Minute) -> list[str]:
    sample = minute.sample
    return [
        f"{number}",
        f"{sample.responses}",
        *(f"{1e3 * latency:.1f}" for latency in (sample.p50, sample.p99, sample.maximum)),
        f"{minute.memory / _MEGABYTE:.1f}",
        *(f"{minute.longer_than(bound)}" for bound in (_LONG, _TOO_LONG)),
    ]


def _conclusion(minutes: Sequence[Minute]) -> str:
    growth = minutes[-1].memory / minutes[0].memory - 1
    longest = max((pause for minute in minutes for pause in minute.pauses), default=0.0)
    too_long = sum(minute.longer_than(_TOO_LONG) for minute in minutes)
    return (
        f"From minute 1 to minute {len(minutes)}, resident memory changed by {growth:+.1%}; "
        f"the longest pause of the garbage collector took {1e3 * longest:.1f} ms, and {too_long} took over 20 ms."
    )
