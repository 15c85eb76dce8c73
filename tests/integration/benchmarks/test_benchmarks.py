"""`python -m benchmarks`: it starts all peers, finds that they do the same work, and prints figures."""

import asyncio
import gc
import re
import shutil
import subprocess
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import asyncpg
import pytest

from benchmarks import npm
from benchmarks.compare import Figures, Load, Results, tails_at_start
from benchmarks.database import database
from benchmarks.fill import fill
from benchmarks.gc_watch import recorded
from benchmarks.peers import DESCRIPTIONS, PeerName
from benchmarks.report import markdown
from benchmarks.scale import PARTITION
from benchmarks.workload import ROUTES, create_clients
from src.db import migrations
from src.db.url import DatabaseUrl
from src.development.npm import NpmError, npm_ci
from tests.conftest import NewDatabase, StartApp, User, listed
from tests.support.commands import assert_one_sentence, python
from tests.support.schema_probe import Migrated

pytestmark = pytest.mark.slow

_SECONDS = 120  # far more than it takes, so that no test fails on a busy machine
_BRIEF = ("--seconds=0.1", "--connections=2")
_SHORT = (*_BRIEF, "--rounds=1", "--tasks=50", "--starts=0")


def benchmarks(folder: Path, *arguments: str) -> str:
    command = python("-m", "benchmarks", *arguments)
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def installed() -> str:
    """Return why Fastify cannot be measured here, or nothing."""
    try:
        npm_ci(npm.HOME)
    except NpmError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "peers",
    [
        pytest.param([PeerName.BASELINE, PeerName.ASGI], id="Python"),
        pytest.param([PeerName.FASTIFY, PeerName.FASTIFY_TUNED], id="Node"),
    ],
)
def test_the_api_is_compared_with_its_peers(tmp_path: Path, peers: list[PeerName]) -> None:
    if PeerName.FASTIFY in peers and (reason := installed()):
        pytest.skip(reason)
    options = [f"--peers={peer}" for peer in peers]
    printed = benchmarks(tmp_path, *_SHORT, f"--output={tmp_path}", *options)
    header = next(line for line in printed.splitlines() if line.startswith("| peer |"))
    assert header == f"| {' | '.join(['peer', *(route.name for route in ROUTES)])} |"
    for peer in (PeerName.API, *peers):
        throughput = next(line for line in printed.splitlines() if line.startswith(f"| {DESCRIPTIONS[peer]} |"))
        assert [int(cell.split(" · ")[0]) > 0 for cell in throughput.split(" | ")[1:]] == [True] * len(ROUTES)
    assert re.search(r"Python \S+ \(configured with(out)? --enable-optimizations\), .*, PostgreSQL \d+", printed)
    assert (tmp_path / "results.md").read_text() in printed
    drawn = ET.parse(tmp_path / "results.svg").getroot()  # noqa: S314 - our own file
    assert list(drawn.itertext()).count("create") == 1


def test_the_first_seconds_after_a_start_are_measured() -> None:
    with database() as db:
        load = Load(create_clients(db, 50), connections=2, seconds=0.1)
        tails = tails_at_start([PeerName.API], [route for route in ROUTES if route.name == "get"], db, load)
    assert list(tails) == [(PeerName.API, "get")]
    assert min(tails.values()) > 0


def test_tails_are_compared_with_those_of_a_peer_both_warm_and_after_a_start() -> None:
    ours = Figures(rate=200, server=0, postgres=0, p50=0.001, p99=0.003, spread=0, p99_at_start=0.05)
    theirs = ours._replace(rate=100, p99=0.002, p99_at_start=0.02)
    figures = {
        (peer, route.name): found for peer, found in ((PeerName.API, ours), (PeerName.ASGI, theirs)) for route in ROUTES
    }
    results = Results(figures, [PeerName.API, PeerName.ASGI], 1, 0.1, 2, 50, 1, "18.4")
    rows = [line for line in markdown(results).splitlines() if line.startswith(f"| {DESCRIPTIONS[PeerName.ASGI]} |")]
    assert [row.split(" | ")[1] for row in rows] == ["100 · 0 · 0", "1.0 / 2.0 (20.0)", "2.00", "1.50 (2.50)"]


def test_a_soak_reports_each_minute_and_ends_with_a_sentence(tmp_path: Path) -> None:
    *_, row, _, conclusion = benchmarks(tmp_path, "soak", *_BRIEF).splitlines()
    number, requests, *latencies, memory, long_pauses, _ = map(float, row.strip("| ").split(" | "))
    assert number == 1
    assert requests >= 2
    assert 0 < min(latencies) <= max(latencies) == latencies[2]
    assert memory > 20
    assert long_pauses >= 0
    assert "From minute 1 to minute 1, resident memory changed by +0.0%; the longest pause" in conclusion


def test_long_pauses_of_the_garbage_collector_are_recorded(tmp_path: Path) -> None:
    kept = [[number] for number in range(500_000)]
    with recorded(tmp_path / "pauses"):
        begin = time.monotonic()
        gc.collect()
        end = time.monotonic()
    pauses = [tuple(map(float, line.split())) for line in (tmp_path / "pauses").read_text().splitlines()]
    assert kept
    assert [0.001 <= seconds <= end - begin for ended, seconds in pauses if begin <= ended <= end] == [True]


@pytest.mark.parametrize("partitioned", [False, True])
async def test_tables_that_are_filled_have_their_indexes_and_constraints_again(
    new_database: NewDatabase, *, partitioned: bool
) -> None:
    url = await new_database()
    connection = await asyncpg.connect(url)
    if partitioned:
        await connection.execute(PARTITION.read_text())
    migrated = Migrated(url, connection)
    before = await migrated.schema()
    await asyncio.to_thread(fill, url, {"few": 1, "many": 3})
    counts = await connection.fetch("SELECT user_id, count(*), max(revision) FROM tasks GROUP BY 1 ORDER BY 1")
    assert (await migrated.schema(), await migrated.difference()) == (before, None)
    assert [tuple(row) for row in counts] == [("few", 1, 1), ("many", 3, 3)]
    await connection.close()


@pytest.fixture
async def partitioned(new_database: NewDatabase, start_app: StartApp) -> tuple[User, str]:
    """Create a user with three tasks, then partition the tables."""
    url = await new_database()
    user = User(await start_app(database_url=url))
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO users (id) VALUES ($1)", user.id)
    for number in range(3):
        await user.create(f"Task {number}", tags=["home"])
    await user.patch("/1/complete")
    await connection.execute(PARTITION.read_text())
    await connection.close()
    return user, url


@pytest.mark.req("RUN-SC-006")
async def test_a_partitioned_database_keeps_its_tasks_and_its_schema(partitioned: tuple[User, str]) -> None:
    user, url = partitioned
    await asyncio.to_thread(migrations.check, DatabaseUrl.parse(url))
    tasks = await user.tasks()
    assert [(task["id"], task["completed"], task["revision"]) for task in tasks] == [
        (3, False, 3),
        (2, False, 2),
        (1, True, 4),
    ]
    created = await user.create("Task 3")
    assert (created["id"], created["revision"]) == (4, 5)
    assert (await user.tasks(search="task 3")) == listed(created)
    connection = await asyncpg.connect(url)
    partitions = await connection.fetch("SELECT DISTINCT tableoid::regclass::text FROM tasks")
    indexes = await connection.fetch("SELECT indexname FROM pg_indexes WHERE tablename = 'tasks' ORDER BY 1")
    await connection.close()
    assert [row[0] for row in partitions] != ["tasks"]
    assert [row[0] for row in indexes] == [
        "tasks_pkey",
        "tasks_trash_idx",
        "tasks_user_id_created_at_id_idx",
        "tasks_user_id_revision_key",
        "tasks_user_id_uid_key",
    ]


def test_small_and_large_users_are_measured_plain_and_partitioned(tmp_path: Path) -> None:
    pooled = ["--pgbouncer"] if shutil.which("pgbouncer") else []
    printed = benchmarks(tmp_path, "scale", "--rows=1000", "--repeat=1", *_BRIEF, *pooled)
    assert "| request | user | 1,000 rows, plain | 1,000 rows, partitioned |" in printed
    measured = [line.split(" | ") for line in printed.splitlines() if line.startswith("| deep page | large |")]
    assert all(" / " in cell for cells in measured for cell in cells[2:])
    assert measured
    assert "| tasks_user_id_revision_key |" in printed
    assert printed.count("| 1 worker") == 3 * (1 + len(pooled))
    assert re.search(r"\| get, 1,000 rows, partitioned / plain \(mean of the users\) \| \d+\.\d\d \|", printed)


def test_more_rows_than_the_disk_holds_are_refused_in_a_sentence(tmp_path: Path) -> None:
    command = python("-m", "benchmarks", "scale", f"--rows={10**12}")
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert_one_sentence(ended, "1,000,000,000,000 rows need up to 1200000.0 GB")
