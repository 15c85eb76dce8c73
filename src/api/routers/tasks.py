"""The routes of a user's tasks: the router requires the owner, and `Tasks` cannot be had without."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response

from src.api.conditions import Cached, Known
from src.api.dependencies import Tasks
from src.api.documentation import OPERATIONS_FAILED, REPLAYED, Responses, errors, headers
from src.api.filters import PARAMETERS, Filters
from src.api.idempotency import Idempotency
from src.api.responses import (
    array_response,
    bulk_response,
    created_response,
    not_modified,
    object_response,
    task_response,
)
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.schemas.operations import Bulk, BulkResults
from src.schemas.query import TaskQuery
from src.schemas.task import DetailedTask, Task, TaskCompletion, TaskCreate, TaskId, TaskList, TaskUpdate
from src.services.task_page import TaskPage
from src.services.task_service import TaskService

Id = Annotated[TaskId, Path(description="The task's `id`.")]
Permanent = Annotated[bool, Query(description="Delete it for good, also from the trash; it cannot be restored.")]

_ONE: Responses = {200: headers(ETag="The task's revision."), **errors(404)}
_PAGE: Responses = {
    200: headers(
        ETag="The user's revision; none where the list changes by itself, as with `overdue`.",
        Link='The next page, `rel="next"`.',
        X_Total_Count="How many match, if known.",
    )
}
_LISTED = _PAGE | NOT_MODIFIED
_CREATED: Responses = {201: headers(ETag="The task's revision.", Location="The task's path.", **REPLAYED)}
_RESTORED: Responses = {200: headers(ETag="The task's revision.", **REPLAYED)}
_DONE: Responses = {200: headers(**REPLAYED)}
_BODY = errors(400, 412, 413, 415)


router = owner_router()
array_router = owner_router()
"""The list as LIST_FORMAT=array wants it."""
object_router = owner_router()
"""The list as LIST_FORMAT=object wants it."""


@object_router.get("", name="list_tasks", response_model=TaskList, responses=_LISTED, openapi_extra=PARAMETERS)
async def list_tasks_as_object(request: Request, tasks: Tasks, query: Filters, cached: Cached) -> Response:
    """The user's tasks, newest first; all that match up to `limit`, and a cursor where there are more."""
    return await _list_tasks(tasks, query, cached, partial(object_response, request))


@array_router.get("", name="list_tasks", response_model=list[Task], responses=_LISTED, openapi_extra=PARAMETERS)
async def list_tasks_as_array(request: Request, tasks: Tasks, query: Filters, cached: Cached) -> Response:
    """The user's tasks, newest first; all that match up to `limit`, and a `Link` where there are more."""
    return await _list_tasks(tasks, query, cached, partial(array_response, request))


async def _list_tasks(
    tasks: TaskService, query: TaskQuery, cached: list[int], response: Callable[[TaskPage], Response]
) -> Response:
    if query.is_timeless and cached and (revision := await tasks.revision()) in cached:
        return not_modified(revision)
    return response(await tasks.list_tasks(query))


@router.post("", status_code=201, response_model=DetailedTask, responses=_CREATED | errors(400, 409, 413, 415))
async def create_task(request: Request, idempotent: Idempotency, task: TaskCreate) -> Response:
    """Add a task."""
    return await idempotent(lambda tasks: tasks.create_task(task), partial(created_response, request))


@router.get("/{task_id:task}", response_model=DetailedTask, responses=_ONE | NOT_MODIFIED)
async def get_task(tasks: Tasks, task_id: Id, cached: Cached) -> Response:
    """One task."""
    task = await tasks.get_task(task_id)
    return not_modified(task.revision) if task.revision in cached else task_response(task)


@router.put("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY)
async def replace_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, known: Known) -> Response:
    """The same as PATCH: existing clients send PUT with some members and expect the others to stay."""
    return task_response(await tasks.update_task(task_id, changes, known))


@router.patch("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY)
async def update_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, known: Known) -> Response:
    """Set the members that are sent; `null` clears what may be null, absent members stay."""
    return task_response(await tasks.update_task(task_id, changes, known))


@router.patch("/{task_id:task}/complete", response_model=DetailedTask, responses=_ONE | _BODY)
async def complete_task(tasks: Tasks, task_id: Id, known: Known, completion: TaskCompletion | None = None) -> Response:
    """Set the completion, which is safe to retry; without a body, toggle it."""
    return task_response(await tasks.complete_task(task_id, completion or TaskCompletion(), known))


@router.delete("/{task_id:task}", status_code=204, responses=errors(404, 412))
async def delete_task(tasks: Tasks, task_id: Id, known: Known, *, permanent: Permanent = False) -> None:
    """Move a task to the trash, from where it can be restored."""
    await tasks.delete_task(task_id, known, permanent=permanent)


@router.post("/{task_id:task}/restore", response_model=DetailedTask, responses=_RESTORED | errors(404, 409, 412, 413))
async def restore_task(idempotent: Idempotency, task_id: Id, known: Known) -> Response:
    """Take a task out of the trash; one that is not there stays as it is, so that this is safe to retry."""
    return await idempotent(lambda tasks: tasks.restore_task(task_id, known), task_response)


@router.post("/bulk", response_model=BulkResults, responses=_DONE | errors(400, 413, 415) | OPERATIONS_FAILED)
async def change_tasks(idempotent: Idempotency, bulk: Bulk) -> Response:
    """Up to 500 operations in one transaction, each on a task of its own: all or none, or each by itself."""
    return await idempotent(lambda tasks: tasks.bulk(bulk), partial(bulk_response, dry_run=bulk.dry_run))
