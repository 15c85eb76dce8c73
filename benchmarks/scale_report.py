"""Write the results for several sizes as Markdown."""

from collections.abc import Sequence

from benchmarks.report import table
from benchmarks.scale import MEDIUM, SMALL, Findings, Latency

_MEGABYTE = 2**20
_USERS = (
    f"Small users have {SMALL} tasks, medium ones {MEDIUM}, and the large one a tenth of all. "
    "Milliseconds of one request at a time, p50 / p99; the status where it failed:"
)


def scale_markdown(findings: Sequence[Findings]) -> str:
    """Return a table of latencies and one of sizes, with a column for each layout."""
    layouts = [str(found.layout) for found in findings]
    latencies = [
        [request, kind, *(_latency(found.latencies[request, kind]) for found in findings)]
        for request, kind in findings[0].latencies
    ]
    sizes = [[name, *(f"{found.sizes[name] / _MEGABYTE:.0f}" for found in findings)] for name in findings[0].sizes]
    return "\n\n".join(
        [
            _USERS,
            table([["request", "user", *layouts], *latencies]),
            "Megabytes on disk:",
            table([["relation", *layouts], *sizes]),
        ]
    )


def _latency(latency: Latency) -> str:
    return str(latency.failed) if latency.failed else f"{1e3 * latency.p50:.1f} / {1e3 * latency.p99:.1f}"
