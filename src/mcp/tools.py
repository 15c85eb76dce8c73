"""The tools of agents, with the descriptions that agents read."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from pydantic import BaseModel

from src.errors.client import READ, WRITE
from src.mcp import arguments as takes
from src.mcp.results import ChangedRows, RecentRows, TaskRows, WholeTask, row, rows
from src.mcp.services import OwnerServices
from src.mcp.texts import describe, describe_object
from src.schemas.changes import SyncToken
from src.schemas.operations import (
    Changes,
    CompleteOperation,
    CreateOperation,
    DeleteOperation,
    RestoreOperation,
    UpdateOperation,
)
from src.schemas.overview import TaskStats
from src.schemas.query import TaskQuery

type Call = Callable[[OwnerServices, Any], Awaitable[dict[str, Any]]]


class Tool(NamedTuple):
    """A tool; `example` is the arguments of a call that is right."""

    name: str
    title: str
    description: str
    example: str
    arguments: type[takes.Arguments]
    result: type[BaseModel]
    call: Call
    describe: Callable[[dict[str, Any]], str] = describe
    reads: bool = False
    destroys: bool = False
    repeatable: bool = False

    @property
    def scope(self) -> str:
        """The scope that an OAuth client needs to call it."""
        return READ if self.reads else WRITE


async def _list_tasks(services: OwnerServices, sent: takes.ListTasks) -> dict[str, Any]:
    filters = sent.model_dump(exclude={"status"}, exclude_unset=True)
    status = sent.status or ("all" if sent.trashed else "pending")
    page = await services.tasks(sent.tz).list_tasks(TaskQuery(status=status, **{"limit": sent.limit} | filters))
    return {"tasks": rows(page.tasks)} | ({"next_cursor": page.next_cursor} if page.next_cursor else {})


async def _get_task(services: OwnerServices, sent: takes.GetTask) -> dict[str, Any]:
    task: dict[str, Any] = msgspec.json.decode((await services.tasks().get_task(sent.id)).json)
    return task


async def _add_tasks(services: OwnerServices, sent: takes.AddTasks) -> dict[str, Any]:
    new = [CreateOperation.model_construct(op="create", task=task) for task in sent.tasks]
    return await services.write("add_tasks", sent, new)


async def _update_tasks(services: OwnerServices, sent: takes.UpdateTasks) -> dict[str, Any]:
    return await services.write("update_tasks", sent, list(map(_update, sent.tasks)))


def _update(task: takes.TaskChange) -> UpdateOperation:
    changes = Changes.model_construct(**task.model_dump(exclude={"id", "revision"}), tz=task.tz)
    return UpdateOperation.model_construct(op="update", id=task.id, changes=changes, revision=task.revision)


async def _complete_tasks(services: OwnerServices, sent: takes.CompleteTasks) -> dict[str, Any]:
    operations = [
        CompleteOperation.model_construct(op="complete", id=each, completed=sent.completed) for each in sent.ids
    ]
    return await services.write("complete_tasks", sent, operations)


async def _delete_tasks(services: OwnerServices, sent: takes.SelectTasks) -> dict[str, Any]:
    operations = [DeleteOperation.model_construct(op="delete", id=each) for each in sent.ids]
    return await services.write("delete_tasks", sent, operations)


async def _restore_tasks(services: OwnerServices, sent: takes.SelectTasks) -> dict[str, Any]:
    operations = [RestoreOperation.model_construct(op="restore", id=each) for each in sent.ids]
    return await services.write("restore_tasks", sent, operations)


async def _overview(services: OwnerServices, sent: takes.Overview) -> dict[str, Any]:
    counts: dict[str, Any] = msgspec.json.decode(await services.overview(sent.tz).stats())
    return counts


async def _what_changed(services: OwnerServices, sent: takes.WhatChanged) -> dict[str, Any]:
    changes = services.changes()
    if sent.since is None:
        return {"tasks": [], "next_since": str(await changes.current_token())}
    page = await changes.page(SyncToken.parse(sent.since), sent.limit)
    tasks = [row(change.json) | {"event": change.event} for change in page.changes]
    return {"tasks": tasks, "next_since": str(page.next_since)} | ({"more": True} if page.more else {})


_ALL = (
    Tool(
        "list_tasks",
        "List tasks",
        "List the user's tasks as compact rows, by default the pending ones, newest first. Filters are combined.",
        '{"search": "milk", "due_before": "2026-12-01"}',
        takes.ListTasks,
        TaskRows,
        _list_tasks,
        reads=True,
    ),
    Tool(
        "get_task",
        "Get a task",
        "Get all of one task, with its description and its revision.",
        '{"id": 42}',
        takes.GetTask,
        WholeTask,
        _get_task,
        describe_object,
        reads=True,
    ),
    Tool(
        "add_tasks",
        "Add tasks",
        "Add one or more tasks: all, or none if one is invalid.",
        '{"tasks": [{"title": "Buy milk", "due_date": "2026-12-01"}]}',
        takes.AddTasks,
        ChangedRows,
        _add_tasks,
    ),
    Tool(
        "update_tasks",
        "Update tasks",
        "Change members of one or more tasks: all, or none if one cannot be changed. Members that you leave out stay.",
        '{"tasks": [{"id": 42, "due_date": "2026-12-02"}]}',
        takes.UpdateTasks,
        ChangedRows,
        _update_tasks,
        destroys=True,
        repeatable=True,
    ),
    Tool(
        "complete_tasks",
        "Complete tasks",
        "Complete tasks, or reopen them with completed=false. A recurring task gets its next one, in next_tasks.",
        '{"ids": [42, 43]}',
        takes.CompleteTasks,
        ChangedRows,
        _complete_tasks,
        repeatable=True,
    ),
    Tool(
        "delete_tasks",
        "Delete tasks",
        "Move tasks to the trash. restore_tasks brings them back; no tool deletes permanently.",
        '{"ids": [42]}',
        takes.SelectTasks,
        ChangedRows,
        _delete_tasks,
        destroys=True,
        repeatable=True,
    ),
    Tool(
        "restore_tasks",
        "Restore tasks",
        "Bring tasks back from the trash. list_tasks with trashed=true shows what is there.",
        '{"ids": [42]}',
        takes.SelectTasks,
        ChangedRows,
        _restore_tasks,
        repeatable=True,
    ),
    Tool(
        "overview",
        "Overview",
        "Count the user's tasks: pending, overdue, due today, by priority, category and tag. Begin with this.",
        '{"tz": "Europe/Paris"}',
        takes.Overview,
        TaskStats,
        _overview,
        describe_object,
        reads=True,
    ),
    Tool(
        "what_changed",
        "What has changed",
        "List what has changed since an earlier call, by the user or by anything else that acts for the user.",
        '{"since": "1764408600000007"}',
        takes.WhatChanged,
        RecentRows,
        _what_changed,
        reads=True,
    ),
)
TOOLS = {tool.name: tool for tool in _ALL}
