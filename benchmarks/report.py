"""Write the results as Markdown."""

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from statistics import median

from benchmarks import cores, npm
from benchmarks.compare import Figures, Results
from benchmarks.load import generator
from benchmarks.peers import DESCRIPTIONS, FASTIFY, PeerName
from benchmarks.workload import CLIENTS, ROUTES

_PACKAGES = ("fastapi", "uvicorn", "uvloop", "asyncpg", "sqlalchemy")
_MEASURED = [route.name for route in ROUTES]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first row is its heading."""
    return "\n".join(map(_row, [rows[0], ["---"] * len(rows[0]), *rows[1:]]))


def markdown(results: Results) -> str:
    """Return the tables, and a paragraph about the conditions and versions of the measurement."""
    others = [peer for peer in results.peers if peer is not PeerName.API]
    parts = [
        _conditions(results),
        "Requests per second · µs of server CPU a request · µs of PostgreSQL CPU a request:",
        _figures(results, results.peers, _throughput),
        "Milliseconds: p50 / p99 (p99 in the first measurement after the start):",
        _figures(results, results.peers, _latency),
    ]
    if others:
        parts += ["Requests per second of this project for each one of the peer:", _ratios(results, others)]
    return "\n\n".join(parts)


def _figures(results: Results, peers: Iterable[PeerName], cell: Callable[[Figures], str]) -> str:
    rows = [[DESCRIPTIONS[peer], *(cell(results.figures[peer, route]) for route in _MEASURED)] for peer in peers]
    return table([["peer", *_MEASURED], *rows])


def _ratios(results: Results, peers: Iterable[PeerName]) -> str:
    rows = [
        [
            DESCRIPTIONS[peer],
            *(f"{results.ratio(peer, route):.2f}" for route in _MEASURED),
            f"{results.mean_ratio(peer):.2f}",
        ]
        for peer in peers
    ]
    return table([["peer", *_MEASURED, "geometric mean without health"], *rows])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _throughput(figures: Figures) -> str:
    return f"{figures.rate:.0f} · {1e6 * figures.server:.0f} · {1e6 * figures.postgres:.0f}"


def _latency(figures: Figures) -> str:
    return f"{1e3 * figures.p50:.1f} / {1e3 * figures.p99:.1f} ({1e3 * figures.p99_at_start:.1f})"


def _conditions(results: Results) -> str:
    pinned = "the server on one core, the rest on the others" if cores.pinned_to_first() else "nothing pinned to cores"
    spread = median(figures.spread for figures in results.figures.values())
    return (
        f"{results.connections} connections, {results.rounds} interleaved rounds of {results.seconds:g} s, medians; "
        f"{CLIENTS} users with {results.tasks} tasks each, half of them read and half written in turn; "
        f"load by {generator(results.seconds)}; {pinned} of {os.cpu_count()}; every commit synced to disk. "
        f"Between rounds the rate of one route of one peer differs by {spread:.0%} (median of all). "
        f"{', '.join(_versions(results))}."
    )


def _versions(results: Results) -> list[str]:
    python = [f"Python {platform.python_version()}", *(f"{package} {version(package)}" for package in _PACKAGES)]
    return python + (npm.versions() if FASTIFY & set(results.peers) else [])
