"""Example problems for the OpenAPI document: what the API responds with each status."""

import json
from typing import Final

from src.errors.base import problem_document
from src.errors.client import (
    ContentTooLarge,
    NotSkippable,
    OperationsFailed,
    RateLimitExceeded,
    RequestInProgress,
    SyncExpired,
    TaskChanged,
    TaskExists,
    TaskNotFound,
    TokenMissing,
    UserMismatch,
)
from src.errors.server import ServiceUnavailable
from src.schemas.task import Task

type Problems = dict[str, dict[str, object]]

_TASK: Final = Task.model_json_schema()["examples"][0] | {"next_task": None}
_ERRORS: Final = (
    TokenMissing("no token"),
    UserMismatch(),
    TaskNotFound(),
    RequestInProgress(),
    SyncExpired(),
    TaskChanged(json.dumps(_TASK).encode()),
    ContentTooLarge(),
    RateLimitExceeded("user", 12, {}),
    ServiceUnavailable(),
)
_TITLE: Final = {"field": "title", "message": "String should have at least 1 character", "type": "string_too_short"}
_FROM_FASTAPI: Final[Problems] = {
    "400": problem_document(400, "bad-request", "Bad Request", "There was an error parsing the body."),
    "415": problem_document(
        415, "unsupported-media-type", "Unsupported media type", "Send 'Content-Type: application/json'."
    ),
    "422": problem_document(422, "invalid-request", "Invalid request", f"title: {_TITLE['message']}.", errors=[_TITLE]),
}
_BY_STATUS: Final[Problems] = {str(error.status): error.problem for error in _ERRORS} | _FROM_FASTAPI
_BY_OPERATION: Final[dict[str, Problems]] = {
    "create_task": {"409": TaskExists(json.dumps(_TASK).encode()).problem},
    "change_tasks": {"409": OperationsFailed([None, TaskNotFound()], dry_run=False).problem},
    "skip_task": {"409": NotSkippable("The task does not recur, so it has no occurrence to skip.").problem},
}


def examples_of(operation_id: str) -> Problems:
    """Return an example problem for each status that the operation may have."""
    return _BY_STATUS | _BY_OPERATION.get(operation_id, {})
