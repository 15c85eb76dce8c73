"""What an owner can do with tasks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from src.db.database import Database, Row
from src.db.statement import Statement
from src.errors import TaskChanged, TaskNotFound
from src.schemas.cursor import Position, encode_cursor
from src.schemas.due_date import parse_due_date
from src.schemas.priority import PRIORITIES
from src.schemas.query import TaskQuery
from src.schemas.task import TaskCompletion, TaskCreate, TaskUpdate
from src.services.list_parameters import conditions_of, page_of
from src.services.list_statements import list_tasks
from src.services.owner import OwnerId
from src.services.task_statements import (
    COMPLETE_TASK,
    CREATE_TASK,
    GET_TASK,
    REVISION,
    TRASH_TASK,
    update_task,
)

type Revisions = list[int] | None
"""The revisions of a task that the client knows; None where it does not care."""


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
    """Tasks in the order of their query, and the owner's revision at which the list was just so.

    `revision` is None where the list changes by itself, as time goes by. `total` is how many match in all, where
    that was asked for or is known without counting.
    """

    revision: int | None
    tasks: list[str]
    total: int | None
    next_cursor: str | None


class TaskService:
    """The tasks of one owner. It is built with the owner, and no method can leave it.

    Each call is one statement: when it returns, a change is committed and announced. `ServiceUnavailable` where the
    database is out of reach.
    """

    def __init__(self, database: Database, owner: OwnerId, announce: Callable[[OwnerId], None]) -> None:
        self._database = database
        self._owner = owner
        self._announce = announce

    async def list_tasks(self, query: TaskQuery) -> TaskPage:
        """The tasks that match, in the order of the query, one page.

        Raises:
            InvalidCursor: The query's cursor is not one of ours.
        """
        values = conditions_of(query, datetime.now(UTC)) | page_of(query)
        return _page(await self._database.fetch(list_tasks(*query.sorting), owner=self._owner, **values), query)

    async def create_task(self, task: TaskCreate) -> CreatedTask:
        """Add a task; with the first one the owner is known."""
        row = await self._database.fetch_row(CREATE_TASK, owner=self._owner, **_stored(task.model_dump()))
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
        values = _stored(changes.model_dump())
        if values:
            return StoredTask(*await self._write(update_task(frozenset(values)), task_id, known, **values))
        task = await self.get_task(task_id)
        if known is not None and task.revision not in known:
            raise TaskChanged(task.json)
        return task

    async def complete_task(self, task_id: int, completion: TaskCompletion, known: Revisions = None) -> StoredTask:
        """Set the completion, or toggle it where none is given; concurrent toggles each count.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not among the known ones.
        """
        completed = completion.model_dump().get("completed")
        return StoredTask(*await self._write(COMPLETE_TASK, task_id, known, completed=completed))

    async def delete_task(self, task_id: int, known: Revisions = None) -> None:
        """Move a task to the trash.

        Raises:
            TaskNotFound: The owner has none with this id.
            TaskChanged: Its revision is not among the known ones.
        """
        await self._write(TRASH_TASK, task_id, known)

    async def revision(self) -> int:
        """The owner's revision, 0 before the first write: one read by primary key."""
        row = await self._database.fetch_row(REVISION, owner=self._owner)
        return 0 if row is None else int(row["revision"])

    async def _write(self, statement: Statement, task_id: int, known: Revisions, **values: object) -> Row:
        row = await self._database.fetch_row(statement, owner=self._owner, id=task_id, revisions=known, **values)
        if row is None and known is not None:
            raise TaskChanged((await self.get_task(task_id)).json)
        found = _found(row)
        self._announce(self._owner)
        return found


def _stored(members: dict[str, Any]) -> dict[str, Any]:
    """What the columns hold of the members of a task."""
    values = dict(members)
    if "priority" in members:
        values["priority"] = PRIORITIES.index(members["priority"])
    if "due_date" in members:
        due = None if members["due_date"] is None else parse_due_date(members["due_date"])
        values["due_at"] = due if isinstance(due, datetime) else None
        values["due_day"] = None if isinstance(due, datetime) else due
    return values


def _found(row: Row | None) -> Row:
    if row is None:
        raise TaskNotFound
    return row


def _page(rows: list[Row], query: TaskQuery) -> TaskPage:
    """Rows of a page; an owner without tasks that match has one of nulls, a stranger has none."""
    tasks = [row for row in rows if row["id"] is not None]
    page = tasks[: query.limit]
    more = len(tasks) > query.limit
    whole = query.cursor is None and not query.skipped and not more
    revision, counted = (rows[0]["revision"], rows[0]["total"]) if rows else (0, 0 if query.total else None)
    return TaskPage(
        revision=revision if query.is_timeless else None,
        tasks=[row["json"] for row in page],
        total=len(page) if whole else counted,
        next_cursor=encode_cursor(query.sorting, Position(page[-1]["value"], page[-1]["id"])) if more else None,
    )
