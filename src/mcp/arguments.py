"""The arguments of the tools. None of them is a user id, because the token names the user."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from src.schemas.changes import SyncTokenText
from src.schemas.due_date import DueDate
from src.schemas.idempotency_key import IdempotencyKey
from src.schemas.operations import Changes, NewTask
from src.schemas.query import Priorities, SearchText, Sort, Status, TagNames
from src.schemas.time_zone import TimeZone
from src.schemas.uid import MAX_EXACT, ExactIdOrUid

MAX_TASKS = 100
"""The maximum number of tasks that one call of a tool takes or returns."""
DEFAULT_TASKS = 50

Id = Annotated[ExactIdOrUid, Field(description="The id of the task, a number.")]
Limit = Annotated[int, Field(ge=1, le=MAX_TASKS, description="The maximum number of tasks.")]
Ids = Annotated[
    list[Id], Field(min_length=1, max_length=MAX_TASKS, description="The ids of the tasks, from list_tasks.")
]


class Arguments(BaseModel):
    """The arguments of a tool; unknown ones are refused, because a misspelled filter would return other tasks."""

    model_config = ConfigDict(extra="forbid")


class _Zoned(Arguments):
    tz: Annotated[
        TimeZone | None,
        Field(description="The user's time zone, such as Europe/Paris; without it, the one that the user has stored."),
    ] = None


class Write(_Zoned):
    """The arguments of all tools that change tasks."""

    dry_run: Annotated[bool, Field(description="Return what would change, and change nothing.")] = False
    idempotency_key: Annotated[
        IdempotencyKey | None,
        Field(description="Any text that is new for each change; send it again when you retry this very change."),
    ] = None


class ListTasks(_Zoned):
    """Filters, order and page; a task must match all filters."""

    status: Annotated[Status | None, Field(description="By default pending; in the trash, all.")] = None
    search: SearchText = ""
    priority: Annotated[Priorities, Field(description="Any of these priorities.")] = []
    category: Annotated[TagNames, Field(description="Any of these categories.")] = []
    tags: Annotated[TagNames, Field(description="Any of these tags.")] = []
    due_before: Annotated[DueDate, Field(description="Due before this day (2026-12-01) or time.")] = None
    due_after: Annotated[DueDate, Field(description="Due after this day or time.")] = None
    overdue: Annotated[bool | None, Field(description="Pending, and due before now.")] = None
    no_due_date: Annotated[bool | None, Field(description="Without a due date, or with one.")] = None
    trashed: Annotated[bool, Field(description="Only deleted tasks, which can be restored.")] = False
    sort: Annotated[Sort | None, Field(description="`-` means descending; by default newest first.")] = None
    limit: Limit = DEFAULT_TASKS
    cursor: Annotated[str | None, Field(description="`next_cursor` of the previous page, with the same filters.")] = (
        None
    )


class GetTask(Arguments):
    """The task to read."""

    id: Id


class AddTasks(Write):
    """The new tasks."""

    tasks: Annotated[list[NewTask], Field(min_length=1, max_length=MAX_TASKS)]


class TaskChange(Changes):
    """The changes of one task: members that are absent stay as they are, and null clears a member."""

    id: Id
    revision: Annotated[
        int | None,
        Field(ge=0, le=MAX_EXACT, description="From get_task: refuse the change if the task has changed since."),
    ] = None


class UpdateTasks(Write):
    """The changes of each task."""

    tasks: Annotated[list[TaskChange], Field(min_length=1, max_length=MAX_TASKS)]


class CompleteTasks(Write):
    """The tasks to complete or to reopen."""

    ids: Ids
    completed: Annotated[bool, Field(description="False reopens them.")] = True


class SelectTasks(Write):
    """The tasks to delete or to restore."""

    ids: Ids


class Overview(_Zoned):
    """The time zone in which days begin."""


class WhatChanged(Arguments):
    """The position after which changes are wanted."""

    since: Annotated[
        SyncTokenText | None,
        Field(description="`next_since` of the previous call. Without it, nothing is listed, and you get one."),
    ] = None
    limit: Limit = DEFAULT_TASKS
