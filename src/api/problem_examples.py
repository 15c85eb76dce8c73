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
    StreamLimitExceeded,
    SyncExpired,
    TaskChanged,
    TaskExists,
    TaskNotFound,
    TokenMissing,
    UserMismatch,
)
from src.errors.invalid import InvalidTimeZone
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
_ZONE: Final = "must be a time zone of the IANA database, such as Europe/Paris"


def _invalid(field: str, message: str, kind: str) -> Problems:
    """Build the problem of a request with one invalid field."""
    errors = [{"field": field, "message": message, "type": kind}]
    return {"422": problem_document(422, "invalid-request", "Invalid request", f"{field}: {message}.", errors=errors)}


_INVALID_TITLE: Final = _invalid("title", "String should have at least 1 character", "string_too_short")
_INVALID_ID: Final = _invalid("task_id", "Input should be greater than or equal to 1", "greater_than_equal")
_INVALID_TOKEN: Final = _invalid("since", "must be a 'next_since' or an event's id", "value_error")
_FROM_FASTAPI: Final[Problems] = {
    "400": problem_document(400, "bad-request", "Bad Request", "There was an error parsing the body."),
    "415": problem_document(
        415, "unsupported-media-type", "Unsupported media type", "Send 'Content-Type: application/json'."
    ),
}
_BY_STATUS: Final[Problems] = {str(error.status): error.problem for error in _ERRORS} | _FROM_FASTAPI
_BY_OPERATION: Final[dict[str, Problems]] = {
    "list_tasks": _invalid("limit", "Input should be greater than or equal to 1", "greater_than_equal"),
    "create_task": {"409": TaskExists(json.dumps(_TASK).encode()).problem} | _INVALID_TITLE,
    "get_task": _INVALID_ID,
    "put_task": _INVALID_TITLE,
    "update_task": _INVALID_TITLE,
    "delete_task": _INVALID_ID,
    "complete_task": _invalid(
        "completed", "Input should be a valid boolean, unable to interpret input", "bool_parsing"
    ),
    "restore_task": _INVALID_ID,
    "skip_task": {"409": NotSkippable("The task does not recur, so it has no occurrence to skip.").problem}
    | _invalid("tz", _ZONE, "value_error"),
    "change_tasks": {"409": OperationsFailed([None, TaskNotFound()], dry_run=False).problem}
    | _invalid("operations", "List should have at least 1 item, not 0", "too_short"),
    "list_changes": _INVALID_TOKEN,
    "stream_events": {"429": StreamLimitExceeded().problem} | _INVALID_TOKEN,
    "get_stats": {"422": InvalidTimeZone("tz").problem},
    "put_settings": _invalid("time_zone", _ZONE, "value_error"),
}


def examples_of(operation_id: str) -> Problems:
    """Return an example problem for each status that the operation may have."""
    return _BY_STATUS | _BY_OPERATION.get(operation_id, {})
