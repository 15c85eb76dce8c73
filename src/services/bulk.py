"""Several operations in one transaction, in a handful of statements however many they are."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from src.db.database import Database
from src.db.transaction import Row, Transaction
from src.errors import AppError, OperationsFailed
from src.schemas.operations import Bulk, CreateOperation, DeleteOperation, Operation
from src.services.bulk_statements import (
    INSERT_TASKS,
    LOCK_OR_CREATE_OWNER,
    LOCK_OWNER,
    READ_TASKS,
    TAKE_REVISIONS,
    UPDATE_TASKS,
)
from src.services.operations import ExpectedRevisions, PlannedWrite, plan
from src.services.owner import OwnerId
from src.services.task_columns import WRITTEN, Columns


class OperationOutcome(NamedTuple):
    """What became of an operation; `json` is its task, None where that is deleted or there is an `error`.

    `is_written` says whether it has changed the task.
    """

    status: int
    revision: int = 0
    json: str | None = None
    error: AppError | None = None
    is_written: bool = False


async def apply_operations(
    transaction: Transaction, owner: OwnerId, operations: Sequence[Operation], if_match: ExpectedRevisions = None
) -> list[OperationOutcome]:
    """Do what can be done of the operations, in their order, each write with a revision of its own.

    The owner is locked from here to the end of the transaction. `if_match` are the revisions that the client
    knows, where an operation does not name one.
    """
    now = await _lock(transaction, owner, operations)
    ids = [_task_id(each) for each in operations]
    tasks = {row["id"]: row for row in await transaction.fetch(READ_TASKS, owner=owner, ids=ids)}
    plans = await _plan_in_thread(
        plan(each, tasks.get(_task_id(each)), _expected_revisions(each, if_match), now) for each in operations
    )
    await _assign_revisions(transaction, owner, plans)
    written = await _write(transaction, owner, plans, now)
    return [_outcome(each, written) for each in plans]


class _DryRunError(Exception):
    """Takes back what was done for show."""


async def apply_bulk(database: Database | Transaction, owner: OwnerId, bulk: Bulk) -> list[OperationOutcome]:
    """Do several operations in a transaction of their own, each with an outcome of its own.

    Raises:
        OperationsFailed: They are atomic and one cannot be done; nothing has changed.
    """
    try:
        async with database.transaction(owner) as transaction:
            outcomes = await apply_operations(transaction, owner, bulk.operations)
            _roll_back_if_needed(bulk, [outcome.error for outcome in outcomes])
    except _DryRunError:
        pass
    return outcomes


def _roll_back_if_needed(bulk: Bulk, errors: list[AppError | None]) -> None:
    if bulk.atomic and any(errors):
        raise OperationsFailed(errors)
    if bulk.dry_run:
        raise _DryRunError


async def _lock(transaction: Transaction, owner: OwnerId, operations: Sequence[Operation]) -> datetime:
    """The owner's row is the first thing that a writer locks, so writers cannot deadlock."""
    creates = any(isinstance(each, CreateOperation) for each in operations)
    row = await transaction.fetch_row(LOCK_OR_CREATE_OWNER if creates else LOCK_OWNER, owner=owner)
    return datetime.now(UTC) if row is None else row["now"]


async def _plan_in_thread(plans: Iterable[PlannedWrite]) -> list[PlannedWrite]:
    """All plans, worked out in a thread: by hundreds of laborious rules everybody else would be kept waiting.

    Who is cancelled ends the work: nobody wants it any more, and the process could not end before it.
    """
    is_wanted = True

    def work() -> list[PlannedWrite]:
        return list(takewhile(lambda _: is_wanted, plans))

    try:
        return await asyncio.to_thread(work)
    finally:
        is_wanted = False


async def _assign_revisions(transaction: Transaction, owner: OwnerId, plans: Iterable[PlannedWrite]) -> None:
    """Give each task that is written the next revision, what follows a task after the task."""
    writes = [columns for each in plans for columns in (each.changes, each.next_task) if columns is not None]
    row = await transaction.fetch_row(TAKE_REVISIONS, owner=owner, count=len(writes)) if writes else None
    if row is not None:
        for revision, columns in enumerate(writes, start=row["revision"] - len(writes) + 1):
            columns["revision"] = revision


async def _write(
    transaction: Transaction, owner: OwnerId, plans: Sequence[PlannedWrite], now: datetime
) -> dict[int, Row]:
    """What is written, by revision."""
    new = [each.changes for each in plans if each.task is None and each.changes is not None]
    next_tasks = [each.next_task for each in plans if each.next_task is not None]
    rows = new + next_tasks
    inserted = await transaction.fetch(INSERT_TASKS, owner=owner, now=now, rows=_json(rows)) if rows else []
    written = {row["revision"]: row for row in inserted}
    rows = [_row_after(each, written) for each in plans if each.task is not None and each.changes is not None]
    updated = await transaction.fetch(UPDATE_TASKS, owner=owner, now=now, rows=_json(rows)) if rows else []
    return written | {row["revision"]: row for row in updated}


def _row_after(change: PlannedWrite, written: dict[int, Row]) -> Columns:
    """All columns of a task after a change, and its link to the task that follows it."""
    link = {} if change.next_task is None else {"next_id": written[change.next_task["revision"]]["id"]}
    before = dict(change.task or {})
    return {name: before.get(name) for name in ("id", *WRITTEN)} | (change.changes or {}) | link


def _outcome(plan: PlannedWrite, written: dict[int, Row]) -> OperationOutcome:
    if plan.error is not None:
        return OperationOutcome(plan.error.status, error=plan.error)
    row = plan.task if plan.changes is None else written[plan.changes["revision"]]
    if row is None or isinstance(plan.operation, DeleteOperation):
        return OperationOutcome(204, is_written=True)
    status = 201 if plan.task is None else 200
    return OperationOutcome(status, row["revision"], row["json"], is_written=plan.changes is not None)


def _task_id(operation: Operation) -> int:
    return 0 if isinstance(operation, CreateOperation) else operation.id


def _expected_revisions(operation: Operation, if_match: ExpectedRevisions) -> ExpectedRevisions:
    named = None if isinstance(operation, CreateOperation) else operation.revision
    return if_match if named is None else [named]


def _json(rows: list[Columns]) -> str:
    return json.dumps(rows, default=str, ensure_ascii=False)
