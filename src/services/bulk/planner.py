"""Plan what each operation of a bulk writes. The result is the same as that of the statement on one task."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from src.db.pool import Row
from src.errors import AppError, TaskChanged, TaskNotFound, TimeZoneUnknown
from src.recurrence.next import next_occurrence
from src.schemas.operations import (
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    Operation,
    RestoreOperation,
    TaskOperation,
    UpdateOperation,
)
from src.services.settings.service import NamedZone
from src.services.tasks.columns import CREATED, Columns, to_columns, to_restored, to_tombstone, to_trash
from src.services.tasks.json import detailed_task_json
from src.services.tasks.zones import in_zone, rule_zone

type ExpectedRevisions = list[int] | None
"""The revisions of which a task must have one (`If-Match`); None accepts any."""


class Moment(NamedTuple):
    """The time of the operations, and how their time zone is found; None if no zone is known."""

    now: datetime
    zone: NamedZone


@dataclass(slots=True)
class PlannedWrite:
    """The result of planning an operation: the changes of a task, and the next task of a recurring one.

    `task` is None for a new task. Without `changes`, or with an `error`, nothing is written.
    """

    operation: Operation
    task: Row | None = None
    changes: Columns | None = None
    next_task: Columns | None = None
    error: AppError | None = None


def plan(operation: Operation, task: Row | None, if_match: ExpectedRevisions, moment: Moment) -> PlannedWrite:
    """Plan an operation on the current state of its task."""
    try:
        return _plan(operation, task, if_match, moment)
    except TimeZoneUnknown as error:
        return PlannedWrite(operation, error=error)


def _plan(operation: Operation, task: Row | None, if_match: ExpectedRevisions, moment: Moment) -> PlannedWrite:
    if isinstance(operation, CreateOperation):
        return PlannedWrite(operation, changes=_new(operation, moment))
    if task is None or not _is_reachable(operation, task):
        return PlannedWrite(operation, error=TaskNotFound())
    if if_match is not None and task["revision"] not in if_match:
        return PlannedWrite(operation, error=TaskChanged(detailed_task_json(task["task"])))
    changes = _changes(operation, task, moment)
    return PlannedWrite(operation, task, changes, _next_task(task, changes or {}, moment))


def _is_reachable(operation: TaskOperation, task: Row) -> bool:
    """Return whether the operation applies: only restoring and permanent deletion reach into the trash."""
    in_trash_too = isinstance(operation, RestoreOperation) or (
        isinstance(operation, DeleteOperation) and operation.permanent
    )
    return task["last_event"] != "erased" if in_trash_too else task["deleted_at"] is None


def _new(operation: CreateOperation, moment: Moment) -> Columns:
    values = to_columns(in_zone(operation.task.model_dump(), operation.task.tz, moment.zone))
    completed = values.pop("completed")
    return values | {"completed_at": moment.now if completed else None, "last_event": "created"}


def _changes(operation: TaskOperation, task: Row, moment: Moment) -> Columns | None:
    now = moment.now
    match operation:
        case UpdateOperation():
            return _updated(operation, task, moment)
        case CompleteOperation():
            toggled = task["completed_at"] is None
            return _completion(task, now, completed=toggled if operation.completed is None else operation.completed)
        case DeleteOperation():
            return to_tombstone(now) if operation.permanent else to_trash(now)
        case RestoreOperation():
            return to_restored(now) if task["deleted_at"] else None


def _updated(operation: UpdateOperation, task: Row, moment: Moment) -> Columns | None:
    members = operation.changes.model_dump()
    if not members:
        return None
    values = to_columns(in_zone(members, operation.changes.tz, moment.zone, dict(task)))
    completed = values.pop("completed", None)
    completion = {} if completed is None else _completion(task, moment.now, completed=completed)
    return {"last_event": "updated"} | values | completion


def _completion(task: Row, now: datetime, *, completed: bool) -> Columns:
    if completed == (task["completed_at"] is not None):
        return {"last_event": "updated"}
    return (
        {"completed_at": now, "last_event": "completed"}
        if completed
        else {"completed_at": None, "last_event": "reopened"}
    )


def _next_task(task: Row, changes: Columns, moment: Moment) -> Columns | None:
    """Return the next task if these changes complete a recurring task that does not have a next one yet."""
    after = {**task, **changes}
    if changes.get("last_event") != "completed" or after["recurrence"] is None or after["next_task_id"] is not None:
        return None
    zone = after["recurrence_tz"] or moment.zone()
    occurrence = next_occurrence(
        after["recurrence"],
        after["due_date"],
        basis=after["recurrence_from"],
        completed_at=moment.now,
        zone=zone,
    )
    if occurrence is None:
        return None
    inherited = {name: after[name] for name in CREATED}
    return inherited | to_columns(occurrence._asdict()) | rule_zone(after, zone) | {"last_event": "created"}
