"""Write the results for several sizes as Markdown."""

from collections.abc import Iterator, Sequence
from statistics import geometric_mean

from benchmarks.load import Sample
from benchmarks.report import table
from benchmarks.scale import KINDS, MEDIUM, ORDINARY, SMALL, Findings, Latency
from benchmarks.versions import versions

_MEGABYTE = 2**20
_USERS = (
    f"Small users have {SMALL} tasks, medium ones {MEDIUM}, and the large one a tenth of all. "
    "Milliseconds of one request at a time, p50 / p99; the status where it failed:"
)


def scale_markdown(findings: Sequence[Findings]) -> str:
    """Return tables of latencies, loads and sizes, with a column for each layout, and one of ratios."""
    return "\n\n".join(
        [
            f"{versions(findings[0].postgres)}.",
            _USERS,
            _latencies(findings),
            "Requests of medium users per second · p99 in milliseconds, on several connections:",
            _loads(findings),
            "Megabytes on disk:",
            _sizes(findings),
            "Ratios of p50:",
            table([["what", "ratio"], *([what, f"{ratio:.2f}"] for what, ratio in _ratios(findings))]),
        ]
    )


def _layouts(findings: Sequence[Findings]) -> list[str]:
    return [str(found.layout) for found in findings]


def _latencies(findings: Sequence[Findings]) -> str:
    rows = (
        [request, kind, *(_latency(found.latencies[request, kind]) for found in findings)]
        for request, kind in findings[0].latencies
    )
    return table([["request", "user", *_layouts(findings)], *rows])


def _loads(findings: Sequence[Findings]) -> str:
    rows = (
        [request, str(variant), *(_load(found.loads[request, variant]) for found in findings)]
        for request, variant in findings[0].loads
    )
    return table([["request", "served by", *_layouts(findings)], *rows])


def _sizes(findings: Sequence[Findings]) -> str:
    rows = ([name, *(f"{found.sizes[name] / _MEGABYTE:.0f}" for found in findings)] for name in findings[0].sizes)
    return table([["relation", *_layouts(findings)], *rows])


def _ratios(findings: Sequence[Findings]) -> Iterator[tuple[str, float]]:
    """Yield the largest tables to the smallest, a deep page to the first one, and partitioned tables to plain ones."""
    plain, partitioned = findings[::2], findings[1::2]
    for alike in filter(None, (plain, partitioned)):
        first, last = (choose(alike, key=lambda found: found.layout.rows) for choose in (min, max))
        for request in ORDINARY if first is not last else ():
            ratio = _p50(last, request, "small") / _p50(first, request, "small")
            yield f"{request} of a small user, {last.layout} / {first.layout.rows:,} rows", ratio
    for found in findings:
        ratio = _p50(found, "deep page", "large") / _p50(found, "list", "large")
        yield f"page 10,000, or the last one / page 1, {found.layout}", ratio
    for whole, parts in zip(plain, partitioned, strict=False):
        for request in dict.fromkeys(request for request, _ in whole.latencies):
            kinds = [kind for kind in KINDS if (request, kind) in whole.latencies]
            ratio = geometric_mean(_p50(parts, request, kind) / _p50(whole, request, kind) for kind in kinds)
            yield f"{request}, {whole.layout.rows:,} rows, partitioned / plain (mean of the users)", ratio


def _p50(found: Findings, request: str, kind: str) -> float:
    return found.latencies[request, kind].p50 or float("nan")


def _latency(latency: Latency) -> str:
    return str(latency.failed) if latency.failed else f"{1e3 * latency.p50:.1f} / {1e3 * latency.p99:.1f}"


def _load(sample: Sample) -> str:
    return f"{sample.rate:.0f} · {1e3 * sample.p99:.1f}"
