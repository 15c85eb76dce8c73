"""Plan what each operation of a bulk writes. The result is the same as that of the statement on one task."""

from dataclasses import dataclass
from datetime import datetime

from src.db.pool import Row
from src.errors import AppError, NotSkippable, TaskChanged, TaskNotFound
from src.recurrence.next import Basis, next_occurrence
from src.schemas.operations import (
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    Operation,
    RestoreOperation,
    SkipOperation,
    TaskOperation,
    UpdateOperation,
)
from src.services.tasks.columns import CREATED, Columns, to_columns, to_restored, to_tombstone, to_trash
from src.services.tasks.json import detailed_task_json

type ExpectedRevisions = list[int] | None
"""The revisions of which a task must have one (`If-Match`); None accepts any."""

type Events = dict[int, str]
"""The last events of tasks that earlier operations of the same bulk write, by id."""


@dataclass(slots=True)
class PlannedWrite:
    """The result of planning an operation: the changes of a task, and the next task of a recurring one.

    `next_task` is to be created, and `undone` is a next task that is to be deleted permanently, because the completion
    that created it is undone. `task` is None for a new task. Without `changes`, or with an `error`, nothing is written.
    """

    operation: Operation
    task: Row | None = None
    changes: Columns | None = None
    next_task: Columns | None = None
    undone: Columns | None = None
    error: AppError | None = None


def plan(
    operation: Operation, task: Row | None, if_match: ExpectedRevisions, now: datetime, earlier: Events
) -> PlannedWrite:
    """Plan an operation on the current state of its task, and add its events to those of earlier operations."""
    if isinstance(operation, CreateOperation):
        return PlannedWrite(operation, changes=_new(operation, now))
    if task is None or not _is_reachable(operation, task) or earlier.get(operation.id) == "erased":
        return PlannedWrite(operation, error=TaskNotFound())
    if if_match is not None and task["revision"] not in if_match:
        return PlannedWrite(operation, error=TaskChanged(detailed_task_json(task["task"])))
    try:
        changes = _changes(operation, task, now)
    except AppError as error:
        return PlannedWrite(operation, error=error)
    if changes is None:
        return PlannedWrite(operation, task)
    undone = _undone(task, changes, now, earlier)
    earlier[operation.id] = changes["last_event"]
    if undone:
        earlier[undone["id"]] = undone["last_event"]
        changes["next_task_id"] = None
    return PlannedWrite(operation, task, changes, _next_task(task, changes, now), undone)


def _is_reachable(operation: TaskOperation, task: Row) -> bool:
    """Return whether the operation applies: only restoring and permanent deletion reach into the trash."""
    in_trash_too = isinstance(operation, RestoreOperation) or (
        isinstance(operation, DeleteOperation) and operation.permanent
    )
    return task["last_event"] != "erased" if in_trash_too else task["deleted_at"] is None


def _new(operation: CreateOperation, now: datetime) -> Columns:
    values = to_columns(operation.task.model_dump())
    completed_at = min(values["completed_at"] or now, now) if values.pop("completed") else None
    return values | {"completed_at": completed_at, "last_event": "created"}


def _changes(operation: TaskOperation, task: Row, now: datetime) -> Columns | None:
    match operation:
        case UpdateOperation():
            return _updated(operation, task, now)
        case CompleteOperation():
            toggled = task["completed_at"] is None
            return _completion(task, now, completed=toggled if operation.completed is None else operation.completed)
        case DeleteOperation():
            return to_tombstone(now) if operation.permanent else to_trash(now)
        case RestoreOperation():
            return to_restored(now) if task["deleted_at"] else None
        case SkipOperation():
            return _skipped(task, now)


def _updated(operation: UpdateOperation, task: Row, now: datetime) -> Columns | None:
    values = to_columns(operation.changes.model_dump())
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


def _next_task(task: Row, changes: Columns, now: datetime) -> Columns | None:
    """Return the next task if these changes complete a recurring task that does not have a next one yet."""
    after = {**task, **changes}
    if changes["last_event"] != "completed" or after["recurrence"] is None or after["next_task_id"] is not None:
        return None
    occurrence = _next_occurrence(after, after["recurrence_from"], now)
    if occurrence is None:
        return None
    inherited = {name: after[name] for name in CREATED}
    return inherited | occurrence | {"last_event": "created"}


def _next_occurrence(task: Columns, basis: Basis, now: datetime) -> Columns | None:
    """Return the columns of the due date and the rule of the next occurrence."""
    occurrence = next_occurrence(
        task["recurrence"], task["due_date"], basis=basis, completed_at=now, zone=task["recurrence_tz"]
    )
    return None if occurrence is None else to_columns(occurrence._asdict())


def _undone(task: Row, changes: Columns, now: datetime, earlier: Events) -> Columns | None:
    """Return the tombstone of the next task if these changes reopen a task whose next one is as it was created."""
    next_id = task["next_task_id"]
    if changes["last_event"] != "reopened" or earlier.get(next_id, task["next_event"]) != "created":
        return None
    return {"id": next_id, **to_tombstone(now)}


def _skipped(task: Row, now: datetime) -> Columns:
    """Return the due date and the rule of the occurrence after that of the due date, whatever `recurrence_from` is."""
    if task["recurrence"] is None:
        raise NotSkippable("The task does not recur, so it has no occurrence to skip.")
    if task["completed_at"] is not None:
        raise NotSkippable("The task is completed; only an occurrence of a pending task can be skipped.")
    occurrence = _next_occurrence({**task}, "due_date", now)
    if occurrence is None:
        raise NotSkippable("This is the last occurrence of the task, so it cannot be skipped; complete or delete it.")
    return occurrence | {"last_event": "updated"}
