"""The tasks that the operations of a bulk name: those that are stored, and those that earlier operations create."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from src.db.pool import Row
from src.errors.invalid import TaskRepeated
from src.schemas.operations import CreateOperation, Operation
from src.schemas.uid import TaskReference
from src.services.tasks.columns import WRITTEN, Columns

type TaskState = Row | Mapping[str, Any]
"""The columns of a task as an operation finds it; `created` has those of its creation, if the same bulk creates it."""


def references(operations: Iterable[Operation]) -> Iterator[TaskReference]:
    """Yield the ids and uids that operations have, those of new tasks too."""
    for operation in operations:
        if not isinstance(operation, CreateOperation):
            yield operation.id
        elif operation.task.uid is not None:
            yield operation.task.uid


class BulkTasks:
    """Finds tasks by their ids and uids, and remembers what earlier operations of the same bulk do."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._states: dict[TaskReference, TaskState] = {}
        self.events: dict[TaskReference, str] = {}
        """The last events of tasks that earlier operations write, by the `id` of their states."""
        for row in rows:
            self._states[row["id"]] = self._states[row["uid"]] = row

    def find(self, reference: TaskReference | None) -> TaskState | None:
        """Return the task that an id or a uid names."""
        return None if reference is None else self._states.get(reference)

    def add(self, uid: str | None, columns: Columns) -> None:
        """Let later operations find a new task, which has no id yet, by the uid that the client chose."""
        if uid is not None:
            state = dict.fromkeys(WRITTEN) | columns
            self._states[uid] = state | {"id": uid, "next": None, "created": columns}

    def require_distinct(self, operations: Iterable[Operation]) -> None:
        """Check that no two operations are on one task.

        Raises:
            TaskRepeated: One names a task by its id, and another one by its uid.
        """
        found = (self.find(each.id) for each in operations if not isinstance(each, CreateOperation))
        ids = [task["id"] for task in found if task]
        if len(ids) > len(set(ids)):
            raise TaskRepeated
