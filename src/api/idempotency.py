"""A request with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) is done once and answered alike."""

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from src.api.dependencies import Owner, Tasks, components
from src.schemas.idempotency_key import IdempotencyKey
from src.services.answers import KeyedRequest, Reply, once
from src.services.owner import OwnerId
from src.services.task_service import TaskService

_KEPT_HEADERS = ("Content-Type", "ETag", "Location")


class IdempotentRequest:
    """What a handler needs to opt in: `return await once(lambda tasks: tasks.create_task(task), respond)`."""

    def __init__(self, request: Request, tasks: TaskService, owner: OwnerId, key: str | None) -> None:
        self._request = request
        self._tasks = tasks
        self._owner = owner
        self._key = key

    async def __call__[Result](
        self, act: Callable[[TaskService], Awaitable[Result]], respond: Callable[[Result], Response]
    ) -> Response:
        """Do what is asked for and answer it; with a key, once: then repetitions are answered as the first was.

        Raises:
            IdempotencyKeyReused: The first request with this key was another one.
            RequestInProgress: The first one is not through yet.
            ResponseTooLarge: The answer is too large to be kept.
        """
        if self._key is None:
            return respond(await act(self._tasks))

        async def reply(tasks: TaskService) -> Reply:
            return _kept_form(respond(await act(tasks)))

        request = KeyedRequest(self._owner, self._key, await _fingerprint(self._request))
        shared = components(self._request)
        return _response(await once(shared.database, shared.broker.announce, request, reply))


async def idempotent_request(
    request: Request,
    tasks: Tasks,
    owner: Owner,
    key: Annotated[
        IdempotencyKey | None,
        Header(
            alias="Idempotency-Key",
            description="Unique for each request: sent again with it within 24 hours, the request is not done again.",
        ),
    ] = None,
) -> IdempotentRequest:
    """The request, which may have a key."""
    return IdempotentRequest(request, tasks, owner, key)


Once = Annotated[IdempotentRequest, Depends(idempotent_request)]


async def _fingerprint(request: Request) -> bytes:
    head = f"{request.method} {request.scope['path']}\n"
    return sha256(head.encode() + await request.body()).digest()


def _kept_form(response: Response) -> Reply:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Reply(response.status_code, json.dumps(headers), bytes(response.body))


def _response(reply: Reply) -> Response:
    replayed = {"Idempotency-Replayed": "true"} if reply.is_repetition else {}
    return Response(reply.body, reply.status, json.loads(reply.headers) | replayed)
