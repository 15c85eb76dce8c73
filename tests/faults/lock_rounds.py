"""Lock the rows of some owners while these and other owners send requests."""

import asyncio
import time
from collections import Counter
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple
from uuid import uuid4

from fastapi import FastAPI

from tests.conftest import User
from tests.support.lock_helpers import reached, uncommitted
from tests.support.stopwatch import Stopwatch

_LOCKED = 6
"""More owners than fit into a pool of ten, where each takes two connections."""
_OTHERS = 10
_AFTER_SECONDS = 1.0
_PAUSE_SECONDS = 0.1
_TASK = {"title": "Buy milk"}


class _Result(NamedTuple):
    began: float
    ended: float
    seconds: float
    status: int


class Lock(NamedTuple):
    """The statuses of the responses, and the longest response time in seconds."""

    locked: Counter[int]
    """Of the locked owners' changes, before the lock was released."""
    others: Counter[int]
    """Of all other owners' requests, in that time."""
    slowest: float
    afterwards: Counter[int]
    """Of all requests that were sent later than a second after the lock was released."""
    slowest_afterwards: float

    @property
    def is_sound(self) -> bool:
        """Whether blocked requests were refused in time, and all are served again."""
        refused = set(self.locked) == {503} and {*self.others, 503} == {200, 201, 503}
        return refused and self.slowest < 5 and set(self.afterwards) == {200, 201} and self.slowest_afterwards < 1


async def lock_owners(app: FastAPI, database_url: str, seconds: float) -> Lock:
    """Lock the rows of six owners, whose changes exhaust the pool, while ten others read and write."""
    locked, others = ([User(app) for _ in range(count)] for count in (_LOCKED, _OTHERS))
    await asyncio.gather(*(user.create() for user in locked))
    to_locked: list[_Result] = []
    to_others: list[_Result] = []
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        async with _locked(database_url, locked):
            for user in locked * 4:
                group.create_task(_change(user, to_locked, stop))
            for user in others:
                group.create_task(_read_and_change(user, to_others, stop))
            await asyncio.sleep(seconds)
            await reached(lambda: {200, 201} <= {each.status for each in to_others})
            released = time.monotonic()
        await asyncio.sleep(3 * _AFTER_SECONDS)
        stop.set()
    return _compared(to_locked, to_others, released)


def _locked(database_url: str, owners: list[User]) -> AbstractAsyncContextManager[None]:
    ids = ", ".join(f"'{owner.id}'" for owner in owners)
    return uncommitted(database_url, f"SELECT FROM users WHERE id IN ({ids}) FOR UPDATE")


async def _change(user: User, responses: list[_Result], stop: asyncio.Event) -> None:
    """Change a task, alternately with one statement and with a transaction."""
    while not stop.is_set():
        await _send(user, "POST", responses, json=_TASK)
        await _send(user, "POST", responses, json=_TASK, headers={"Idempotency-Key": str(uuid4())})


async def _read_and_change(user: User, responses: list[_Result], stop: asyncio.Event) -> None:
    while not stop.is_set():
        await _send(user, "GET", responses)
        await _send(user, "POST", responses, json=_TASK)


async def _send(user: User, method: str, responses: list[_Result], **options: Any) -> None:
    began, took = time.monotonic(), Stopwatch()
    status = (await user.request(method, **options)).status_code
    responses.append(_Result(began, time.monotonic(), took.seconds, status))
    await asyncio.sleep(_PAUSE_SECONDS)


def _compared(to_locked: list[_Result], to_others: list[_Result], released: float) -> Lock:
    results = to_locked + to_others
    afterwards = [each for each in results if each.began > released + _AFTER_SECONDS]
    return Lock(
        locked=Counter(each.status for each in to_locked if each.ended < released),
        others=Counter(each.status for each in to_others if each.ended < released),
        slowest=max(each.seconds for each in results),
        afterwards=Counter(each.status for each in afterwards),
        slowest_afterwards=max(each.seconds for each in afterwards),
    )
