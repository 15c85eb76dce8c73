"""Requests that wait for the database take bounded memory."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest

from tests.support.hostile_clients import serving
from tests.support.lock_helpers import uncommitted
from tests.support.servers import Server
from tests.support.tokens import mint

pytestmark = pytest.mark.serial

_MEGABYTE = 1 << 20
_USERS = 20
_EACH = 5
_CHANGES = [{"op": "create", "task": {"title": "Buy milk", "description": "x" * 10_000}}] * 100
"""The largest description that a body can hold."""


async def send_requests(server: Server) -> set[int]:
    """Send a hundred large changes and as many reads, each over its own connection, and return the statuses."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=30) as http:
        responses = await asyncio.gather(*(request for _ in range(_USERS) for request in requests(http)))
    return {response.status_code for response in responses}


def requests(http: httpx.AsyncClient) -> list[asyncio.Task[httpx.Response]]:
    user = f"user-{uuid4()}"
    path, headers = f"/api/{user}/tasks", {"Authorization": f"Bearer {mint(user)}"}
    changes = [http.post(f"{path}/bulk", json={"operations": _CHANGES}, headers=headers) for _ in range(_EACH)]
    reads = [http.get(path, headers=headers) for _ in range(_EACH)]
    return [asyncio.ensure_future(each) for each in changes + reads]


async def peak_of(server: Server) -> float:
    """Return the peak memory of the process during the requests, in megabytes."""
    process, peak = psutil.Process(server.pid), 0
    responses = asyncio.create_task(send_requests(server))
    while not responses.done():
        peak = max(peak, process.memory_info().rss)
        await asyncio.sleep(0.02)
    assert await responses == {503}
    return peak / _MEGABYTE


@pytest.mark.req("DB-FR-015")
async def test_overload_costs_memory_within_bounds(tmp_path: Path, own_database: str) -> None:
    """Each waiting request holds a body of a megabyte and what was parsed from it; the next overload takes no more."""
    with serving(tmp_path, own_database) as server:
        before = psutil.Process(server.pid).memory_info().rss / _MEGABYTE
        async with uncommitted(own_database, "LOCK TABLE tasks, users"):
            peaks = [await peak_of(server) for _ in range(2)]
        assert peaks[0] - before < 3 * _USERS * _EACH
        assert peaks[1] < peaks[0] + 50
