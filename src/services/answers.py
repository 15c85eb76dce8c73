"""Does what a request with an idempotency key asks for once, and answers every repetition as the first time."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from src.db.database import Database
from src.db.transaction import Transaction
from src.errors import AppError, IdempotencyKeyReused, RequestInProgress, ResponseTooLarge
from src.services.answer_statements import FIND_ANSWER, KEEP_ANSWER
from src.services.owner import OwnerId
from src.services.task_service import TaskService

MAX_KEPT = 4 * 1024 * 1024
"""Of one answer, in bytes; the creations that fit into a request come to less than half (ADR 0032)."""


class KeyedRequest(NamedTuple):
    """A request with an idempotency key; one that differs in anything has another fingerprint."""

    owner: OwnerId
    key: str
    fingerprint: bytes


class Reply(NamedTuple):
    """What a client is told. What stands in it is the caller's business."""

    status: int
    headers: str
    body: bytes
    is_repetition: bool = False


async def once(
    database: Database,
    announce: Callable[[OwnerId], None],
    request: KeyedRequest,
    act: Callable[[TaskService], Awaitable[Reply]],
) -> Reply:
    """What `act` replies the first time, for 24 hours; whatever it changes and its reply are committed together.

    A reply is kept only if something was changed, and what raises changes nothing: it may be tried again.

    Raises:
        IdempotencyKeyReused: The first request with this key had another fingerprint.
        RequestInProgress: The first one is not through yet.
        ResponseTooLarge: The reply cannot be kept.
        ServiceUnavailable: The database is out of reach.
    """
    changed: list[OwnerId] = []
    async with database.transaction(request.owner) as transaction:
        tasks = TaskService(transaction, request.owner, changed.append)
        reply = await _found_or_done(transaction, request, partial(act, tasks))
        if changed:
            await _keep(transaction, request, reply)
    if changed:
        announce(request.owner)
    return reply


async def _found_or_done(transaction: Transaction, request: KeyedRequest, act: Callable[[], Awaitable[Reply]]) -> Reply:
    if kept := await _find(transaction, request):
        return kept
    try:
        return await act()
    except AppError:
        if kept := await _find(transaction, request):  # since the first look
            return kept
        raise


async def _find(transaction: Transaction, request: KeyedRequest) -> Reply | None:
    found = await transaction.fetch_row(FIND_ANSWER, owner=request.owner, key=request.key)
    if found is None or not found["is_alone"]:
        raise RequestInProgress
    if found["fingerprint"] is None:
        return None
    if found["fingerprint"] != request.fingerprint:
        raise IdempotencyKeyReused
    return Reply(found["status"], found["headers"], found["body"].encode(), is_repetition=True)


async def _keep(transaction: Transaction, request: KeyedRequest, reply: Reply) -> None:
    if len(reply.body) > MAX_KEPT:
        raise ResponseTooLarge
    values = {"status": reply.status, "headers": reply.headers, "body": reply.body.decode()}
    if await transaction.fetch_row(KEEP_ANSWER, **request._asdict(), **values) is None:
        raise RequestInProgress  # it was, until a moment ago
