"""Support for the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header): retries get a replay."""

import json
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from src.api.dependencies import Owner, Tasks, components
from src.api.time_zone import named_zone
from src.schemas.idempotency_key import IdempotencyKey
from src.services.idempotency.service import IdempotentRequest, StoredResponse, run_once
from src.services.owner import OwnerId
from src.services.tasks.service import TaskService

_STORED_HEADERS = ("Content-Type", "ETag", "Location")


class IdempotentHandler:
    """Makes a handler idempotent: `return await idempotent(lambda tasks: tasks.create_task(task), respond)`."""

    def __init__(self, request: Request, tasks: TaskService, owner: OwnerId, key: str | None) -> None:
        self._request = request
        self._tasks = tasks
        self._owner = owner
        self._key = key

    async def __call__[Result](
        self, act: Callable[[TaskService], Awaitable[Result]], respond: Callable[[Result], Response]
    ) -> Response:
        """Act and respond; with an idempotency key only once, and replay that response to retries.

        Raises:
            IdempotencyKeyReused: The first request with this key was a different one.
            RequestInProgress: The first request with this key is still being handled.
            ResponseTooLarge: The response is too large to be stored.
        """
        if self._key is None:
            return respond(await act(self._tasks))

        async def handle(tasks: TaskService) -> StoredResponse:
            return _to_stored_response(respond(await act(tasks)))

        shared, fingerprint = components(self._request), await _fingerprint(self._request)
        zone = partial(named_zone, self._request)
        request = IdempotentRequest(self._owner, self._key, fingerprint, zone, shared.quota)
        return _to_response(await run_once(shared.database, shared.broker.publish, request, handle))


async def idempotent_handler(
    request: Request,
    tasks: Tasks,
    owner: Owner,
    key: Annotated[
        IdempotencyKey | None,
        Header(
            alias="Idempotency-Key",
            description="Unique per request; a retry within 24 hours gets the stored response and changes nothing.",
        ),
    ] = None,
) -> IdempotentHandler:
    """Read the idempotency key, which is optional."""
    return IdempotentHandler(request, tasks, owner, key)


Idempotency = Annotated[IdempotentHandler, Depends(idempotent_handler)]


async def _fingerprint(request: Request) -> bytes:
    """Hash the request; a path without the user id is the same as one with it."""
    path = request.scope["route"].path_format.format(**request.path_params)
    head = f"{request.method} {path}\n"
    return sha256(head.encode() + await request.body()).digest()


def _to_stored_response(response: Response) -> StoredResponse:
    headers = {name: response.headers[name] for name in _STORED_HEADERS if name in response.headers}
    return StoredResponse(response.status_code, json.dumps(headers), bytes(response.body))


def _to_response(stored: StoredResponse) -> Response:
    replayed = {"Idempotency-Replayed": "true"} if stored.is_replay else {}
    return Response(stored.body, stored.status, json.loads(stored.headers) | replayed)
