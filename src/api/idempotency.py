"""A request with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) is done once and answered alike."""

import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header, Request, Response

from src.api.dependencies import Answers, Tasks
from src.schemas.idempotency_key import IdempotencyKey
from src.services.answers import Answer, AnswerService
from src.services.task_service import TaskService

_KEPT_HEADERS = ("Content-Type", "ETag", "Location")


class IdempotentRequest:
    """What a handler needs to opt in: `return await once(lambda tasks: tasks.create_task(task), respond)`."""

    def __init__(self, request: Request, tasks: TaskService, answers: AnswerService, key: str | None) -> None:
        self._request = request
        self._tasks = tasks
        self._answers = answers
        self._key = key

    async def __call__[Result](
        self, act: Callable[[TaskService], Awaitable[Result]], respond: Callable[[Result], Response]
    ) -> Response:
        """Do what is asked for and answer it; with a key, once: then repetitions are answered as the first was.

        Raises:
            IdempotencyKeyReused: The first request with this key was another one.
            RequestInProgress: The first one is not through yet.
        """
        if self._key is None:
            return respond(await act(self._tasks))

        async def answer(tasks: TaskService) -> Answer:
            return _answer_of(respond(await act(tasks)))

        return _response(*await self._answers.once(self._key, await _fingerprint(self._request), answer))


async def idempotent_request(
    request: Request,
    tasks: Tasks,
    answers: Answers,
    key: Annotated[
        IdempotencyKey | None,
        Header(
            alias="Idempotency-Key",
            description="Unique for each request: sent again with it within 24 hours, the request is not done again.",
        ),
    ] = None,
) -> IdempotentRequest:
    """The request, which may have a key."""
    return IdempotentRequest(request, tasks, answers, key)


Once = Annotated[IdempotentRequest, Depends(idempotent_request)]


async def _fingerprint(request: Request) -> bytes:
    head = f"{request.method} {request.scope['path']}\n"
    return sha256(head.encode() + await request.body()).digest()


def _answer_of(response: Response) -> Answer:
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    return Answer(response.status_code, json.dumps(headers), bytes(response.body).decode())


def _response(answer: Answer, is_replay: bool) -> Response:  # noqa: FBT001 - the parts of a `Repetition`
    replayed = {"Idempotency-Replayed": "true"} if is_replay else {}
    return Response(answer.body, answer.status, json.loads(answer.headers) | replayed)
