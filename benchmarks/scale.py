"""Measure how the latency of requests of small and large users grows with the tables, plain and partitioned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from shutil import disk_usage, which
from statistics import median
from tempfile import gettempdir
from time import perf_counter
from typing import NamedTuple

from benchmarks import cores
from benchmarks.database import Database, database, sql
from benchmarks.fill import fill
from benchmarks.load import Connection, Sample, measure
from benchmarks.peers import Peer
from benchmarks.variants import Variant, served
from benchmarks.workload import NEW_TASK, Client, token
from src.schemas.cursor import Position, encode_cursor

SMALL, MEDIUM = 20, 500
"""The number of tasks of small and medium users; the one large user has a tenth of all."""
KINDS = ("small", "medium", "large")
_USERS_ASKED = 100
_PAGE = 20
_SECONDS = 10.0
"""The maximum duration of the measurement of one kind of request."""
_SUCCESS = range(200, 300)
_BYTES = 1200
"""The space on disk that a task takes at most, with its indexes, and with the log that PostgreSQL writes ahead."""
PARTITION = Path(__file__).with_name("partition.sql")
_SIZES = """
    SELECT relation::regclass::text AS name,
        coalesce((SELECT sum(pg_table_size(relid)) FROM pg_partition_tree(relation)), pg_table_size(relation)) AS bytes
    FROM (
        SELECT 'tasks'::regclass::oid AS relation
        UNION ALL SELECT indexrelid FROM pg_index WHERE indrelid = 'tasks'::regclass
    ) relations
    ORDER BY 2 DESC
"""
_OWNERS = """
    SELECT id, revision, ARRAY(SELECT id FROM tasks WHERE user_id = users.id ORDER BY id DESC LIMIT 1) AS tasks
    FROM users WHERE id ~ '-[0-9]{1,2}$'
"""
_DEEP_TASK = """
    SELECT created_at, id FROM tasks WHERE user_id = 'large-0'
    ORDER BY created_at DESC, id DESC OFFSET 20 * (least(10000, (
        SELECT count(*) FROM tasks WHERE user_id = 'large-0') / 20) - 1) - 1 LIMIT 1
"""
"""The last task before page 10 000 of the large user, or before the last full page."""


class Layout(NamedTuple):
    """The tables at one size: the number of rows, and whether they are partitioned."""

    rows: int
    partitioned: bool

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {'partitioned' if self.partitioned else 'plain'}"


class Owner(NamedTuple):
    """A user whose requests are measured."""

    client: Client
    revision: int
    deep_cursor: str

    @property
    def kind(self) -> str:
        """Return small, medium or large."""
        return self.client.id.partition("-")[0]


class Latency(NamedTuple):
    """The seconds of a kind of request, or the status where it failed."""

    p50: float
    p99: float
    failed: int | None = None


class Findings(NamedTuple):
    """The results for one layout.

    These are latencies by kind of request and of user, samples under load by kind of request and variant, bytes by
    table and index, and the version of PostgreSQL.
    """

    layout: Layout
    latencies: Mapping[tuple[str, str], Latency]
    loads: Mapping[tuple[str, Variant], Sample]
    sizes: Mapping[str, int]
    postgres: str


_REQUESTS: Mapping[str, Callable[[Owner], bytes]] = {
    "list": lambda owner: owner.client.request("GET", f"?limit={_PAGE}"),
    "deep page": lambda owner: owner.client.request("GET", f"?limit={_PAGE}&cursor={owner.deep_cursor}"),
    "get": lambda owner: owner.client.request("GET", f"/{owner.client.tasks[0]}"),
    "search": lambda owner: owner.client.request("GET", f"?limit={_PAGE}&search=number%2017"),
    "stats": lambda owner: owner.client.request("GET", "/stats"),
    "sync": lambda owner: owner.client.request("GET", f"/changes?since={owner.revision - _PAGE}"),
    "create": lambda owner: owner.client.request("POST", body=NEW_TASK),
}


ORDINARY = ("list", "get", "create")
"""The requests that are measured under load, of medium users."""


class Amount(NamedTuple):
    """How much is measured: requests of a kind one at a time, and the connections and seconds of each load."""

    repeat: int
    connections: int
    seconds: float


def measure_scale(sizes: Sequence[int], variants: Sequence[Variant], amount: Amount) -> Iterator[Findings]:
    """Fill and measure a database of its own for each size and layout.

    Raises:
        RuntimeError: There is no PgBouncer or not enough space on disk, or a server does not respond with success.
    """
    if any(variant.pooled for variant in variants) and not which("pgbouncer"):
        raise RuntimeError("PgBouncer is not installed.")
    for layout in (Layout(rows, partitioned) for rows in sizes for partitioned in (False, True)):
        _require_space(layout.rows)
        with cores.kept_off_first(), database() as db:
            if layout.partitioned:
                sql(db.url, PARTITION.read_text())
            small = {f"small-{number}": SMALL for number in range(_USERS_ASKED)}
            medium = {f"medium-{number}": MEDIUM for number in range(layout.rows // MEDIUM)}
            fill(db.url, small | medium | {"large-0": layout.rows // 10})
            yield _findings(db, layout, variants, amount)


def _require_space(rows: int) -> None:
    folder = gettempdir()
    needed, free = rows * _BYTES, disk_usage(folder).free
    if free < needed:
        gigabytes = f"{needed / 1e9:.1f} GB in {folder}, where {free / 1e9:.1f} are free"
        raise RuntimeError(f"{rows:,} rows need up to {gigabytes}; set TMPDIR to a folder with more.")


def _findings(db: Database, layout: Layout, variants: Sequence[Variant], amount: Amount) -> Findings:
    owners = _owners(db)
    sizes = {row["name"]: int(row["bytes"]) for row in sql(db.url, _SIZES)}
    with served(db, Variant()) as api:
        latencies = {
            (request, kind): _latency(api, list(map(build, owners[kind])), amount.repeat)
            for request, build in _REQUESTS.items()
            for kind in (KINDS if request != "deep page" else KINDS[-1:])
        }
    loads: dict[tuple[str, Variant], Sample] = {}
    for variant in variants:
        with served(db, variant) as api:
            loads |= {(request, variant): _load(api, request, owners["medium"], amount) for request in ORDINARY}
    return Findings(layout, latencies, loads, sizes, db.version)


def _load(api: Peer, request: str, owners: Sequence[Owner], amount: Amount) -> Sample:
    """Send requests on several connections twice; the first time only warms up."""
    requests = list(map(_REQUESTS[request], owners))
    samples = [measure(api.address, requests, amount.connections, amount.seconds) for _ in range(2)]
    return samples[-1]


def _owners(db: Database) -> dict[str, list[Owner]]:
    cursor = encode_cursor(("created_at", True), Position(*sql(db.url, _DEEP_TASK)[0]))
    owners = [
        Owner(Client(row["id"], token(row["id"]), row["tasks"]), row["revision"], cursor)
        for row in sql(db.url, _OWNERS)
    ]
    return {kind: [owner for owner in owners if owner.kind == kind] for kind in KINDS}


def _latency(api: Peer, requests: Sequence[bytes], repeat: int) -> Latency:
    """Send requests one after the other on one connection; those of the first half only warm up."""
    seconds = []
    deadline = perf_counter() + _SECONDS
    with Connection(api.address) as connection:
        for request in islice(cycle(requests), 2 * repeat):
            response = connection.exchange(request)
            if response.status not in _SUCCESS:
                return Latency(0, 0, response.status)
            seconds.append(perf_counter() - connection.sent_at)
            if perf_counter() > deadline:
                break
    measured = sorted(seconds[len(seconds) // 2 :])
    return Latency(median(measured), measured[len(measured) * 99 // 100])
