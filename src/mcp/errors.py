"""Explain errors to agents, in a sentence that says what to call instead."""

import re
from collections.abc import Sequence

from pydantic import ValidationError

from src.api.problems import plain
from src.errors.base import AppError
from src.errors.client import SyncExpired, TaskChanged, TaskNotFound
from src.errors.invalid import TimeZoneUnknown
from src.schemas.operations import CreateOperation, Operation

_MAX_ERRORS = 5
_MAX_NAME = 100


class ToolMisuse(Exception):
    """A call that cannot be done as it is; the message is a sentence for the agent."""


def sentence(error: AppError) -> str:
    """Explain an error of the services."""
    match error:
        case TaskNotFound():
            return "There is no such task: take ids from list_tasks, and those of deleted tasks with 'trashed': true."
        case TaskChanged():
            return "The task has changed since you read it: read it with get_task, and send its 'revision' or none."
        case SyncExpired():
            return "This position is too old: call what_changed without 'since', and read all with list_tasks."
        case TimeZoneUnknown():
            return (
                f"'{error.field}' depends on the user's time zone, which is unknown: call again with 'tz', such as "
                '"Europe/Paris", or send the time with its offset, such as "2026-12-01T09:00:00+01:00".'
            )
    return error.detail


def failed_operations(errors: Sequence[AppError | None], operations: Sequence[Operation]) -> str:
    """Explain which operations of a call failed, because of which none was applied."""
    failed = [
        f"{_name(number, operation)}: {sentence(error)}"
        for number, (error, operation) in enumerate(zip(errors, operations, strict=True), start=1)
        if error is not None
    ]
    return f"Nothing was changed. {' '.join(failed[:_MAX_ERRORS])}"


def invalid_arguments(tool: str, names: Sequence[str], example: str, error: ValidationError) -> str:
    """Explain arguments that do not validate, without the values that were sent, and show a call that is right."""
    found = error.errors(include_input=False, include_url=False)[:_MAX_ERRORS]
    reasons = [_reason(each["loc"], each["type"], each["msg"], names) for each in found]
    return f"{'; '.join(reasons)}. Call it like this: {tool}({example})."


def _reason(location: tuple[int | str, ...], kind: str, message: str, names: Sequence[str]) -> str:
    field = ".".join(map(str, location))[:_MAX_NAME]
    if kind == "extra_forbidden":
        known = f"; the arguments are {', '.join(names)}" if len(location) == 1 else ""
        return f"'{field}' is unknown{known}"
    words = _MESSAGES.get(kind) or _BEGINNING.sub(r"must \1", plain(message), count=1)
    return f"'{field}' {words}" if field else words


_BEGINNING = re.compile(r"^(?:Input|List|String|Value) should (be|have|match)")
_MESSAGES = {
    "missing": "is missing",
    "list_type": "must be an array",
    "string_pattern_mismatch": "must not contain NUL",
}


def _name(number: int, operation: Operation) -> str:
    return f"New task {number}" if isinstance(operation, CreateOperation) else f"Task {operation.id}"
