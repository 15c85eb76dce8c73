"""Requests per second of this API and of the same routes in the usual style: `python -m benchmarks`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, NamedTuple

import typer

from benchmarks.load import Address, exchange, measure
from benchmarks.report import Pair, heading, line
from benchmarks.servers import OURS, USUAL, serving
from benchmarks.workload import ROUTES, Seat, take_seats
from src.db.migrations import upgrade
from src.db.url import DatabaseUrl
from src.development.embedded_postgres import EmbeddedPostgres

_TRIALS = tuple(product(ROUTES, (1, 16)))
_WARM_UP_SECONDS = 0.3


class Servers(NamedTuple):
    """Where this API and its counterpart listen."""

    ours: Address
    usual: Address


def main(
    seconds: Annotated[float, typer.Option(min=0.1, help="How long one measurement takes.")] = 0.8,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured; the median counts.")] = 5,
) -> None:
    """Measure this API and the usual style in turns, on one PostgreSQL that syncs every commit to disk."""
    with _servers() as servers:
        seats = take_seats(servers.ours)
        _check_answers(servers, seats[0])
        _measured(servers, seats, _WARM_UP_SECONDS)
        results = [_measured(servers, seats, seconds) for _ in range(rounds)]
    typer.echo(heading())
    for (route, connections), *pairs in zip(_TRIALS, *results, strict=True):
        typer.echo(line(route.name, connections, pairs))


@contextmanager
def _servers() -> Iterator[Servers]:
    with TemporaryDirectory() as name, EmbeddedPostgres(Path(name) / "postgres") as database:
        upgrade(DatabaseUrl.parse(database.url))
        with (
            serving(OURS, database.url, Path(name)) as ours,
            serving(USUAL, database.url, Path(name)) as usual,
        ):
            yield Servers(ours, usual)


def _check_answers(servers: Servers, seat: Seat) -> None:
    """Who answers less has less to do: stop where the two answer a reader differently."""
    for route in ROUTES[:2]:
        ours, usual = (json.loads(exchange(server, route.request(seat))) for server in servers)
        if ours != usual:
            raise SystemExit(f"The answers to {route.name} differ:\n{ours}\n{usual}")


def _measured(servers: Servers, seats: Sequence[Seat], seconds: float) -> list[Pair]:
    """One round: each trial on one server, then on the other, so that both meet the same noise."""
    return [
        Pair(*(measure(server, [route.request(seat) for seat in seats[:connections]], seconds) for server in servers))
        for route, connections in _TRIALS
    ]


if __name__ == "__main__":
    typer.run(main)
