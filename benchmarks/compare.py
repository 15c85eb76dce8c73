"""Measure all peers in interleaved rounds, on one database."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from statistics import geometric_mean, median
from typing import NamedTuple

from benchmarks import cores, npm
from benchmarks.cpu import cpu_seconds
from benchmarks.database import Database, database
from benchmarks.equivalence import check_equivalence
from benchmarks.load import Sample, measure
from benchmarks.peers import FASTIFY, Peer, PeerName, serving
from benchmarks.workload import COMPARED, ROUTES, Clients, Route, create_clients
from src.development.npm import npm_ci


class Load(NamedTuple):
    """The load of each measurement."""

    clients: Clients
    connections: int
    seconds: float


class Cost(NamedTuple):
    """The result of one measurement: its sample, and the CPU seconds of a request in the server and in PostgreSQL."""

    sample: Sample
    server: float
    postgres: float


class Figures(NamedTuple):
    """The medians of all rounds for one route of one peer."""

    rate: float
    server: float
    postgres: float
    p50: float
    p99: float
    spread: float
    """The range of the rates of all rounds, as a share of their median."""
    p99_at_start: float | None
    """The p99 of the first seconds of a process, or None if no process was started for this."""


class Results(NamedTuple):
    """All figures, and the conditions of their measurement."""

    figures: "dict[Key, Figures]"
    peers: Sequence[PeerName]
    rounds: int
    seconds: float
    connections: int
    tasks: int
    starts: int
    postgres: str
    """The version of PostgreSQL."""

    def ratio(self, peer: PeerName, route: str) -> float:
        """Return the requests per second of the API for each one of a peer."""
        return self.figures[PeerName.API, route].rate / self.figures[peer, route].rate

    def mean_ratio(self, peer: PeerName) -> float:
        """Return the geometric mean of the ratios of all routes but /health."""
        return geometric_mean(self.ratio(peer, route.name) for route in COMPARED)


type Key = tuple[PeerName, str]
type Costs = dict[Key, Cost]


def compare(  # noqa: PLR0913, PLR0917 - these are the options of the command line
    names: Sequence[PeerName], rounds: int, seconds: float, connections: int, tasks: int, starts: int
) -> Results:
    """Measure each route of each peer in each round, then in the first seconds of processes that start for this.

    Raises:
        RuntimeError: A peer does not start, is not equivalent, or does not respond with success.
    """
    names = list(dict.fromkeys((PeerName.API, *names)))
    if FASTIFY & set(names):
        npm_ci(npm.HOME)
    with cores.kept_off_first(), database() as db:
        clients = create_clients(db, tasks)
        load = Load(clients, connections, seconds)
        with _served(names, db) as peers:
            check_equivalence(peers[0], peers, clients)
            _, *turns = [_round(peers, db, load, number) for number in range(rounds + 1)]  # the first one warms up
        tails = [tails_at_start(names, ROUTES, db, load) for _ in range(starts)]
        postgres = db.version
    figures = {key: _figures([turn[key] for turn in turns], [each[key] for each in tails]) for key in turns[0]}
    return Results(figures, names, rounds, seconds, connections, tasks, starts, postgres)


@contextmanager
def _served(names: Sequence[PeerName], db: Database) -> Iterator[list[Peer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serving(name, db.url, db.folder)) for name in names]


def _round(peers: Sequence[Peer], db: Database, load: Load, number: int) -> Costs:
    """Measure each route on one peer after the other, beginning with another peer in each round."""
    first = number % len(peers)
    turns = product(ROUTES, [*peers[first:], *peers[:first]])
    return {(peer.name, route.name): _cost(peer, route, db, load) for route, peer in turns}


def _cost(peer: Peer, route: Route, db: Database, load: Load) -> Cost:
    pids = (peer.pid, db.pid)
    before = [cpu_seconds(pid) for pid in pids]
    sample = measure(peer.address, route.requests(load.clients), load.connections, load.seconds)
    spent = [cpu_seconds(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    return Cost(sample, *(seconds / sample.responses for seconds in spent))


def tails_at_start(names: Sequence[PeerName], routes: Sequence[Route], db: Database, load: Load) -> dict[Key, float]:
    """Start each peer anew for each route, and return the p99 of its first seconds."""
    tails = {}
    for route, name in product(routes, names):
        with serving(name, db.url, db.folder) as peer:
            sample = measure(peer.address, route.requests(load.clients), load.connections, load.seconds)
        tails[name, route.name] = sample.p99
    return tails


def _figures(rounds: Sequence[Cost], tails: Sequence[float]) -> Figures:
    rates = [cost.sample.rate for cost in rounds]
    return Figures(
        rate=median(rates),
        server=median(cost.server for cost in rounds),
        postgres=median(cost.postgres for cost in rounds),
        p50=median(cost.sample.p50 for cost in rounds),
        p99=median(cost.sample.p99 for cost in rounds),
        spread=(max(rates) - min(rates)) / median(rates),
        p99_at_start=median(tails) if tails else None,
    )
