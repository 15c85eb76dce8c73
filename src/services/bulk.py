"""Several operations in one transaction, in a handful of statements however many they are."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from typing import NamedTuple

from src.db.database import Database
from src.db.pool import Row
from src.db.transaction import Transaction
from src.errors import AppError, OperationsFailed
from src.schemas.operations import Bulk, CreateOperation, DeleteOperation, Operation
from src.services.bulk_statements import (
    INSERT_TASKS,
    LOCK_OR_INTRODUCE_OWNER,
    LOCK_OWNER,
    READ_TASKS,
    TAKE_REVISIONS,
    UPDATE_TASKS,
    WRITTEN,
)
from src.services.operations import Draft, Revisions, draft
from src.services.owner import OwnerId
from src.services.task_columns import BLANK, Columns

_NOT_YET = {**dict.fromkeys(WRITTEN), **BLANK}


class Outcome(NamedTuple):
    """What became of an operation; `json` is its task, None where that is deleted or there is an `error`.

    `is_written` says whether it has changed the task.
    """

    status: int
    revision: int = 0
    json: str | None = None
    error: AppError | None = None
    is_written: bool = False


async def perform(
    transaction: Transaction, owner: OwnerId, operations: Sequence[Operation], known: Revisions = None
) -> list[Outcome]:
    """Do what can be done of the operations, in their order, each write with a revision of its own.

    The owner is locked from here to the end of the transaction. `known` are the revisions that the client knows, where
    an operation does not name one.
    """
    now = await _lock(transaction, owner, operations)
    ids = [_task_id(each) for each in operations]
    tasks = {row["id"]: row for row in await transaction.fetch(READ_TASKS, owner=owner, ids=ids)}
    drafts = await _worked_out(draft(each, tasks.get(_task_id(each)), _known(each, known), now) for each in operations)
    await _number(transaction, owner, drafts)
    written = await _write(transaction, owner, drafts, now)
    return [_outcome(each, written) for each in drafts]


class _DryRunError(Exception):
    """Takes back what was done for show."""


async def perform_bulk(database: Database | Transaction, owner: OwnerId, bulk: Bulk) -> list[Outcome]:
    """Do several operations in a transaction of their own, each with an outcome of its own.

    Raises:
        OperationsFailed: They are atomic and one cannot be done; nothing has changed.
    """
    try:
        async with database.transaction(owner) as transaction:
            outcomes = await perform(transaction, owner, bulk.operations)
            _take_back(bulk, [outcome.error for outcome in outcomes])
    except _DryRunError:
        pass
    return outcomes


def _take_back(bulk: Bulk, errors: list[AppError | None]) -> None:
    if bulk.atomic and any(errors):
        raise OperationsFailed(errors)
    if bulk.dry_run:
        raise _DryRunError


async def _lock(transaction: Transaction, owner: OwnerId, operations: Sequence[Operation]) -> datetime:
    """The owner's row is the first thing that a writer locks, so writers cannot deadlock."""
    creates = any(isinstance(each, CreateOperation) for each in operations)
    row = await transaction.fetch_row(LOCK_OR_INTRODUCE_OWNER if creates else LOCK_OWNER, owner=owner)
    return datetime.now(UTC) if row is None else row["now"]


async def _worked_out(drafts: Iterable[Draft]) -> list[Draft]:
    """All drafts, worked out in a thread: by hundreds of laborious rules everybody else would be kept waiting.

    Who is cancelled ends the work: nobody wants it any more, and the process could not end before it.
    """
    is_wanted = True

    def work() -> list[Draft]:
        return list(takewhile(lambda _: is_wanted, drafts))

    try:
        return await asyncio.to_thread(work)
    finally:
        is_wanted = False


async def _number(transaction: Transaction, owner: OwnerId, drafts: Iterable[Draft]) -> None:
    """Give each task that is written the next revision, what follows a task after the task."""
    writes = [columns for each in drafts for columns in (each.changes, each.following) if columns is not None]
    row = await transaction.fetch_row(TAKE_REVISIONS, owner=owner, count=len(writes)) if writes else None
    if row is not None:
        for revision, columns in enumerate(writes, start=row["revision"] - len(writes) + 1):
            columns["revision"] = revision


async def _write(transaction: Transaction, owner: OwnerId, drafts: Sequence[Draft], now: datetime) -> dict[int, Row]:
    """What is written, by revision."""
    new = [each.changes for each in drafts if each.task is None and each.changes is not None]
    following = [each.following for each in drafts if each.following is not None]
    rows = [*map(_row, new), *map(_row, following)]
    inserted = await transaction.fetch(INSERT_TASKS, owner=owner, now=now, rows=_json(rows)) if rows else []
    written = {row["revision"]: row for row in inserted}
    rows = [_row_after(each, written) for each in drafts if each.task is not None and each.changes is not None]
    updated = await transaction.fetch(UPDATE_TASKS, owner=owner, now=now, rows=_json(rows)) if rows else []
    return written | {row["revision"]: row for row in updated}


def _row(new: Columns) -> Columns:
    return {**_NOT_YET, **new}


def _row_after(change: Draft, written: dict[int, Row]) -> Columns:
    """All columns of a task after a change, and its link to the task that follows it."""
    link = {} if change.following is None else {"next_task_id": written[change.following["revision"]]["id"]}
    before = dict(change.task or {})
    return {name: before.get(name) for name in ("id", *WRITTEN)} | (change.changes or {}) | link


def _outcome(draft: Draft, written: dict[int, Row]) -> Outcome:
    if draft.error is not None:
        return Outcome(draft.error.status, error=draft.error)
    row = draft.task if draft.changes is None else written[draft.changes["revision"]]
    if row is None or isinstance(draft.operation, DeleteOperation):
        return Outcome(204, is_written=True)
    status = 201 if draft.task is None else 200
    return Outcome(status, row["revision"], row["json"], is_written=draft.changes is not None)


def _task_id(operation: Operation) -> int:
    return 0 if isinstance(operation, CreateOperation) else operation.id


def _known(operation: Operation, known: Revisions) -> Revisions:
    named = None if isinstance(operation, CreateOperation) else operation.revision
    return known if named is None else [named]


def _json(rows: list[Columns]) -> str:
    return json.dumps(rows, default=str, ensure_ascii=False)
