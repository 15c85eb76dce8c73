"""Create, read, change and delete the tasks of one owner."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Self

from src.db.database import Database
from src.db.pool import Row
from src.db.statement import Statement
from src.db.transaction import Transaction
from src.errors.client import TaskChanged, TaskNotFound
from src.schemas.operations import (
    Bulk,
    Changes,
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    NewTask,
    Operation,
    RestoreOperation,
    SkipOperation,
    TaskOperation,
    UpdateOperation,
)
from src.schemas.query import TaskQuery
from src.schemas.task import TaskCompletion, TaskCreate, TaskSkip, TaskUpdate
from src.schemas.uid import TaskReference
from src.services.bulk.planner import Conditions, ExpectedRevisions
from src.services.bulk.service import OperationOutcome, apply_bulk, apply_operations
from src.services.lists.filters import Clock
from src.services.lists.page import TaskPage, page
from src.services.lists.parameters import list_parameters, shape_of
from src.services.lists.statements import list_tasks
from src.services.owner import OwnerId
from src.services.quota import COUNTED, Quota, text_bytes
from src.services.settings.service import NamedZone, SettingsService, StoredZone
from src.services.tasks.columns import Columns, to_columns
from src.services.tasks.json import detailed_task_json
from src.services.tasks.statements import (
    COMPLETE_TASK,
    CREATE_TASK,
    DELETE_TASK_PERMANENTLY,
    GET_TASK,
    RESTORE_TASK,
    REVISION,
    TRASH_TASK,
    update_task,
)
from src.services.tasks.zones import in_zone, may_set_rule, needs_zone, zone_in_body


class TaskRecord(NamedTuple):
    """One task as the database returns it; `json` is a `schemas.task.DetailedTask`."""

    id: int
    revision: int
    json: bytes

    @classmethod
    def of(cls, row: Row) -> Self:
        """Encode a row of `detailed_task_columns`."""
        return cls(row["id"], row["revision"], detailed_task_json(row))


class TaskService:
    """All operations on the tasks of one owner. The owner is fixed at construction, so no method can reach another.

    Each call is one statement if possible, else one transaction. When it returns, the change is committed, unless the
    service was built on a transaction. `publish` is called with the owner after each change. Every method raises
    `ServiceUnavailable` if the database is unavailable.
    """

    def __init__(
        self,
        database: Database | Transaction,
        owner: OwnerId,
        publish: Callable[[OwnerId], None],
        zone: NamedZone,
        quota: Quota,
    ) -> None:
        self._database = database
        self._owner = owner
        self._publish = publish
        self._zone = zone
        self._quota = quota

    async def list_tasks(self, query: TaskQuery) -> TaskPage:
        """Return one page of the tasks that match."""
        if query.tz is not None or not query.uses_zone:
            return await self._list_tasks(query, query.tz)
        if (named := self._zone()) is not None:
            return (await self._list_tasks(query, named))._replace(revision=None)
        stored = await self._stored_zone()
        result = await self._list_tasks(query, stored.name)
        # If the zone has changed since it was read, this older revision lets the client load the list again.
        return result if result.revision is None else result._replace(revision=stored.revision)

    def has_etag(self, query: TaskQuery) -> bool:
        """Whether the owner's revision identifies the result: it depends on neither time nor the zone of a header."""
        return query.is_time_independent and not (query.uses_zone and query.tz is None and self._zone() is not None)

    async def create_task(self, task: TaskCreate) -> TaskRecord:
        """Create a task, and the owner's row with the first one.

        Raises:
            TaskExists: The owner has a task or a tombstone with this uid.
            TimeZoneUnknown: The task depends on a time zone, and none is known.
            QuotaExceeded: The owner would have more than the quota allows.
        """
        values = to_columns(await self._in_zone(task.model_dump(), task.tz))
        limits = {"text_bytes": text_bytes(values), "max_tasks": self._quota.tasks, "max_bytes": self._quota.bytes}
        row = await self._database.fetch_row(CREATE_TASK, owner=self._owner, **values, **limits)
        if row is None:
            sent = NewTask.model_construct(**task.model_dump(), tz=task.tz)
            return await self._apply_in_transaction(CreateOperation.model_construct(op="create", task=sent), None)
        self._publish(self._owner)
        return TaskRecord.of(row)

    async def get_task(self, task_id: TaskReference) -> TaskRecord:
        """Return one task.

        Raises:
            TaskNotFound: The owner has no such task.
        """
        row = await self._database.fetch_row(GET_TASK[type(task_id)], owner=self._owner, task=task_id)
        return TaskRecord.of(_require(row))

    async def update_task(
        self, task_id: TaskReference, changes: TaskUpdate, if_match: ExpectedRevisions = None
    ) -> TaskRecord:
        """Update the members that were sent. If there are none, nothing changes.

        Raises:
            TaskNotFound: The owner has no such task.
            TaskChanged: The task's revision is not in `if_match`.
            UidChanged: The change has another uid.
            TimeZoneUnknown: The change depends on a time zone, and none is known.
            QuotaExceeded: The task grows, and the owner would have more than the quota allows.
        """
        members = changes.model_dump()
        if not members:
            return await self._get_if_matching(task_id, if_match)
        sent = Changes.model_construct(**members, tz=changes.tz)
        operation = UpdateOperation.model_construct(op="update", id=task_id, changes=sent)
        if may_set_rule(members) or (members.get("completed") and "recurrence" in members):
            return await self._apply_in_transaction(operation, if_match)
        values = to_columns(await self._in_zone(members, changes.tz))
        statement = update_task(frozenset(values))[type(task_id)]
        return await self._write(statement, operation, if_match, **values, **self._limits(values))

    def _limits(self, values: Columns) -> dict[str, int]:
        """Return the bind values of an update whose columns count."""
        is_counted = not values.keys().isdisjoint(COUNTED)
        return {"text_bytes": text_bytes(values), "max_bytes": self._quota.bytes} if is_counted else {}

    async def complete_task(
        self, task_id: TaskReference, completion: TaskCompletion, if_match: ExpectedRevisions = None
    ) -> TaskRecord:
        """Set the completion, or toggle it atomically if `completed` is absent.

        Completing a recurring task creates its next task exactly once; reopening it deletes that if nothing has changed
        it.

        Raises:
            TaskNotFound: The owner has no such task.
            TaskChanged: The task's revision is not in `if_match`.
        """
        completed = completion.model_dump().get("completed")
        operation = CompleteOperation.model_construct(op="complete", id=task_id, completed=completed, tz=completion.tz)
        return await self._write(COMPLETE_TASK[type(task_id)], operation, if_match, completed=completed)

    async def delete_task(
        self, task_id: TaskReference, if_match: ExpectedRevisions = None, *, permanent: bool = False
    ) -> TaskRecord:
        """Move a task to the trash, or delete it permanently, also from the trash; return its row.

        Raises:
            TaskNotFound: The owner has no such task.
            TaskChanged: The task's revision is not in `if_match`.
        """
        operation = DeleteOperation.model_construct(op="delete", id=task_id, permanent=permanent)
        statements = DELETE_TASK_PERMANENTLY if permanent else TRASH_TASK
        return await self._write(statements[type(task_id)], operation, if_match)

    async def restore_task(self, task_id: TaskReference, if_match: ExpectedRevisions = None) -> TaskRecord:
        """Restore a task from the trash. A task that is not in the trash is returned unchanged.

        Raises:
            TaskNotFound: The owner has no such task, or it is permanently deleted.
            TaskChanged: The task's revision is not in `if_match`.
        """
        operation = RestoreOperation.model_construct(op="restore", id=task_id)
        return await self._write(RESTORE_TASK[type(task_id)], operation, if_match)

    async def skip_task(self, task_id: TaskReference, skip: TaskSkip, if_match: ExpectedRevisions = None) -> TaskRecord:
        """Move a pending recurring task to its next occurrence.

        Raises:
            TaskNotFound: The owner has no such task.
            TaskChanged: The task's revision is not in `if_match`.
            NotSkippable: The task is completed, does not recur, or has no further occurrence.
        """
        operation = SkipOperation.model_construct(op="skip", id=task_id, tz=skip.tz)
        return await self._apply_in_transaction(operation, if_match)

    async def bulk(self, bulk: Bulk) -> list[OperationOutcome]:
        """Apply several operations and return one outcome for each.

        Raises:
            OperationsFailed: The bulk is atomic and an operation failed; nothing has changed.
        """
        zone = self._zone if bulk.tz is None else lambda: bulk.tz
        outcomes = await apply_bulk(self._database, self._owner, bulk, Conditions(zone, self._quota))
        if not bulk.dry_run and any(outcome.is_written for outcome in outcomes):
            self._publish(self._owner)
        return outcomes

    async def revision(self) -> int:
        """Return the owner's revision, 0 before the first write. This is one read by primary key."""
        row = await self._database.fetch_row(REVISION, owner=self._owner)
        return 0 if row is None else int(row["revision"])

    async def _list_tasks(self, query: TaskQuery, zone: str | None) -> TaskPage:
        shape, clock = shape_of(query), Clock(datetime.now(UTC), zone)
        values = list_parameters(query, shape, clock)
        return page(await self._database.fetch(list_tasks(shape), owner=self._owner, **values), query, clock)

    async def _stored_zone(self) -> StoredZone:
        return await SettingsService(self._database, self._owner).stored_zone()

    async def _in_zone(self, members: Columns, tz: str | None) -> Columns:
        if not needs_zone(members):
            return members
        zone = zone_in_body(members, tz) or self._zone() or (await self._stored_zone()).name
        return in_zone(members, zone, lambda: None)

    async def _get_if_matching(self, task_id: TaskReference, if_match: ExpectedRevisions) -> TaskRecord:
        task = await self.get_task(task_id)
        if if_match is not None and task.revision not in if_match:
            raise TaskChanged(task.json)
        return task

    async def _write(
        self, statement: Statement, operation: TaskOperation, if_match: ExpectedRevisions, **values: object
    ) -> TaskRecord:
        """Run the statement; if it matches no row, run the operation in a transaction, which finds out why."""
        row = await self._database.fetch_row(
            statement, owner=self._owner, task=operation.id, revisions=if_match, **values
        )
        if row is None:
            return await self._apply_in_transaction(operation, if_match)
        self._publish(self._owner)
        return TaskRecord.of(row)

    async def _apply_in_transaction(self, operation: Operation, if_match: ExpectedRevisions) -> TaskRecord:
        conditions = Conditions(self._zone, self._quota, if_match)
        async with self._database.transaction(self._owner) as transaction:
            [outcome] = await apply_operations(transaction, self._owner, [operation], conditions)
            if outcome.error is not None:
                raise outcome.error
        if outcome.is_written:
            self._publish(self._owner)
        return TaskRecord(outcome.id, outcome.revision, outcome.json or b"")


def _require(row: Row | None) -> Row:
    if row is None:
        raise TaskNotFound
    return row
