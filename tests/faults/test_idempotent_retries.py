"""Retries with the same idempotency key create each task exactly once, wherever a connection breaks."""

import asyncio
from collections import Counter
from random import SystemRandom
from uuid import uuid4

import httpx
import pytest

from tests.conftest import Connection, User
from tests.faults.sessions import end_one
from tests.support.proxy import Proxy

_TASKS = 200
_AT_ONCE = 8


def lose(proxy: Proxy, message: str) -> None:
    proxy.answer_to_lose = message.encode()


async def create(user: User, title: str, statuses: Counter[int], key: str | None = None) -> httpx.Response:
    """Create a task, and retry until the response is 201."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    while True:
        response = await user.post(json={"title": title}, headers=headers)
        statuses[response.status_code] += 1
        if response.status_code == 201:
            return response
        assert response.status_code in {409, 503}, response.text
        await asyncio.sleep(0.01)


@pytest.mark.req("TASK-FR-120", "TASK-FR-128")
@pytest.mark.parametrize("lost", ["BEGIN", "key of the lookup", "title of the write", "Location", "COMMIT"])
async def test_a_request_that_loses_a_message_of_the_database_is_handled_once(
    user: User, proxy: Proxy, lost: str
) -> None:
    statuses: Counter[int] = Counter()
    lose(proxy, lost)
    response = await create(user, "title of the write", statuses, "key of the lookup")
    assert proxy.answer_to_lose is None
    assert statuses[503] == (lost != "BEGIN")
    assert ("Idempotency-Replayed" in response.headers) == (lost == "COMMIT")
    assert len(await user.tasks()) == 1


@pytest.mark.req("TASK-FR-120", "TASK-FR-128")
async def test_twenty_commits_with_lost_confirmations_create_twenty_tasks(user: User, proxy: Proxy) -> None:
    statuses: Counter[int] = Counter()
    titles = [f"task {n}" for n in range(20)]
    for title in titles:
        lose(proxy, "COMMIT")
        assert (await create(user, title, statuses)).headers["Idempotency-Replayed"] == "true"
    assert statuses == {503: 20, 201: 20}
    assert Counter(task["title"] for task in await user.tasks()) == Counter(titles)


@pytest.mark.req("TASK-FR-128")
async def test_each_request_is_handled_exactly_once_while_sessions_are_killed_at_random(
    user: User, server: Connection
) -> None:
    statuses: Counter[int] = Counter()

    async def kill() -> None:
        while True:
            await end_one(server)
            await asyncio.sleep(SystemRandom().uniform(0.005, 0.03))

    async def work(titles: list[str]) -> list[int]:
        return [(await create(user, title, statuses)).json()["id"] for title in titles]

    titles = [f"task {n}" for n in range(_TASKS)]
    killing = asyncio.create_task(kill())
    ids = await asyncio.gather(*(work(titles[n::_AT_ONCE]) for n in range(_AT_ONCE)))
    killing.cancel()
    await asyncio.gather(killing, return_exceptions=True)
    tasks = await user.tasks()
    assert Counter(task["title"] for task in tasks) == Counter(titles)
    assert {task["id"] for task in tasks} == {number for some in ids for number in some}
    assert statuses[201] == _TASKS
    assert statuses[503] > 0
    await _assert_no_advisory_lock_is_held(server)


async def _assert_no_advisory_lock_is_held(server: Connection) -> None:
    locks = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
         WHERE datname = current_database() AND locktype = 'advisory'
    """
    assert await server.fetchval(locks) == 0
