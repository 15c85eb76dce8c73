"""The routes of a user's tasks. The router requires the owner, and so does `Tasks`."""

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from src.api.conditional_requests import IfMatch, IfNoneMatch
from src.api.dependencies import Tasks
from src.api.idempotency import Idempotency
from src.api.list_query import PARAMETERS, ListQuery
from src.api.openapi import OPERATIONS_FAILED, REPLAYED, Responses, errors, headers
from src.api.responses import (
    array_response,
    bulk_response,
    created_response,
    not_modified,
    object_response,
    task_response,
)
from src.api.routers.owner import NOT_MODIFIED, owner_router
from src.api.time_zone import TIME_ZONE_HEADER, ZONE_PARAMETERS
from src.schemas.operations import Bulk, BulkResults
from src.schemas.task import DetailedTask, Task, TaskCompletion, TaskCreate, TaskId, TaskList, TaskUpdate

Id = Annotated[TaskId, Path(description="The task's `id`.")]
Permanent = Annotated[
    bool, Query(description="Delete the task permanently, also from the trash; it cannot be restored.")
]

_ONE: Responses = {200: headers(ETag="The task's revision."), **errors(404)}
_PAGE: Responses = {
    200: headers(
        ETag="The user's revision; absent if the list depends on the time or on `Time-Zone`.",
        Link='The URL of the next page, with `rel="next"`; absent on the last page.',
        X_Total_Count="The number of matching tasks, if requested or known without counting.",
    )
}
_LISTED = _PAGE | NOT_MODIFIED
_CREATED: Responses = {201: headers(ETag="The task's revision.", Location="The task's path.", **REPLAYED)}
_RESTORED: Responses = {200: headers(ETag="The task's revision.", **REPLAYED)}
_DONE: Responses = {200: headers(**REPLAYED)}
_BODY = errors(400, 412, 413, 415)


_PARAMETERS = {"parameters": [*PARAMETERS["parameters"], TIME_ZONE_HEADER]}
_LIST_FORMATS = {
    "object": (TaskList, object_response, "`next_cursor`"),
    "array": (list[Task], array_response, "`Link`"),
}


def list_router(list_format: Literal["object", "array"]) -> APIRouter:
    """Build the route of the list, whose body is as LIST_FORMAT demands."""
    model, respond, next_page = _LIST_FORMATS[list_format]
    description = f"List the user's tasks that match the filters, by default newest first; {next_page} leads to more."
    router = owner_router()

    @router.get("", response_model=model, responses=_LISTED, openapi_extra=_PARAMETERS, description=description)
    async def list_tasks(request: Request, tasks: Tasks, query: ListQuery, if_none_match: IfNoneMatch) -> Response:
        if if_none_match and tasks.has_etag(query) and (revision := await tasks.revision()) in if_none_match:
            return not_modified(revision)
        return respond(request, await tasks.list_tasks(query))

    return router


router = owner_router()


@router.post(
    "",
    status_code=201,
    response_model=DetailedTask,
    responses=_CREATED | errors(400, 409, 413, 415),
    openapi_extra=ZONE_PARAMETERS,
)
async def create_task(request: Request, idempotent: Idempotency, task: TaskCreate) -> Response:
    """Create a task."""
    return await idempotent(lambda tasks: tasks.create_task(task), partial(created_response, request))


@router.get("/{task_id:task}", response_model=DetailedTask, responses=_ONE | NOT_MODIFIED)
async def get_task(tasks: Tasks, task_id: Id, if_none_match: IfNoneMatch) -> Response:
    """Get one task."""
    task = await tasks.get_task(task_id)
    return not_modified(task.revision) if task.revision in if_none_match else task_response(task)


@router.put("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS)
async def replace_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, if_match: IfMatch) -> Response:
    """Update the members that are sent, as PATCH does: existing clients expect absent members to stay as they are."""
    return task_response(await tasks.update_task(task_id, changes, if_match))


@router.patch("/{task_id:task}", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS)
async def update_task(tasks: Tasks, task_id: Id, changes: TaskUpdate, if_match: IfMatch) -> Response:
    """Update the members that are sent; `null` clears a nullable member, absent members stay as they are."""
    return task_response(await tasks.update_task(task_id, changes, if_match))


@router.patch(
    "/{task_id:task}/complete", response_model=DetailedTask, responses=_ONE | _BODY, openapi_extra=ZONE_PARAMETERS
)
async def complete_task(
    tasks: Tasks, task_id: Id, if_match: IfMatch, completion: TaskCompletion | None = None
) -> Response:
    """Complete or reopen a task: set `completed`, which is safe to retry, or toggle it if there is no body."""
    return task_response(await tasks.complete_task(task_id, completion or TaskCompletion(), if_match))


@router.delete("/{task_id:task}", status_code=204, responses=errors(404, 412))
async def delete_task(tasks: Tasks, task_id: Id, if_match: IfMatch, *, permanent: Permanent = False) -> Response:
    """Move a task to the trash, from which it can be restored, or delete it permanently."""
    await tasks.delete_task(task_id, if_match, permanent=permanent)
    return Response(status_code=204)


@router.post("/{task_id:task}/restore", response_model=DetailedTask, responses=_RESTORED | errors(404, 409, 412, 413))
async def restore_task(idempotent: Idempotency, task_id: Id, if_match: IfMatch) -> Response:
    """Restore a task from the trash. A task that is not in the trash stays as it is, so a retry is safe."""
    return await idempotent(lambda tasks: tasks.restore_task(task_id, if_match), task_response)


@router.post(
    "/bulk",
    response_model=BulkResults,
    responses=_DONE | errors(400, 413, 415) | OPERATIONS_FAILED,
    openapi_extra=ZONE_PARAMETERS,
)
async def change_tasks(idempotent: Idempotency, bulk: Bulk) -> Response:
    """Apply up to 500 operations on different tasks in one transaction: all or none, or all that are possible."""
    return await idempotent(lambda tasks: tasks.bulk(bulk), partial(bulk_response, dry_run=bulk.dry_run))
