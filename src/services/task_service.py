"""What an owner can do with tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from src.db.database import Database
from src.db.pool import Row
from src.db.statement import Statement
from src.db.transaction import Transaction
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
from src.services.bulk import Outcome, perform, perform_bulk
from src.services.list_parameters import conditions_of, page_of
from src.services.list_statements import list_tasks
from src.services.operations import Revisions
from src.services.owner import OwnerId
from src.services.task_columns import stored
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


class StoredTask(NamedTuple):
    """A task as it is in the database: `json` is a `schemas.task.DetailedTask`."""

    revision: int
    json: str


class CreatedTask(NamedTuple):
    """A task that has just got its id."""

    id: int
    revision: int
    json: str


class TaskService:
    """The tasks of one owner. It is built with the owner, and no method can leave it.

    Each call is one statement wherever that is possible, else one transaction: when it returns, a change is committed,
    unless the service was built on a transaction. `announce` is told of the owner after each change. Every method
    raises `ServiceUnavailable` where the database is out of reach.
    """

    def __init__(self, database: Database | Transaction, owner: OwnerId, announce: Callable[[OwnerId], None]) -> None:
        self._database = database
        self._owner = owner
        self._announce = announce

    async def list_tasks(self, query: TaskQuery) -> TaskPage:
        """The tasks that match, in the order of the query, one page."""
        values = conditions_of(query, datetime.now(UTC)) | page_of(query)
        return page(await self._database.fetch(list_tasks(*query.sorting), owner=self._owner, **values), query)

    async def create_task(self, task: TaskCreate) -> CreatedTask:
        """Add a task; with the first one the owner is known."""
        row = await self._database.fetch_row(CREATE_TASK, owner=self._owner, **stored(task.model_dump()))
        self._announce(self._owner)
        return CreatedTask(*_found(row))

    async def get_task(self, task_id: int) -> StoredTask:
        """One task.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        row = await self._database.fetch_row(GET_TASK, owner=self._owner, id=task_id)
        return StoredTask(*_found(row))

    async def update_task(self, task_id: int, changes: TaskUpdate, known: Revisions = None) -> StoredTask:
        """Set the members that were sent and leave the others alone; nothing sent changes nothing.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not among the known ones.
        """
        members = changes.model_dump()
        values = stored(members)
        if not values:
            return await self._known_task(task_id, known)
        sent = Changes.model_construct(**members)
        operation = UpdateOperation.model_construct(op="update", id=task_id, changes=sent)
        if values.get("completed") and "recurrence" in values:
            return await self._operate(operation, known)
        return await self._write(update_task(frozenset(values)), operation, known, **values)

    async def complete_task(self, task_id: int, completion: TaskCompletion, known: Revisions = None) -> StoredTask:
        """Set the completion, or toggle it where none is given; concurrent toggles each count.

        A task that recurs is followed by its next occurrence, once.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not among the known ones.
        """
        completed = completion.model_dump().get("completed")
        operation = CompleteOperation.model_construct(op="complete", id=task_id, completed=completed)
        return await self._write(COMPLETE_TASK, operation, known, completed=completed)

    async def delete_task(self, task_id: int, known: Revisions = None, *, permanent: bool = False) -> None:
        """Move a task to the trash, or delete it for good, wherever it is.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not among the known ones.
        """
        operation = DeleteOperation.model_construct(op="delete", id=task_id, permanent=permanent)
        await self._write(ERASE_TASK if permanent else TRASH_TASK, operation, known)

    async def restore_task(self, task_id: int, known: Revisions = None) -> StoredTask:
        """Take a task out of the trash; one that is not there stays as it is.

        Raises:
            TaskNotFound: The owner has none with this id, or it is deleted for good.
            TaskChanged: Its revision is not among the known ones.
        """
        return await self._write(RESTORE_TASK, RestoreOperation.model_construct(op="restore", id=task_id), known)

    async def bulk(self, bulk: Bulk) -> list[Outcome]:
        """Do several operations, each with an outcome of its own.

        Raises:
            OperationsFailed: One of them cannot be done and they are atomic; nothing has changed.
        """
        outcomes = await perform_bulk(self._database, self._owner, bulk)
        if not bulk.dry_run and any(outcome.is_written for outcome in outcomes):
            self._announce(self._owner)
        return outcomes

    async def revision(self) -> int:
        """The owner's revision, 0 before the first write: one read by primary key."""
        row = await self._database.fetch_row(REVISION, owner=self._owner)
        return 0 if row is None else int(row["revision"])

    async def _known_task(self, task_id: int, known: Revisions) -> StoredTask:
        task = await self.get_task(task_id)
        if known is not None and task.revision not in known:
            raise TaskChanged(task.json)
        return task

    async def _write(
        self, statement: Statement, operation: TaskOperation, known: Revisions, **values: object
    ) -> StoredTask:
        """The operation by one statement, or where that finds nothing to do, with a closer look."""
        row = await self._database.fetch_row(statement, owner=self._owner, id=operation.id, revisions=known, **values)
        if row is None:
            return await self._operate(operation, known)
        self._announce(self._owner)
        return StoredTask(*row)

    async def _operate(self, operation: TaskOperation, known: Revisions) -> StoredTask:
        async with self._database.transaction(self._owner) as transaction:
            [outcome] = await perform(transaction, self._owner, [operation], known)
            if outcome.error is not None:
                raise outcome.error
        if outcome.is_written:
            self._announce(self._owner)
        return StoredTask(outcome.revision, outcome.json or "")


def _found(row: Row | None) -> Row:
    if row is None:
        raise TaskNotFound
    return row
