"""What an operation makes of a task: what the statements on one task do, reckoned here for many at once."""

from dataclasses import dataclass
from datetime import datetime

from src.db.pool import Row
from src.errors import AppError, TaskChanged, TaskNotFound
from src.schemas.operations import (
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    Operation,
    RestoreOperation,
    TaskOperation,
    UpdateOperation,
)
from src.schemas.recurrence import next_occurrence
from src.services.task_columns import BLANK, Columns, stored

type Revisions = list[int] | None
"""The revisions of a task that the client knows; None where it does not care."""

_TAKEN_OVER = ("title", "description", "priority", "tags", "recurrence_from", "recurrence_tz")


@dataclass(slots=True)
class Draft:
    """What an operation comes to: `changes` of a task, or of none where it is new, and a task that follows it.

    Without `changes` the task stays as it is; with an `error`, too.
    """

    operation: Operation
    task: Row | None = None
    changes: Columns | None = None
    following: Columns | None = None
    error: AppError | None = None


def draft(operation: Operation, task: Row | None, known: Revisions, now: datetime) -> Draft:
    """What comes of the operation on the task as it is."""
    if isinstance(operation, CreateOperation):
        return Draft(operation, changes=_new(operation, now))
    if task is None or not _is_within_reach(operation, task):
        return Draft(operation, error=TaskNotFound())
    if known is not None and task["revision"] not in known:
        return Draft(operation, error=TaskChanged(task["json"]))
    changes = _changes(operation, task, now)
    return Draft(operation, task, changes, _following(task, changes or {}, now))


def _is_within_reach(operation: TaskOperation, task: Row) -> bool:
    """Only restoring, and deleting for good, reach into the trash."""
    in_trash_too = isinstance(operation, RestoreOperation) or (
        isinstance(operation, DeleteOperation) and operation.permanent
    )
    return task["last_event"] != "erased" if in_trash_too else task["deleted_at"] is None


def _new(operation: CreateOperation, now: datetime) -> Columns:
    values = stored(operation.task.model_dump())
    completed = values.pop("completed")
    return values | {"completed_at": now if completed else None, "last_event": "created"}


def _changes(operation: TaskOperation, task: Row, now: datetime) -> Columns | None:
    match operation:
        case UpdateOperation():
            return _updated(operation, task, now)
        case CompleteOperation():
            toggled = task["completed_at"] is None
            return _completion(task, now, completed=toggled if operation.completed is None else operation.completed)
        case DeleteOperation():
            erased = BLANK | {"last_event": "erased"} if operation.permanent else {"last_event": "deleted"}
            return {"deleted_at": now, **erased}
        case RestoreOperation():
            return {"deleted_at": None, "last_event": "restored"} if task["deleted_at"] else None


def _updated(operation: UpdateOperation, task: Row, now: datetime) -> Columns | None:
    values = stored(operation.changes.model_dump())
    if not values:
        return None
    completed = values.pop("completed", None)
    return (
        {"last_event": "updated"} | values | ({} if completed is None else _completion(task, now, completed=completed))
    )


def _completion(task: Row, now: datetime, *, completed: bool) -> Columns:
    if completed == (task["completed_at"] is not None):
        return {"last_event": "updated"}
    return (
        {"completed_at": now, "last_event": "completed"}
        if completed
        else {"completed_at": None, "last_event": "reopened"}
    )


def _following(task: Row, changes: Columns, now: datetime) -> Columns | None:
    """The next occurrence, where these changes complete a task that recurs and none has followed it yet."""
    after = {**task, **changes}
    if changes.get("last_event") != "completed" or after["recurrence"] is None or after["next_task_id"] is not None:
        return None
    occurrence = next_occurrence(
        after["recurrence"],
        after["due_date"],
        basis=after["recurrence_from"],
        completed_at=now,
        zone=after["recurrence_tz"],
    )
    if occurrence is None:
        return None
    taken_over = {name: after[name] for name in _TAKEN_OVER}
    return taken_over | stored(occurrence._asdict()) | {"last_event": "created"}
