"""Exactly-once handling of requests with an idempotency key: the first one is handled, retries get a replay."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from src.db.database import Database
from src.db.transaction import Transaction
from src.errors.base import AppError
from src.errors.client import RequestInProgress, ResponseTooLarge
from src.errors.invalid import IdempotencyKeyReused
from src.services.idempotency.statements import LOCK_AND_FIND_RECORD, STORE_RECORD
from src.services.owner import OwnerId
from src.services.quota import Quota
from src.services.settings.service import NamedZone
from src.services.tasks.service import TaskService

MAX_STORED_RESPONSE_BYTES = 4 * 1024 * 1024
"""Of one stored response; the creations that fit into a request come to less than half (ADR 0032)."""


class IdempotentRequest(NamedTuple):
    """A request with an idempotency key; requests that differ in method, path or body have different fingerprints."""

    owner: OwnerId
    key: str
    fingerprint: bytes
    zone: NamedZone
    quota: Quota


class StoredResponse(NamedTuple):
    """A response in the form in which it is stored. This module does not interpret it."""

    status: int
    headers: str
    body: bytes
    is_replay: bool = False


async def run_once(
    database: Database,
    publish: Callable[[OwnerId], None],
    request: IdempotentRequest,
    handle: Callable[[TaskService], Awaitable[StoredResponse]],
) -> StoredResponse:
    """Handle the request once, and replay its response to retries for 24 hours.

    The changes and the response are committed in one transaction, so that there is never one without the other. A
    response is stored only if something was changed. An exception rolls back, so that the request may be retried.

    Raises:
        IdempotencyKeyReused: The first request with this key had another fingerprint.
        RequestInProgress: The first request with this key is still being handled.
        ResponseTooLarge: The response is too large to be stored.
        ServiceUnavailable: The database is unavailable.
    """
    changed: list[OwnerId] = []
    async with database.transaction(request.owner) as transaction:
        tasks = TaskService(transaction, request.owner, changed.append, request.zone, request.quota)
        response = await _replay_or_handle(transaction, request, partial(handle, tasks))
        if changed:
            await _store(transaction, request, response)
    if changed:
        publish(request.owner)
    return response


async def _replay_or_handle(
    transaction: Transaction, request: IdempotentRequest, handle: Callable[[], Awaitable[StoredResponse]]
) -> StoredResponse:
    if stored := await _lock_and_find(transaction, request):
        return stored
    try:
        return await handle()
    except AppError:
        if stored := await _lock_and_find(transaction, request):  # committed since the first lookup
            return stored
        raise


async def _lock_and_find(transaction: Transaction, request: IdempotentRequest) -> StoredResponse | None:
    row = await transaction.fetch_row(LOCK_AND_FIND_RECORD, owner=request.owner, key=request.key)
    if row is None or not row["lock_acquired"]:
        raise RequestInProgress
    if row["fingerprint"] is None:
        return None
    if row["fingerprint"] != request.fingerprint:
        raise IdempotencyKeyReused
    return StoredResponse(row["status"], row["headers"], row["body"].encode(), is_replay=True)


async def _store(transaction: Transaction, request: IdempotentRequest, response: StoredResponse) -> None:
    if len(response.body) > MAX_STORED_RESPONSE_BYTES:
        raise ResponseTooLarge
    of_request = {"owner": request.owner, "key": request.key, "fingerprint": request.fingerprint}
    values = {"status": response.status, "headers": response.headers, "body": response.body.decode()}
    if await transaction.fetch_row(STORE_RECORD, **of_request, **values) is None:
        raise RequestInProgress  # its record was committed since the lookup
