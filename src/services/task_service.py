"""What an owner can do with tasks."""

from typing import NamedTuple

from src.db.database import Database, Row
from src.errors import TaskNotFound
from src.schemas.cursor import decode_cursor, encode_cursor
from src.schemas.query import TaskQuery
from src.schemas.task import MAX_ID, TaskCompletion, TaskCreate, TaskUpdate
from src.services.owner import OwnerId
from src.services.task_statements import (
    COMPLETE_TASK,
    CREATE_TASK,
    DELETE_TASK,
    GET_TASK,
    LIST_TASKS,
    update_task,
)


class StoredTask(NamedTuple):
    """A task as it is in the database: `json` is a `schemas.task.Task`."""

    revision: int
    json: str


class CreatedTask(NamedTuple):
    """A task that has just got its id."""

    id: int
    revision: int
    json: str


class TaskPage(NamedTuple):
    """Tasks, newest first, and the owner's revision at which the list was just so.

    `total` is how many match in all, where that is known without counting.
    """

    revision: int
    tasks: list[str]
    total: int | None
    next_cursor: str | None


class TaskService:
    """The tasks of one owner. It is built with the owner, and no method can leave it.

    Each call is one statement: when it returns, a change is committed. `ServiceUnavailable` where the database is out
    of reach.
    """

    def __init__(self, database: Database, owner: OwnerId) -> None:
        self._database = database
        self._owner = owner

    async def list_tasks(self, query: TaskQuery) -> TaskPage:
        """The tasks that match, newest first, one page.

        Raises:
            InvalidCursor: The query's cursor is not one of ours.
        """
        rows = await self._database.fetch(
            LIST_TASKS,
            owner=self._owner,
            completions=query.completions,
            before=MAX_ID if query.cursor is None else decode_cursor(query.cursor),
            rows=query.limit + 1,
        )
        return _page(rows, query)

    async def create_task(self, task: TaskCreate) -> CreatedTask:
        """Add a task; with the first one the owner is known."""
        row = await self._database.fetch_row(CREATE_TASK, owner=self._owner, **task.model_dump())
        return CreatedTask(*_found(row))

    async def get_task(self, task_id: int) -> StoredTask:
        """One task.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        row = await self._database.fetch_row(GET_TASK, owner=self._owner, id=task_id)
        return StoredTask(*_found(row))

    async def update_task(self, task_id: int, changes: TaskUpdate) -> StoredTask:
        """Set the members that were sent and leave the others alone; nothing sent changes nothing.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        values = changes.model_dump()
        if not values:
            return await self.get_task(task_id)
        statement = update_task(frozenset(values))
        row = await self._database.fetch_row(statement, owner=self._owner, id=task_id, **values)
        return StoredTask(*_found(row))

    async def complete_task(self, task_id: int, completion: TaskCompletion) -> StoredTask:
        """Set the completion, or toggle it where none is given; concurrent toggles each count.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        completed = completion.model_dump().get("completed")
        row = await self._database.fetch_row(COMPLETE_TASK, owner=self._owner, id=task_id, completed=completed)
        return StoredTask(*_found(row))

    async def delete_task(self, task_id: int) -> None:
        """Remove a task.

        Raises:
            TaskNotFound: The owner has none with this id.
        """
        _found(await self._database.fetch_row(DELETE_TASK, owner=self._owner, id=task_id))


def _found(row: Row | None) -> Row:
    if row is None:
        raise TaskNotFound
    return row


def _page(rows: list[Row], query: TaskQuery) -> TaskPage:
    """Rows of (revision, id, json); an owner without tasks that match has one row of nulls, a stranger has none."""
    revision = rows[0]["revision"] if rows else 0
    tasks = [row for row in rows if row["id"] is not None]
    page = tasks[: query.limit]
    more = len(tasks) > query.limit
    return TaskPage(
        revision=revision,
        tasks=[row["json"] for row in page],
        total=len(page) if query.cursor is None and not more else None,
        next_cursor=encode_cursor(page[-1]["id"]) if more else None,
    )
