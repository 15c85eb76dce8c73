"""Large responses that are not read count toward the memory of their owner and of the process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI

from src.api import response_memory
from src.api.large_response import SMALL_RESPONSE_BYTES
from src.api.response_memory import MAX_UNREAD_BYTES, MAX_UNREAD_BYTES_PER_OWNER, ResponseMemory
from tests.conftest import User
from tests.support.lock_helpers import reached

_LARGE = [{"op": "create", "task": {"title": "Buy milk", "description": "x" * 10_000}}] * 20


@pytest.fixture
def memory(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> ResponseMemory:
    """Shorten the wait."""
    monkeypatch.setattr(response_memory, "WAIT_SECONDS", 0.3)
    found: ResponseMemory = app.state.components.response_memory
    return found


async def fill(user: User) -> int:
    """Create tasks whose list is large, and return the owner's revision."""
    assert (await user.post("/bulk", json={"operations": _LARGE})).status_code == 200
    return await user.revision()


@pytest.mark.parametrize("path", ["", "/changes"])
@pytest.mark.req("HTTP-FR-051")
async def test_a_large_response_is_refused_while_others_of_its_owner_are_not_read(
    user: User, stranger: User, memory: ResponseMemory, path: str
) -> None:
    await fill(user)
    await fill(stranger)
    with memory.hold(user.id, MAX_UNREAD_BYTES_PER_OWNER):
        refused = await user.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert (await user.get(path, params={"limit": 3})).status_code == 200
        assert (await stranger.get(path)).status_code == 200
    assert len((await user.get(path)).json()["tasks"]) == len(_LARGE)


@pytest.mark.req("HTTP-FR-051")
@pytest.mark.parametrize("path", ["/tags", "/stats"])
async def test_large_counts_are_refused_while_other_responses_of_their_owner_are_not_read(
    user: User, memory: ResponseMemory, path: str
) -> None:
    tags = [[f"{task:04}{tag:046}" for tag in range(20)] for task in range(100)]
    operations = [{"op": "create", "task": {"title": "Buy milk", "tags": each}} for each in tags]
    assert (await user.post("/bulk", json={"operations": operations})).status_code == 200
    with memory.hold(user.id, MAX_UNREAD_BYTES_PER_OWNER):
        assert (await user.get(path)).status_code == 503
    assert len((await user.get(path)).content) > SMALL_RESPONSE_BYTES


@pytest.mark.req("HTTP-FR-051")
async def test_a_large_response_is_refused_while_others_of_the_process_are_not_read(
    user: User, stranger: User, memory: ResponseMemory
) -> None:
    await fill(user)
    with memory.hold(stranger.id, MAX_UNREAD_BYTES):
        assert (await user.get()).status_code == 503
        assert (await user.get(params={"limit": 3})).status_code == 200


@pytest.mark.req("HTTP-FR-052")
async def test_a_large_response_is_sent_as_soon_as_others_have_been_read(user: User, memory: ResponseMemory) -> None:
    await fill(user)
    with memory.hold(user.id, MAX_UNREAD_BYTES_PER_OWNER):
        waiting = asyncio.create_task(user.get())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    response = await waiting
    assert (response.status_code, response.json()["count"]) == (200, len(_LARGE))
    assert int(response.headers["Content-Length"]) == len(response.content)


@pytest.mark.req("HTTP-FR-053")
async def test_a_large_bulk_is_refused_before_it_changes_anything(user: User, memory: ResponseMemory) -> None:
    revision = await fill(user)
    with memory.hold(user.id, MAX_UNREAD_BYTES_PER_OWNER):
        assert (await user.post("/bulk", json={"operations": _LARGE})).status_code == 503
        assert (await user.get(params={"limit": 1})).headers["ETag"] == f'"{revision}"'
        assert (await user.post("/bulk", json={"operations": _LARGE[:3]})).status_code == 200


@pytest.mark.req("HTTP-FR-051", "HTTP-FR-052")
async def test_cancelled_and_refused_responses_free_their_memory(user: User, memory: ResponseMemory) -> None:
    await fill(user)
    with memory.hold(user.id, MAX_UNREAD_BYTES_PER_OWNER):
        waiting = [asyncio.create_task(user.get()) for _ in range(4)]
        await asyncio.sleep(0.1)
        for each in waiting[:2]:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    await reached(lambda: memory.fits(user.id, MAX_UNREAD_BYTES))
    assert (await user.get()).status_code == 200


@pytest.mark.req("HTTP-FR-052")
async def test_a_claim_that_is_cancelled_as_it_is_granted_frees_its_memory(memory: ResponseMemory) -> None:
    """The wait may be cancelled after the memory was granted, but before the task runs again."""

    async def reserve() -> None:
        async with memory.reserve("somebody", 1):
            await asyncio.sleep(10)

    with memory.hold("somebody", MAX_UNREAD_BYTES_PER_OWNER):
        waiting = asyncio.create_task(reserve())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert memory.fits("somebody", MAX_UNREAD_BYTES)


@pytest.mark.req("HTTP-FR-053")
async def test_the_response_to_a_bulk_counts_until_it_is_read_also_when_it_failed(
    user: User, memory: ResponseMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []

    @contextmanager
    def hold(_: str, size: int) -> Iterator[None]:
        held.append(size)
        yield

    monkeypatch.setattr(memory, "hold", hold)
    created = await user.post("/bulk", json={"operations": _LARGE})
    ids = [result["task"]["id"] for result in created.json()["results"]]
    operations = [{"op": "complete", "id": task_id, "revision": 0} for task_id in ids]
    failed = await user.post("/bulk", json={"operations": operations})
    assert (failed.status_code, held) == (409, [len(created.content), len(failed.content)])
