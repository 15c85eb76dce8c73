"""What an owner can do with tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from src.db.database import Database
from src.db.statement import Statement
from src.db.transaction import Row, Transaction
from src.errors import TaskChanged, TaskNotFound
from src.schemas.operations import (
    Bulk,
    Changes,
    CompleteOperation,
    DeleteOperation,
    RestoreOperation,
    TaskOperation,
    UpdateOperation,
)
from src.schemas.query import TaskQuery
from src.schemas.task import TaskCompletion, TaskCreate, TaskUpdate
from src.services.bulk import OperationOutcome, apply_bulk, apply_operations
from src.services.list_parameters import filter_parameters, pagination_parameters
from src.services.list_statements import list_tasks
from src.services.operations import ExpectedRevisions
from src.services.owner import OwnerId
from src.services.task_columns import to_columns
from src.services.task_page import TaskPage, page
from src.services.task_statements import (
    COMPLETE_TASK,
    CREATE_TASK,
    ERASE_TASK,
    GET_TASK,
    RESTORE_TASK,
    REVISION,
    TRASH_TASK,
    update_task,
)


class TaskRecord(NamedTuple):
    """A task as one statement returns it: `json` is a `schemas.task.DetailedTask`."""

    id: int
    revision: int
    json: str


class TaskService:
    """The tasks of one owner. It is built with the owner, and no method can leave it.

    Each call is one statement wherever that is possible, else one transaction: when it returns, a change is committed,
    unless the service was built on a transaction. `publish` is told of the owner after each change. Every method
    raises `ServiceUnavailable` where the database is out of reach.
    """

    def __init__(self, database: Database | Transaction, owner: OwnerId, publish: Callable[[OwnerId], None]) -> None:
        self._database = database
        self._owner = owner
        self._publish = publish

    async def list_tasks(self, query: TaskQuery) -> TaskPage:
        """The tasks that match, in the order of the query, one page."""
        values = filter_parameters(query, datetime.now(UTC)) | pagination_parameters(query)
        return page(await self._database.fetch(list_tasks(*query.sorting), owner=self._owner, **values), query)

    async def create_task(self, task: TaskCreate) -> TaskRecord:
        """Add a task; with the first one the owner is known."""
        row = await self._database.fetch_row(CREATE_TASK, owner=self._owner, **to_columns(task.model_dump()))
        self._publish(self._owner)
        return TaskRecord(*_require(row))

    async def get_task(self, task_id: int) -> TaskRecord:
        """One task.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        row = await self._database.fetch_row(GET_TASK, owner=self._owner, id=task_id)
        return TaskRecord(*_require(row))

    async def update_task(self, task_id: int, changes: TaskUpdate, if_match: ExpectedRevisions = None) -> TaskRecord:
        """Set the members that were sent and leave the others alone; nothing sent changes nothing.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not one of `if_match`.
        """
        members = changes.model_dump()
        values = to_columns(members)
        if not values:
            return await self._get_if_matching(task_id, if_match)
        sent = Changes.model_construct(**members)
        operation = UpdateOperation.model_construct(op="update", id=task_id, changes=sent)
        if values.get("completed") and "recurrence" in values:
            return await self._apply_in_transaction(operation, if_match)
        return await self._write(update_task(frozenset(values)), operation, if_match, **values)

    async def complete_task(
        self, task_id: int, completion: TaskCompletion, if_match: ExpectedRevisions = None
    ) -> TaskRecord:
        """Set the completion, or toggle it where none is given; concurrent toggles each count.

        A task that recurs is followed by its next occurrence, once.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not one of `if_match`.
        """
        completed = completion.model_dump().get("completed")
        operation = CompleteOperation.model_construct(op="complete", id=task_id, completed=completed)
        return await self._write(COMPLETE_TASK, operation, if_match, completed=completed)

    async def delete_task(self, task_id: int, if_match: ExpectedRevisions = None, *, permanent: bool = False) -> None:
        """Move a task to the trash, or delete it for good, wherever it is.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not one of `if_match`.
        """
        operation = DeleteOperation.model_construct(op="delete", id=task_id, permanent=permanent)
        await self._write(ERASE_TASK if permanent else TRASH_TASK, operation, if_match)

    async def restore_task(self, task_id: int, if_match: ExpectedRevisions = None) -> TaskRecord:
        """Take a task out of the trash; one that is not there stays as it is.

        Raises:
            TaskNotFound: The owner has none with this id, or it is deleted for good.
            TaskChanged: Its revision is not one of `if_match`.
        """
        return await self._write(RESTORE_TASK, RestoreOperation.model_construct(op="restore", id=task_id), if_match)

    async def bulk(self, bulk: Bulk) -> list[OperationOutcome]:
        """Do several operations, each with an outcome of its own.

        Raises:
            OperationsFailed: One of them cannot be done and they are atomic; nothing has changed.
        """
        outcomes = await apply_bulk(self._database, self._owner, bulk)
        if not bulk.dry_run and any(outcome.is_written for outcome in outcomes):
            self._publish(self._owner)
        return outcomes

    async def revision(self) -> int:
        """The owner's revision, 0 before the first write: one read by primary key."""
        row = await self._database.fetch_row(REVISION, owner=self._owner)
        return 0 if row is None else int(row["revision"])

    async def _get_if_matching(self, task_id: int, if_match: ExpectedRevisions) -> TaskRecord:
        task = await self.get_task(task_id)
        if if_match is not None and task.revision not in if_match:
            raise TaskChanged(task.json)
        return task

    async def _write(
        self, statement: Statement, operation: TaskOperation, if_match: ExpectedRevisions, **values: object
    ) -> TaskRecord:
        """The operation by one statement, or where that finds nothing to do, with a closer look."""
        row = await self._database.fetch_row(
            statement, owner=self._owner, id=operation.id, revisions=if_match, **values
        )
        if row is None:
            return await self._apply_in_transaction(operation, if_match)
        self._publish(self._owner)
        return TaskRecord(*row)

    async def _apply_in_transaction(self, operation: TaskOperation, if_match: ExpectedRevisions) -> TaskRecord:
        async with self._database.transaction(self._owner) as transaction:
            [outcome] = await apply_operations(transaction, self._owner, [operation], if_match)
            if outcome.error is not None:
                raise outcome.error
        if outcome.is_written:
            self._publish(self._owner)
        return TaskRecord(operation.id, outcome.revision, outcome.json or "")


def _require(row: Row | None) -> Row:
    if row is None:
        raise TaskNotFound
    return row
