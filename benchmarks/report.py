"""Measurements as a table of plain text."""

from collections.abc import Sequence
from itertools import chain
from statistics import median, quantiles
from typing import NamedTuple

from benchmarks.load import Sample

_HEADINGS = ("route", "connections", "ours req/s", "usual req/s", "ratio", "ours p50 ms", "ours p99 ms")


class Pair(NamedTuple):
    """What one round found for the two servers."""

    ours: Sample
    usual: Sample


def heading() -> str:
    """The names of the columns, as wide as the columns."""
    return "  ".join(_HEADINGS)


def line(route: str, connections: int, rounds: Sequence[Pair]) -> str:
    """The medians of all rounds; the latencies are those of all answers."""
    ours = median(pair.ours.rate for pair in rounds)
    usual = median(pair.usual.rate for pair in rounds)
    latencies = quantiles(chain.from_iterable(pair.ours.latencies for pair in rounds), n=100)
    values = (
        route,
        connections,
        f"{ours:.0f}",
        f"{usual:.0f}",
        f"{ours / usual:.1f}",
        f"{1000 * latencies[49]:.2f}",
        f"{1000 * latencies[98]:.2f}",
    )
    return "  ".join(f"{value:>{len(name)}}" for name, value in zip(_HEADINGS, values, strict=True))
