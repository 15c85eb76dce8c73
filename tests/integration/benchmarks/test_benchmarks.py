"""`python -m benchmarks`: it starts all peers, finds that they do the same work, and prints figures."""

import asyncio
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import asyncpg
import pytest

from benchmarks import npm
from benchmarks.peers import DESCRIPTIONS, PeerName
from benchmarks.scale import PARTITION
from benchmarks.workload import ROUTES
from src.db import migrations
from src.db.url import DatabaseUrl
from tests.conftest import NewDatabase, StartApp, User, listed
from tests.support.commands import python

_SECONDS = 120  # far more than it takes, so that no test fails on a busy machine
_SHORT = ("--rounds=1", "--seconds=0.1", "--connections=2", "--tasks=50")


def benchmarks(folder: Path, *arguments: str) -> str:
    command = python("-m", "benchmarks", *arguments)
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def installed() -> str:
    """Return why Fastify cannot be measured here, or nothing."""
    try:
        npm.install()
    except npm.NpmError as error:
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
    assert (tmp_path / "results.md").read_text() in printed
    drawn = ET.parse(tmp_path / "results.svg").getroot()  # noqa: S314 - our own file
    assert list(drawn.itertext()).count("create") == 1


@pytest.fixture
async def partitioned(new_database: NewDatabase, start_app: StartApp) -> tuple[User, str]:
    """Create a user with three tasks, then partition the tables."""
    url = await new_database()
    user = User(await start_app(database_url=url))
    for number in range(3):
        await user.create(f"Task {number}", tags=["home"])
    await user.patch("/1/complete")
    connection = await asyncpg.connect(url)
    await connection.execute(PARTITION.read_text())
    await connection.close()
    return user, url


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
    assert [row[0] for row in indexes] == ["tasks_pkey", "tasks_trash_idx", "tasks_user_id_revision_key"]


def test_small_and_large_users_are_measured_plain_and_partitioned(tmp_path: Path) -> None:
    printed = benchmarks(tmp_path, "scale", "--rows=1000", "--repeat=1")
    assert "| request | user | 1,000 rows, plain | 1,000 rows, partitioned |" in printed
    measured = [line.split(" | ") for line in printed.splitlines() if line.startswith("| deep page | large |")]
    assert all(" / " in cell for cells in measured for cell in cells[2:])
    assert measured
    assert "| tasks_user_id_revision_key |" in printed
