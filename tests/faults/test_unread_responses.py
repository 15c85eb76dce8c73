"""Clients that request large responses and do not read them take bounded memory."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.support.hostile_clients import fill, memory, reluctant, serving
from tests.support.servers import Server
from tests.support.tokens import mint

pytestmark = pytest.mark.serial

_MEGABYTE = 1 << 20
_CLIENTS = 200
_SAMPLES = 50
_MOST = 300
"""In megabytes, of the whole process."""


def list_request(user: str) -> bytes:
    return f"GET /api/{user}/tasks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {mint(user)}\r\n\r\n".encode()


async def peak_with_unread(server: Server, requests: list[bytes]) -> float:
    """Send each request on a connection of its own, read nothing, and return the peak of the memory in megabytes.

    Meanwhile another owner's small list is served.
    """
    peak = 0
    with ExitStack() as stack:
        for request in requests:
            stack.enter_context(reluctant(server)).sendall(request)
        async with httpx.AsyncClient(base_url=server.url, timeout=5) as http:
            for _ in range(_SAMPLES):
                peak = max(peak, memory(server))
                await asyncio.sleep(0.1)
                small = await http.get("/api/other/tasks", headers={"Authorization": f"Bearer {mint('other')}"})
                assert small.status_code == 200
    return peak / _MEGABYTE


@pytest.mark.parametrize("users", [pytest.param(1, marks=pytest.mark.slow), 10])
@pytest.mark.req("HTTP-FR-050")
async def test_unread_lists_take_bounded_memory(
    tmp_path: Path, own_database: str, users: int, record_property: Callable[[str, object], None]
) -> None:
    names = [f"user-{number}" for number in range(users)]
    for name in names:
        fill(own_database, name, tasks=1000)
    with serving(tmp_path, own_database) as server:
        peak = await peak_with_unread(server, [list_request(name) for name in names] * (_CLIENTS // users))
    record_property("megabytes", round(peak))
    assert peak < _MOST
