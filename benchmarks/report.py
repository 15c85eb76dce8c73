"""Write the results as Markdown."""

import os
from collections.abc import Callable, Iterable, Sequence
from statistics import median

from benchmarks import cores
from benchmarks.compare import Figures, Results
from benchmarks.load import generator
from benchmarks.peers import DESCRIPTIONS, FASTIFY, PeerName
from benchmarks.versions import versions
from benchmarks.workload import CLIENTS, ROUTES

_TAIL = " (p99 of the first seconds after a start)"
_MEASURED = [route.name for route in ROUTES]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose first row is its heading."""
    return "\n".join(map(row, [rows[0], ["---"] * len(rows[0]), *rows[1:]]))


def row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def markdown(results: Results) -> str:
    """Return the tables, and a paragraph about the conditions and versions of the measurement."""
    others = [peer for peer in results.peers if peer is not PeerName.API]
    parts = [
        _conditions(results),
        "Requests per second · µs of server CPU a request · µs of PostgreSQL CPU a request:",
        _figures(results, results.peers, _throughput),
        f"Milliseconds: p50 / p99{_TAIL if results.starts else ''}:",
        _figures(results, results.peers, _latency),
    ]
    if others:
        parts += [
            "Requests per second of this project for each one of the peer:",
            _ratios(results, others),
            f"p99 of this project for each millisecond of the peer{_TAIL if results.starts else ''}:",
            _tail_ratios(results, others),
        ]
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


def _tail_ratios(results: Results, peers: Iterable[PeerName]) -> str:
    rows = [[DESCRIPTIONS[peer], *(_tail_ratio(results, peer, route) for route in _MEASURED)] for peer in peers]
    return table([["peer", *_MEASURED], *rows])


def _tail_ratio(results: Results, peer: PeerName, route: str) -> str:
    ours, theirs = (results.figures[name, route] for name in (PeerName.API, peer))
    at_start = ours.p99_at_start and theirs.p99_at_start and f" ({ours.p99_at_start / theirs.p99_at_start:.2f})"
    return f"{ours.p99 / theirs.p99:.2f}{at_start or ''}"


def _throughput(figures: Figures) -> str:
    return f"{figures.rate:.0f} · {1e6 * figures.server:.0f} · {1e6 * figures.postgres:.0f}"


def _latency(figures: Figures) -> str:
    at_start = f" ({1e3 * figures.p99_at_start:.1f})" if figures.p99_at_start else ""
    return f"{1e3 * figures.p50:.1f} / {1e3 * figures.p99:.1f}{at_start}"


def _conditions(results: Results) -> str:
    pinned = "the server on one core, the rest on the others" if cores.pinned_to_first() else "nothing pinned to cores"
    spread = median(figures.spread for figures in results.figures.values())
    return (
        f"{results.connections} connections, {results.rounds} interleaved rounds of {results.seconds:g} s, medians; "
        f"{CLIENTS} users with {results.tasks} tasks each, half of them read and half written in turn; "
        f"load by {generator(results.seconds)}; {pinned} of {os.cpu_count()}; every commit synced to disk. "
        f"Between rounds the rate of one route of one peer differs by {spread:.0%} (median of all). "
        f"{versions(results.postgres, node=bool(FASTIFY & set(results.peers)))}."
    )
