"""Plan what each operation of a bulk writes. The result is the same as that of the statement on one task."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from src.errors.base import AppError
from src.errors.client import NotSkippable, TaskChanged, TaskExists, TaskNotFound
from src.errors.invalid import InvalidTimeZone, TaskRepeated, UidChanged
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
from src.schemas.uid import TaskReference
from src.services.bulk.tasks import BulkTasks, TaskState
from src.services.quota import COUNTED, Quota, Usage, text_bytes
from src.services.settings.service import NamedZone
from src.services.tasks.columns import CREATED, Columns, to_columns, to_restored, to_tombstone, to_trash
from src.services.tasks.json import detailed_task_json
from src.services.tasks.zones import in_zone, rule_zone

type ExpectedRevisions = list[int] | None
"""The revisions in `If-Match`: a task must have one of them; None accepts any."""


class Conditions(NamedTuple):
    """The parts of a request that its operations need: how their time zone is found, the quota, and `If-Match`."""

    zone: NamedZone
    quota: Quota
    if_match: ExpectedRevisions = None


class PlanContext(NamedTuple):
    """The values that operations share: the time, how a time zone is found (None if none is known), and the usage."""

    now: datetime
    zone: NamedZone
    usage: Usage


@dataclass(slots=True)
class PlannedWrite:
    """The result of planning an operation: the changes of a task, and the next task of a recurring one.

    `next_task` is to be created, and `undone` is a next task that is to be deleted permanently, because the completion
    that created it is undone. `task` is None for a new task. Without `changes`, or with an `error`, nothing is written.
    """

    operation: Operation
    task: TaskState | None = None
    changes: Columns | None = None
    next_task: Columns | None = None
    undone: Columns | None = None
    error: AppError | None = None


def plan(operation: Operation, tasks: BulkTasks, if_match: ExpectedRevisions, context: PlanContext) -> PlannedWrite:
    """Plan an operation on the current state of its task, and let later operations know what it does."""
    try:
        return _plan(operation, tasks, if_match, _in_zone_of(operation, context))
    except InvalidTimeZone:  # of the request, and not of the operation
        raise
    except AppError as error:
        return PlannedWrite(operation, error=error)


def _plan(operation: Operation, tasks: BulkTasks, if_match: ExpectedRevisions, context: PlanContext) -> PlannedWrite:
    if isinstance(operation, CreateOperation):
        return PlannedWrite(operation, changes=_new(operation, tasks, context))
    task, earlier = tasks.find(operation.id), tasks.events
    if task is None or not _is_reachable(operation, task) or earlier.get(task["id"]) == "erased":
        raise TaskNotFound
    if if_match is not None and task["revision"] not in if_match:
        raise TaskChanged(detailed_task_json(task["task"]))
    changes = _changes(operation, task, context)
    if changes is None:
        return PlannedWrite(operation, task)
    undone, next_task = _undone(task, changes, context.now, earlier), _next_task(task, changes, context)
    _add_growth(context.usage, task, changes)
    if next_task and not context.usage.add_next_task(text_bytes(next_task)):
        next_task = None
    earlier[task["id"]] = changes["last_event"]
    if undone:
        context.usage.add(-1, -task["next"][1])
        earlier[undone["id"]] = undone["last_event"]
        changes["next_task_id"] = None
    return PlannedWrite(operation, task, changes, next_task, undone)


def _in_zone_of(operation: Operation, context: PlanContext) -> PlanContext:
    """Return the context in the time zone that the operation names, if it names one."""
    match operation:
        case UpdateOperation():
            tz = operation.changes.tz
        case CompleteOperation() | SkipOperation():
            tz = operation.tz
        case _:
            tz = None
    return context if tz is None else context._replace(zone=lambda: tz)


def _is_reachable(operation: TaskOperation, task: TaskState) -> bool:
    """Return whether the operation applies: only restoring and permanent deletion reach into the trash."""
    in_trash_too = isinstance(operation, RestoreOperation) or (
        isinstance(operation, DeleteOperation) and operation.permanent
    )
    return task["last_event"] != "erased" if in_trash_too else task["deleted_at"] is None


def _new(operation: CreateOperation, tasks: BulkTasks, context: PlanContext) -> Columns:
    uid = operation.task.uid
    if existing := tasks.find(uid):
        if existing["id"] in tasks.events:
            raise TaskRepeated
        raise TaskExists(detailed_task_json(existing["task"]))
    values, now = to_columns(in_zone(operation.task.model_dump(), operation.task.tz, context.zone)), context.now
    completed_at = min(values["completed_at"] or now, now) if values.pop("completed") else None
    context.usage.add(1, text_bytes(values))
    columns = values | {"completed_at": completed_at, "last_event": "created"}
    tasks.add(uid, columns)
    return columns


def _add_growth(usage: Usage, task: TaskState, changes: Columns) -> None:
    """Add what the changes add to the task; a tombstone is no task."""
    before = {name: task[name] for name in COUNTED if name in changes}
    usage.add(-1 if changes["last_event"] == "erased" else 0, text_bytes(changes) - text_bytes(before))


def _changes(operation: TaskOperation, task: TaskState, context: PlanContext) -> Columns | None:
    now = context.now
    match operation:
        case UpdateOperation():
            return _updated(operation, task, context)
        case CompleteOperation():
            toggled = task["completed_at"] is None
            return _completion(task, now, completed=toggled if operation.completed is None else operation.completed)
        case DeleteOperation():
            return to_tombstone(now) if operation.permanent else to_trash(now)
        case RestoreOperation():
            return to_restored(now) if task["deleted_at"] else None
        case SkipOperation():
            return _skipped(task, context)


def _updated(operation: UpdateOperation, task: TaskState, context: PlanContext) -> Columns | None:
    members = operation.changes.model_dump()
    if not members:
        return None
    if members.pop("uid", task["uid"]) != task["uid"]:
        raise UidChanged
    values = to_columns(in_zone(members, operation.changes.tz, context.zone, dict(task)))
    completed = values.pop("completed", None)
    completion = {} if completed is None else _completion(task, context.now, completed=completed)
    return {"last_event": "updated"} | values | completion


def _completion(task: TaskState, now: datetime, *, completed: bool) -> Columns:
    if completed == (task["completed_at"] is not None):
        return {"last_event": "updated"}
    return (
        {"completed_at": now, "last_event": "completed"}
        if completed
        else {"completed_at": None, "last_event": "reopened"}
    )


def _next_task(task: TaskState, changes: Columns, context: PlanContext) -> Columns | None:
    """Return the next task if these changes complete a recurring task that does not have a next one yet."""
    after = {**task, **changes}
    if changes["last_event"] != "completed" or after["recurrence"] is None or after["next_task_id"] is not None:
        return None
    occurrence = _next_occurrence(after, after["recurrence_from"], context)
    if occurrence is None:
        return None
    inherited = {name: after[name] for name in CREATED}
    return inherited | occurrence | {"last_event": "created"}


def _next_occurrence(task: Columns, basis: Basis, context: PlanContext) -> Columns | None:
    """Return the columns of the due date, the rule and its time zone at the next occurrence."""
    zone = task["recurrence_tz"] or context.zone()
    occurrence = next_occurrence(task["recurrence"], task["due_date"], basis=basis, completed_at=context.now, zone=zone)
    return None if occurrence is None else to_columns(occurrence._asdict()) | rule_zone(task, zone)


def _undone(task: TaskState, changes: Columns, now: datetime, earlier: Mapping[TaskReference, str]) -> Columns | None:
    """Return the tombstone of the next task if these changes reopen a task whose next one is as it was created."""
    next_id, state = task["next_task_id"], task["next"]
    if changes["last_event"] != "reopened" or earlier.get(next_id, state and state[0]) != "created":
        return None
    return {"id": next_id, **to_tombstone(now)}


def _skipped(task: TaskState, context: PlanContext) -> Columns:
    """Return the due date and the rule of the occurrence after that of the due date, whatever `recurrence_from` is."""
    if task["recurrence"] is None:
        raise NotSkippable("The task does not recur, so it has no occurrence to skip.")
    if task["completed_at"] is not None:
        raise NotSkippable("The task is completed; only an occurrence of a pending task can be skipped.")
    occurrence = _next_occurrence({**task}, "due_date", context)
    if occurrence is None:
        raise NotSkippable("This is the last occurrence of the task, so it cannot be skipped; complete or delete it.")
    return occurrence | {"last_event": "updated"}
