"""The services of one owner, as the tools use them."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from src.errors.client import OperationsFailed, TaskChanged, TaskNotFound
from src.mcp.arguments import Write
from src.mcp.errors import ToolMisuse, failed_operations
from src.mcp.results import changed
from src.schemas.operations import (
    Bulk,
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    RestoreOperation,
    UpdateOperation,
)
from src.schemas.task import TaskCompletion
from src.services.idempotency.service import IdempotentRequest, StoredResponse, run_once
from src.services.overview.service import OverviewService
from src.services.owner import OwnerId
from src.services.sync.changes import ChangeService
from src.services.tasks.service import TaskRecord, TaskService

if TYPE_CHECKING:
    from src.app.components import Components


type ToolOperation = CreateOperation | UpdateOperation | CompleteOperation | DeleteOperation | RestoreOperation


class OwnerServices:
    """The services of the owner that a token names, for one call of a tool."""

    def __init__(self, components: "Components", owner: OwnerId) -> None:
        self._components = components
        self._owner = owner

    def tasks(self, tz: str | None = None) -> TaskService:
        """Return the service for the owner's tasks, in the time zone that the call names."""
        shared = self._components
        return TaskService(shared.database, self._owner, shared.broker.publish, lambda: tz, shared.quota)

    def overview(self, tz: str | None) -> OverviewService:
        """Return the service for counts of the owner's tasks."""
        return OverviewService(self._components.database, self._owner, lambda: tz)

    def changes(self) -> ChangeService:
        """Return the service for changes of the owner's tasks."""
        return ChangeService(self._components.database, self._owner)

    async def write(self, tool: str, arguments: Write, operations: Sequence[ToolOperation]) -> dict[str, Any]:
        """Apply all operations or none; with an idempotency key once, and return that result to retries.

        Raises:
            ToolMisuse: An operation cannot be applied, so nothing has changed.
        """
        try:
            if arguments.idempotency_key is None:
                return await _apply(self.tasks(arguments.tz), operations, dry_run=arguments.dry_run)
            return await self._write_once(tool, arguments, arguments.idempotency_key, operations)
        except OperationsFailed as failed:
            raise ToolMisuse(failed_operations(failed.errors, operations)) from None
        except (TaskNotFound, TaskChanged) as error:
            raise ToolMisuse(failed_operations([error], operations)) from None

    async def _write_once(
        self, tool: str, arguments: Write, key: str, operations: Sequence[ToolOperation]
    ) -> dict[str, Any]:
        async def handle(tasks: TaskService) -> StoredResponse:
            result = await _apply(tasks, operations, dry_run=arguments.dry_run)
            return StoredResponse(200, "{}", msgspec.json.encode(result))

        fingerprint = sha256(f"{tool}\n{arguments.model_dump_json()}".encode()).digest()
        request = IdempotentRequest(self._owner, key, fingerprint, lambda: arguments.tz, self._components.quota)
        stored = await run_once(self._components.database, self._components.broker.publish, request, handle)
        result: dict[str, Any] = msgspec.json.decode(stored.body)
        return result


async def _apply(tasks: TaskService, operations: Sequence[ToolOperation], *, dry_run: bool) -> dict[str, Any]:
    """Apply one operation by its own statement, because that is one round trip, and several as a bulk."""
    if len(operations) == 1 and not dry_run:
        return changed([(await _apply_one(tasks, operations[0])).json], dry_run=False)
    outcomes = await tasks.bulk(Bulk(operations=list(operations), dry_run=dry_run))
    return changed([outcome.json for outcome in outcomes if outcome.json is not None], dry_run=dry_run)


async def _apply_one(tasks: TaskService, operation: ToolOperation) -> TaskRecord:
    if isinstance(operation, CreateOperation):
        return await tasks.create_task(operation.task)
    if_match = None if operation.revision is None else [operation.revision]
    match operation:
        case UpdateOperation():
            return await tasks.update_task(operation.id, operation.changes, if_match)
        case CompleteOperation():
            completion = TaskCompletion.model_construct(completed=bool(operation.completed), tz=None)
            return await tasks.complete_task(operation.id, completion, if_match)
        case DeleteOperation():
            return await tasks.delete_task(operation.id, if_match)
        case RestoreOperation():
            return await tasks.restore_task(operation.id, if_match)
