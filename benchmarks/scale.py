"""Measure how the latency of requests of small and large users grows with the tables, plain and partitioned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks import cores
from benchmarks.database import Database, database, fill, sql
from benchmarks.load import Connection
from benchmarks.peers import Peer, PeerName, serving
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
    SELECT id FROM tasks WHERE user_id = 'large-0' ORDER BY id DESC OFFSET 20 * (least(10000, (
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
    """The results for one layout: latencies by kind of request and of user, and bytes by table and index."""

    layout: Layout
    latencies: Mapping[tuple[str, str], Latency]
    sizes: Mapping[str, int]


_REQUESTS: Mapping[str, Callable[[Owner], bytes]] = {
    "list": lambda owner: owner.client.request("GET", f"?limit={_PAGE}"),
    "deep page": lambda owner: owner.client.request("GET", f"?limit={_PAGE}&cursor={owner.deep_cursor}"),
    "get": lambda owner: owner.client.request("GET", f"/{owner.client.tasks[0]}"),
    "search": lambda owner: owner.client.request("GET", f"?limit={_PAGE}&search=number%2017"),
    "stats": lambda owner: owner.client.request("GET", "/stats"),
    "sync": lambda owner: owner.client.request("GET", f"/changes?since={owner.revision - _PAGE}"),
    "create": lambda owner: owner.client.request("POST", body=NEW_TASK),
}


def measure_scale(sizes: Sequence[int], repeat: int) -> Iterator[Findings]:
    """Fill a database of its own for each size, and measure it plain, then partitioned."""
    for rows in sizes:
        with cores.kept_off_first(), database() as db:
            small = {f"small-{number}": SMALL for number in range(_USERS_ASKED)}
            medium = {f"medium-{number}": MEDIUM for number in range(rows // MEDIUM)}
            fill(db.url, small | medium | {"large-0": rows // 10})
            yield _findings(db, Layout(rows, partitioned=False), repeat)
            sql(db.url, PARTITION.read_text(), "VACUUM ANALYZE", "CHECKPOINT")
            yield _findings(db, Layout(rows, partitioned=True), repeat)


def _findings(db: Database, layout: Layout, repeat: int) -> Findings:
    owners = _owners(db)
    sizes = {row["name"]: int(row["bytes"]) for row in sql(db.url, _SIZES)}
    with serving(PeerName.API, db.url, db.folder) as api:
        latencies = {
            (request, kind): _latency(api, list(map(build, owners[kind])), repeat)
            for request, build in _REQUESTS.items()
            for kind in (KINDS if request != "deep page" else KINDS[-1:])
        }
    return Findings(layout, latencies, sizes)


def _owners(db: Database) -> dict[str, list[Owner]]:
    cursor = encode_cursor(("created_at", True), Position(None, sql(db.url, _DEEP_TASK)[0]["id"]))
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
