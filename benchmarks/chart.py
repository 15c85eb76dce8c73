"""Draw the results as an SVG: a bar for each peer and route, as long as its requests per second."""

from collections.abc import Iterator, Sequence
from html import escape

from benchmarks.compare import Results
from benchmarks.peers import DESCRIPTIONS, PeerName
from benchmarks.workload import COMPARED

_COLORS = {
    PeerName.API: "#0b7285",
    PeerName.BASELINE: "#adb5bd",
    PeerName.FASTIFY: "#868e96",
    PeerName.FASTIFY_TUNED: "#495057",
    PeerName.ASGI: "#dee2e6",
}
_LABEL, _WIDTH, _BAR, _GAP, _TOP = 90, 520, 16, 14, 60
_TEXT = 'font-family="system-ui, sans-serif" font-size="12" fill="#212529"'


def chart(results: Results) -> str:
    """Return a picture of the routes that are compared; the longest bar of each route has the same length."""
    height = _TOP + len(COMPARED) * (len(results.peers) * _BAR + _GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LABEL + _WIDTH + 90} {height}" role="img">',
        "<title>Requests per second on one core</title>",
        '<rect width="100%" height="100%" fill="white"/>',
        *_legend(results.peers),
        *_bars(results),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _legend(peers: Sequence[PeerName]) -> Iterator[str]:
    for number, peer in enumerate(peers):
        x, y = 10 + number % 3 * 230, 14 + number // 3 * 20
        yield f'<rect x="{x}" y="{y}" width="12" height="12" fill="{_COLORS[peer]}"/>'
        yield f'<text x="{x + 18}" y="{y + 10}" {_TEXT}>{escape(DESCRIPTIONS[peer].replace("`", ""))}</text>'


def _bars(results: Results) -> Iterator[str]:
    y = _TOP
    for route in COMPARED:
        rates = {peer: results.figures[peer, route.name].rate for peer in results.peers}
        middle = y + len(rates) * _BAR / 2 + 4
        yield f'<text x="10" y="{middle:g}" {_TEXT}>{route.name}</text>'
        for peer, rate in rates.items():
            width = _WIDTH * rate / max(rates.values())
            yield f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_BAR - 2}" fill="{_COLORS[peer]}"/>'
            yield f'<text x="{_LABEL + width + 6:.1f}" y="{y + 11}" {_TEXT}>{rate:.0f}/s</text>'
            y += _BAR
        y += _GAP
