"""Apply several operations in one transaction, with at most five statements however many operations there are."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from src.db.database import Database
from src.db.pool import Row
from src.db.statement import Statement
from src.db.transaction import Transaction
from src.errors.base import AppError
from src.errors.client import OperationsFailed
from src.schemas.operations import Bulk, CreateOperation, DeleteOperation, Operation
from src.services.bulk.planner import Conditions, ExpectedRevisions, PlanContext, PlannedWrite, plan
from src.services.bulk.statements import (
    INSERT_TASKS,
    LOCK_OR_CREATE_OWNER,
    LOCK_OWNER,
    READ_TASKS,
    TAKE_REVISIONS,
    UPDATE_TASKS,
)
from src.services.bulk.tasks import BulkTasks, TaskState, references
from src.services.owner import OwnerId
from src.services.quota import Usage
from src.services.tasks.columns import WRITTEN, Columns
from src.services.tasks.json import detailed_task_json


class OperationOutcome(NamedTuple):
    """The result of one operation. `json` is its task, also after its deletion (204), or None if there is an `error`.

    `is_written` is true if the operation has changed the task.
    """

    status: int
    revision: int = 0
    json: bytes | None = None
    error: AppError | None = None
    is_written: bool = False
    id: int = 0


async def apply_operations(
    transaction: Transaction,
    owner: OwnerId,
    operations: Sequence[Operation],
    conditions: Conditions,
) -> list[OperationOutcome]:
    """Apply all operations that are possible, in their order; each write takes its own revision.

    Locks the owner until the end of the transaction. `If-Match` applies to operations that do not name a revision.
    """
    context = await _lock(transaction, owner, operations, conditions)
    tasks = await _read(transaction, owner, operations)
    plans = await _plan_in_thread(
        plan(operation, tasks, _expected_revisions(operation, conditions), context) for operation in operations
    )
    await _assign_revisions(transaction, owner, plans, context.usage)
    written = await _write(transaction, owner, plans, context.now)
    return [_outcome(planned, written) for planned in plans]


class _DryRunError(Exception):
    """Raised to roll back the transaction of a dry run."""


async def apply_bulk(
    database: Database | Transaction, owner: OwnerId, bulk: Bulk, conditions: Conditions
) -> list[OperationOutcome]:
    """Apply a bulk in its own transaction and return one outcome for each operation.

    Raises:
        OperationsFailed: The bulk is atomic and an operation failed; nothing has changed.
    """
    try:
        async with database.transaction(owner) as transaction:
            outcomes = await apply_operations(transaction, owner, bulk.operations, conditions)
            _roll_back_if_needed(bulk, [outcome.error for outcome in outcomes])
    except _DryRunError:
        pass
    return outcomes


def _roll_back_if_needed(bulk: Bulk, errors: list[AppError | None]) -> None:
    if bulk.atomic and any(errors):
        raise OperationsFailed(errors, dry_run=bulk.dry_run)
    if bulk.dry_run:
        raise _DryRunError


async def _lock(
    transaction: Transaction, owner: OwnerId, operations: Sequence[Operation], conditions: Conditions
) -> PlanContext:
    """Lock the owner's row, and return the time and the usage; writers lock it first, so that they cannot deadlock."""
    creates = any(isinstance(operation, CreateOperation) for operation in operations)
    row = await transaction.fetch_row(LOCK_OR_CREATE_OWNER if creates else LOCK_OWNER, owner=owner)
    if row is None:
        return PlanContext(datetime.now(UTC), conditions.zone, Usage(conditions.quota))
    usage = Usage(conditions.quota, row["task_count"], row["task_bytes"])
    return PlanContext(row["now"], lambda: conditions.zone() or row["time_zone"], usage)


async def _read(transaction: Transaction, owner: OwnerId, operations: Sequence[Operation]) -> BulkTasks:
    """Read the tasks that the operations name, and those whose uids new tasks have."""
    named = set(references(operations))
    ids = [each for each in named if isinstance(each, int)]
    uids = [each for each in named if isinstance(each, str)]
    tasks = BulkTasks(await transaction.fetch(READ_TASKS, owner=owner, ids=ids, uids=uids))
    tasks.require_distinct(operations)
    return tasks


async def _plan_in_thread(plans: Iterable[PlannedWrite]) -> list[PlannedWrite]:
    """Plan the operations in a worker thread: expanding hundreds of recurrence rules would block the event loop.

    Cancelling the request stops the thread at the next operation, so that it cannot delay shutdown.
    """
    is_cancelled = False

    def work() -> list[PlannedWrite]:
        return list(takewhile(lambda _: not is_cancelled, plans))

    try:
        return await asyncio.to_thread(work)
    finally:
        is_cancelled = True


async def _assign_revisions(
    transaction: Transaction, owner: OwnerId, plans: Iterable[PlannedWrite], usage: Usage
) -> None:
    """Assign consecutive revisions to all writes, and store the usage; a next task comes right after its task."""
    in_order = (columns for planned in plans for columns in (planned.changes, planned.next_task, planned.undone))
    writes = [columns for columns in in_order if columns is not None]
    if writes:
        counts = {"count": len(writes), "tasks": usage.tasks, "bytes": usage.bytes}
        [row] = await transaction.fetch(TAKE_REVISIONS, owner=owner, **counts)
        for revision, columns in enumerate(writes, start=row["revision"] - len(writes) + 1):
            columns["revision"] = revision


async def _write(
    transaction: Transaction, owner: OwnerId, plans: Sequence[PlannedWrite], now: datetime
) -> dict[int, Row]:
    """Insert all new tasks, then update all changed ones; return the rows by revision."""
    new = [planned.changes for planned in plans if planned.task is None and planned.changes is not None]
    next_tasks = [planned.next_task for planned in plans if planned.next_task is not None]
    written = await _fetch_written(transaction, INSERT_TASKS, new + next_tasks, owner=owner, now=now)
    changed = [
        _changed_row(planned, written) for planned in plans if planned.task is not None and planned.changes is not None
    ]
    undone = [planned.undone for planned in plans if planned.undone is not None]
    return written | await _fetch_written(transaction, UPDATE_TASKS, changed + undone, owner=owner, now=now)


async def _fetch_written(
    transaction: Transaction, statement: Statement, records: list[Columns], **values: object
) -> dict[int, Row]:
    if not records:
        return {}
    records_json = json.dumps(records, default=str, ensure_ascii=False)
    return {row["revision"]: row for row in await transaction.fetch(statement, records=records_json, **values)}


def _changed_row(planned: PlannedWrite, written: dict[int, Row]) -> Columns:
    """Return all columns of a task after its change, with the id of its next task."""
    link = {} if planned.next_task is None else {"next_task_id": written[planned.next_task["revision"]]["id"]}
    before = dict(planned.task or {})
    if created := before.get("created"):
        before["id"] = written[created["revision"]]["id"]
    return {name: before.get(name) for name in ("id", *WRITTEN)} | (planned.changes or {}) | link


def _outcome(planned: PlannedWrite, written: dict[int, Row]) -> OperationOutcome:
    if planned.error is not None:
        return OperationOutcome(planned.error.status, error=planned.error)
    if planned.changes is None:
        return _unchanged(planned.task, written)
    row, status = written[planned.changes["revision"]], 201 if planned.task is None else 200
    status = 204 if isinstance(planned.operation, DeleteOperation) else status
    return OperationOutcome(status, row["revision"], detailed_task_json(row), is_written=True, id=row["id"])


def _unchanged(task: TaskState | None, written: dict[int, Row]) -> OperationOutcome:
    if task is None:
        return OperationOutcome(204)
    if created := task.get("created"):
        row = written[created["revision"]]
        return OperationOutcome(200, row["revision"], detailed_task_json(row), id=row["id"])
    return OperationOutcome(200, task["revision"], detailed_task_json(task["task"]), id=task["id"])


def _expected_revisions(operation: Operation, conditions: Conditions) -> ExpectedRevisions:
    named = None if isinstance(operation, CreateOperation) else operation.revision
    return conditions.if_match if named is None else [named]
