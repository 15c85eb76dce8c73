"""Delta sync converges: after concurrent writes each client has what the server has; `--seeds=10` tries more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from src.services.purge import purge_trash
from tests.conftest import NewDatabase, StartApp
from tests.integration.bulk.test_bulk_parity import Placed, change, new, send
from tests.integration.sync.test_sync import listed
from tests.support.sse_client import served
from tests.support.sync_followers import Follower

type Step = tuple[Any, ...]
"""Steps: the action, the client, and one of the newest tasks."""

EXAMPLES = 12
LIMITS = (1, 4, 1000)
"""The page size of each client of the user."""
STRANGER = len(LIMITS)
BEGINNING = [
    {"op": "create", "task": {"title": f"{number}", "due_date": "2999-01-01", "recurrence": recurrence}}
    for number, recurrence in enumerate([*[None] * 8, "FREQ=DAILY", "FREQ=DAILY;COUNT=2"])
]

client = st.integers(0, STRANGER)
index = st.integers(0, 19)
placed = st.tuples(index, change | new)
followed = [st.tuples(st.just(name), client) for name in ("load_page", "load", "toggle_stream", "begin")]
written = [
    st.tuples(st.just("write"), client, placed),
    st.tuples(st.just("bulk"), client, st.lists(placed, min_size=1, max_size=6), st.booleans()),
    st.tuples(st.just("repeat"), client, st.integers(0, 2)),
    st.tuples(st.just("vanish"), client, index, st.booleans()),
    st.tuples(st.just("move"), client, st.sampled_from([None, "Pacific/Auckland", "America/Los_Angeles"])),
    st.tuples(st.just("purge")),
]
step = st.one_of(*followed, *written, *followed, *written[:1])
moment = st.one_of(*[st.lists(step, min_size=1, max_size=4)] * 7, st.just([("check",)]))


class World:
    """Clients of a user and one of a stranger, at two processes on one database."""

    def __init__(self, processes: list[tuple[FastAPI, str]]) -> None:
        self._app = processes[0][0]
        self.clients = [Follower(*processes[0], None, LIMITS[0])]
        user = self.clients[0].user.id
        self.clients += [Follower(*processes[n % 2], user, limit) for n, limit in enumerate(LIMITS[1:], start=1)]
        self.clients.append(Follower(*processes[1], None, 2))
        self._owners: dict[int, str] = {}

    async def live(self, moments: list[list[Step]]) -> None:
        """Run the steps of each moment concurrently, then check."""
        try:
            for who in (0, STRANGER):
                await self._bulk(self.clients[who], [(0, each) for each in BEGINNING], atomic=True)
            for steps in moments:
                await asyncio.gather(*(self._do(*each) for each in steps))
            await self._check()
        finally:
            await asyncio.gather(*(each.disconnect() for each in self.clients))
        await self._check()

    async def _do(self, name: str, who: int = 0, *details: Any) -> None:
        match name:
            case "write":
                await self._write(self.clients[who], *details)
            case "bulk":
                await self._bulk(self.clients[who], *details)
            case "repeat":
                await self._repeat(self.clients[who], *details)
            case "vanish":
                await self._vanish(self.clients[who], *details)
            case "move":
                await self._move(self.clients[who], *details)
            case "purge":
                await self._purge()
            case "check":
                await self._check()
            case _:
                await getattr(self.clients[who], name)()

    async def _vanish(self, by: Follower, index: int, permanent: bool) -> None:  # noqa: FBT001 - drawn in index
        """Delete a task and purge it before any client syncs."""
        await self._write(by, (index, {"op": "delete", "permanent": permanent}))
        await self._purge()

    async def _move(self, by: Follower, zone: str | None) -> None:
        """Store another time zone, which takes a revision without a change of a task."""
        response = await by.user.http.put(f"/api/{by.user.id}/settings", json={"time_zone": zone})
        assert response.status_code == 200

    async def _purge(self) -> None:
        await purge_trash(self._app.state.components.database, timedelta(0))

    async def _write(self, by: Follower, placed: Placed) -> None:
        index, operation = placed
        task_id = self._id(by, index)
        response = await send(by.user, task_id, operation)
        assert response.status_code in self._expected(by, {"id": task_id} | operation)
        if response.status_code in {200, 201}:
            self._know(response.json())

    async def _bulk(self, by: Follower, operations: list[Placed], atomic: bool) -> None:  # noqa: FBT001 - drawn in index
        named = [each if each["op"] == "create" else each | {"id": self._id(by, index)} for index, each in operations]
        once = list({each.get("id", -number): each for number, each in enumerate(named)}.values())
        response = await by.user.post("/bulk", json={"operations": once, "atomic": atomic})
        assert response.status_code in {200, 409}
        for operation, result in zip(once, response.json()["results"], strict=True):
            assert result["status"] in self._expected(by, operation)
            self._know(result["task"])

    async def _repeat(self, by: Follower, more: int) -> None:
        """Retry a creation with one key, during the first request and after it: there is one task."""
        key = {"Idempotency-Key": f"{uuid4()}"}
        sent = [by.user.post(json={"title": "Once"}, headers=key) for _ in range(2 + more)]
        responses = [*await asyncio.gather(*sent[1:]), await sent[0]]
        assert {response.status_code for response in responses} <= {201, 409}
        assert responses[-1].headers["Idempotency-Replayed"] == "true"
        [task_id] = {response.json()["id"] for response in responses if response.status_code == 201}
        self._owners[task_id] = by.user.id

    async def _check(self) -> None:
        """Assert that each client has what the server has."""
        for user in (self.clients[0].user, self.clients[STRANGER].user):
            tasks = await listed(user)
            assert {task["user_id"] for task in tasks.values()} <= {user.id}
            await asyncio.gather(*(each.catch_up(tasks) for each in self.clients if each.user.id == user.id))
            stats = await user.get("/stats")
            assert stats.json()["total"] == len(tasks)

    def _id(self, by: Follower, index: int) -> int:
        """Pick one of the newest tasks: of the client, or of any user and in any state."""
        ids = (by.tasks if index % 2 else None) or self._owners
        return sorted(ids)[-1 - index // 2 % len(ids)]

    def _know(self, task: dict[str, Any] | None) -> None:
        while task:
            self._owners[task["id"]] = task["user_id"]
            task = task.get("next_task")

    def _expected(self, by: Follower, operation: dict[str, Any]) -> set[int]:
        """Return the statuses that the operation may have; another user's task is not found."""
        if operation["op"] == "create":
            return {201, 424}
        if self._owners[operation["id"]] != by.user.id:
            return {404}
        return {200, 404, 409, 424} if operation["op"] == "skip" else {200, 204, 404, 424}


@pytest.fixture(scope="module")
async def processes(new_database: NewDatabase, start_app: StartApp) -> AsyncIterator[list[tuple[FastAPI, str]]]:
    """Start two processes on a database of their own, because purging is for all users; return their URLs."""
    url = await new_database()
    async with AsyncExitStack() as stack:
        apps = [await start_app(database_url=url, rate_limit="off") for _ in range(2)]
        yield [(app, await stack.enter_async_context(served(app))) for app in apps]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw new examples in each run, except in CI, where Hypothesis is derandomized."""
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", range(1, metafunc.config.getoption("--seeds") + 1))


@pytest.mark.usefixtures("seed")
@pytest.mark.req(
    "TASK-FR-120", "TASK-FR-143", "TASK-FR-145", "TASK-FR-146", "TASK-FR-152", "TASK-FR-153", "TASK-FR-157"
)
@settings(max_examples=EXAMPLES, deadline=None)
@given(moments=st.lists(moment, min_size=10, max_size=40))
async def test_each_client_that_syncs_has_what_the_server_has(
    processes: list[tuple[FastAPI, str]], moments: list[list[Step]]
) -> None:
    await World(processes).live(moments)
